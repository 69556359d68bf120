package fuzz

import (
	"context"
	"fmt"
	"hash/crc32"

	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
)

// slowBuild runs only one case in slowBuildShare: an instance of it takes longer than all others together.
const (
	slowBuild      = "go-wasip1"
	slowBuildShare = 16
)

// Builds are compiled modules in the order of builds.yaml.
type Builds []compiled

type compiled struct {
	name   string
	module *host.Module
	before func(*table.Case) // nil: nothing
}

// Difference is a field in which a build differs from the model, or builds differ from each other.
type Difference struct {
	Build, Field  string
	Wanted, Found string
	Ends          bool // a call had to be ended: to try the case again takes the whole deadline each time
}

// Ended is the difference of a build that had to be ended.
func Ended(build string, f *suite.Failure) *Difference {
	return &Difference{Build: build, Field: "virtual machine", Wanted: "lives", Ends: true,
		Found: fmt.Sprintf("%s in %s: %s", f.Kind, f.In, f.Reason)}
}

// Compare runs a case on the builds and compares what they did with the model and with each other. It returns the
// case with what the model expects. Without a difference the pointer is nil.
func (b Builds) Compare(ctx context.Context, c table.Case) (table.Case, *Difference) {
	c = complete(c)
	rare := crc32.ChecksumIEEE(fmt.Appendf(nil, "%q %v", c.Config, c.Steps)) % slowBuildShare
	var seen []suite.Seen
	for _, build := range b {
		if build.name == slowBuild && rare != 0 && len(b) > 1 {
			continue
		}
		if build.before != nil {
			build.before(&c)
		}
		o, err := suite.Observe(ctx, build.module, &c, suite.ObserveOptions{})
		if err != nil {
			return c, &Difference{Build: build.name, Field: "the case can't be run", Wanted: "no error", Found: err.Error()}
		}
		if f := o.Failure; f != nil && f.Ends() {
			return c, Ended(build.name, f)
		}
		if m := suite.Check(&c, o); len(m) > 0 {
			return c, &Difference{Build: build.name, Field: m[0].Field, Wanted: m[0].Wanted, Found: m[0].Got}
		}
		seen = append(seen, suite.Seen{Build: build.name, Observation: o})
	}
	if d := suite.Diff(seen); len(d) > 0 {
		one, other := d[0].Sides[0], d[0].Sides[1]
		return c, &Difference{Build: fmt.Sprint(other.Builds), Field: d[0].Field,
			Wanted: fmt.Sprintf("%s (as %v)", one.Value, one.Builds), Found: other.Value}
	}
	return c, nil
}

// only gives the build that differs: shrinking a case needs no other build.
func (b Builds) only(name string) Builds {
	for _, build := range b {
		if build.name == name {
			return Builds{build}
		}
	}
	return b
}
