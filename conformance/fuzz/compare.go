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
}

// Difference is a field in which a build differs from the model, or builds differ from each other.
type Difference struct {
	Build, Field  string
	Wanted, Found string
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
		o, err := suite.Observe(ctx, build.module, &c, suite.ObserveOptions{})
		if err != nil {
			return c, &Difference{build.name, "the case can't be run", "no error", err.Error()}
		}
		if m := suite.Check(&c, o); len(m) > 0 {
			return c, &Difference{build.name, m[0].Field, m[0].Wanted, m[0].Got}
		}
		seen = append(seen, suite.Seen{Build: build.name, Observation: o})
	}
	if d := suite.Diff(seen); len(d) > 0 {
		one, other := d[0].Sides[0], d[0].Sides[1]
		return c, &Difference{fmt.Sprint(other.Builds), d[0].Field, fmt.Sprintf("%s (as %v)", one.Value, one.Builds), other.Value}
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
