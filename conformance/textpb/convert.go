package textpb

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/header-auth/header-auth/conformance/casefile"
)

// Group is a file of tests as a file of cases.
type Group struct {
	Name   string
	Files  map[string][]byte // that cases take bytes from, by their names in the folder of the table
	Said   int               // tests that became cases
	Unsaid []Unsaid          // the others
	cases  casefile.Block
	base   casefile.Map // defaults
}

// Unsaid is a test that a table can't say, with the reason.
type Unsaid struct{ Test, Why string }

// Contract is the contract.yaml of a table whose groups were converted.
func Contract(name string) []byte {
	var m casefile.Map
	m.Add("name", name)
	m.Add("strict", casefile.Map{{Key: "reasons", Value: false}, {Key: "duplicates", Value: false}})
	open := casefile.Map{{Key: "logs", Value: "any"}, {Key: "calls", Value: "any"}, {Key: "metrics", Value: "any"},
		{Key: "effects", Value: "any"}, {Key: "grpc", Value: "any"}}
	start := append(casefile.Map{{Key: "accepted", Value: true}}, open...)
	m.Add("defaults", append(casefile.Map{{Key: "start", Value: start}}, open...))
	return m.YAML()
}

// YAML is the group as a file of the table.
func (g *Group) YAML() []byte {
	var m casefile.Map
	if len(g.base) > 0 {
		m.Add("defaults", g.base)
	}
	m.Add("cases", g.cases)
	return m.YAML()
}

// Convert makes a group of a suite. read gives the files that the suite names; config is the plugin's configuration,
// nil: the one that the suite names, or none. An error is that of a file that can't be read.
func Convert(name string, s *Suite, config []byte, read func(path string) ([]byte, error)) (*Group, error) {
	g := &Group{Name: slug(name), Files: map[string][]byte{}}
	c := converter{group: g, suite: s, read: read, ids: names{}, files: names{}, kept: map[keptBytes]string{}}
	if config == nil && s.Config != "" {
		var err error
		if config, err = read(s.Config); err != nil {
			return nil, err
		}
	}
	if config != nil {
		g.base.Add("config", c.keep("config", config))
	}
	// The service's runner has a clock that stands, a millisecond after the epoch unless the suite sets it.
	at := time.UnixMilli(1).UTC()
	if s.TimeSecs != nil && *s.TimeSecs > 0 {
		if *s.TimeSecs > lastSecond {
			for _, t := range s.Tests {
				g.Unsaid = append(g.Unsaid, Unsaid{t.Name, fmt.Sprintf("time_secs is %d, and a table has times up to the year 9999",
					*s.TimeSecs)})
			}
			return g, nil
		}
		at = time.Unix(int64(*s.TimeSecs), 0).UTC()
	}
	g.base.Add("clock", at.Format(time.RFC3339Nano))
	for i := range s.Tests {
		entry, err := c.test(&s.Tests[i])
		var unsaid cantSay
		if errors.As(err, &unsaid) {
			g.Unsaid = append(g.Unsaid, Unsaid{s.Tests[i].Name, string(unsaid)})
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("test %s: %w", s.Tests[i].Name, err)
		}
		g.cases = append(g.cases, entry)
		g.Said++
	}
	return g, nil
}

// lastSecond is the last of the year 9999 since 1970.
const lastSecond = 253402300799

// cantSay is why a test can't be said.
type cantSay string

func (e cantSay) Error() string { return string(e) }

type converter struct {
	group *Group
	suite *Suite
	read  func(string) ([]byte, error)
	ids   names
	files names
	kept  map[keptBytes]string // the file with these bytes
}

// keptBytes are bytes, by their digest, that a test has in something of that name.
type keptBytes struct {
	name   string
	digest [sha256.Size]byte
}

// names counts how often each was taken.
type names map[string]int

// take gives the name, or one with a number behind it that was not given before.
func (n names) take(name string) string {
	for n[name]++; n[name] > 1; n[name]++ {
		if numbered := fmt.Sprintf("%s-%d", name, n[name]); n[numbered] == 0 {
			n[numbered]++
			return numbered
		}
	}
	return name
}

// inline is how many bytes stand in the table itself; longer ones go into a file beside it.
const inline = 4096

// keep gives bytes in place, or puts them into a file.
func (c *converter) keep(name string, content []byte) any {
	if len(content) <= inline {
		return casefile.Bytes(content)
	}
	key := keptBytes{slug(name), sha256.Sum256(content)}
	file, known := c.kept[key]
	if !known {
		file = path.Join("data", c.files.take(c.group.Name+"-"+key.name))
		c.kept[key], c.group.Files[file] = file, content
	}
	return casefile.Map{{Key: "file", Value: file}}
}

var (
	notInSlug = regexp.MustCompile(`[^a-z0-9]+`)
	camelCase = regexp.MustCompile(`([a-z0-9])([A-Z])`)
)

// slug is a text as an id has it: CamelCase becomes camel-case.
func slug(s string) string {
	s = camelCase.ReplaceAllString(s, "$1-$2")
	s = strings.Trim(notInSlug.ReplaceAllString(strings.ToLower(s), "-"), "-")
	if s == "" {
		return "test"
	}
	return s
}

func (c *converter) test(t *Test) (casefile.Map, error) {
	request, err := c.request(t)
	if err != nil {
		return nil, err
	}
	want, err := c.want(t)
	if err != nil {
		return nil, err
	}
	steps, err := c.steps(t, request, want)
	if err != nil {
		return nil, err
	}
	m := casefile.Map{{Key: "id", Value: c.group.Name + "/" + c.ids.take(slug(t.Name))}}
	if len(t.Properties) > 0 {
		var properties casefile.Map
		seen := map[string]bool{}
		for _, p := range t.Properties { // the first of a path counts
			if !seen[p.Name] {
				properties.Add(p.Name, casefile.Bytes(p.Value))
			}
			seen[p.Name] = true
		}
		m.Add("properties", properties)
	}
	if t.PluginInit != nil {
		if len(t.PluginInit.Has)+len(t.PluginInit.No)+len(t.PluginInit.Headers)+len(t.PluginInit.Body) > 0 ||
			t.PluginInit.Immediate != nil {
			return nil, cantSay("plugin_init expects more than log lines, which the service's runner does not look at")
		}
		logs, err := c.logs(t.PluginInit.Log)
		if err != nil {
			return nil, err
		}
		if logs != nil {
			m.Add("start", casefile.Map{{Key: "accepted", Value: true}, {Key: "logs", Value: logs}, {Key: "calls", Value: "any"},
				{Key: "metrics", Value: "any"}, {Key: "effects", Value: "any"}, {Key: "grpc", Value: "any"}})
		}
	}
	m.Add("steps", steps)
	return m, nil
}

var anyValue = casefile.Map{{Key: "any", Value: true}}
