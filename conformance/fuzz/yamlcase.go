package fuzz

import (
	"encoding/hex"
	"fmt"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/header-auth/header-auth/conformance/table"
)

// yamlFile is a file of cases, with the keys that package table reads.
type yamlFile struct {
	Breaks string     `yaml:"breaks"`
	Cases  []yamlCase `yaml:"cases"`
}

type yamlCase struct {
	ID       string        `yaml:"id"`
	Clauses  []byteText    `yaml:"clauses,flow"`
	Why      string        `yaml:"why"`
	Config   *byteText     `yaml:"config,omitempty"`
	Clusters yaml.MapSlice `yaml:"clusters,flow,omitempty"`
	Start    yaml.MapSlice `yaml:"start,flow"`
	Steps    []yamlStep    `yaml:"steps,omitempty"`
	Good     yaml.MapSlice `yaml:"good,flow,omitempty"`
}

type yamlStep struct {
	Stream    string          `yaml:"stream,omitempty"`
	Send      string          `yaml:"send,omitempty"`
	Plugin    string          `yaml:"plugin,omitempty"`
	Request   yaml.MapSlice   `yaml:"request,flow,omitempty"`
	Upload    string          `yaml:"upload,omitempty"`
	Respond   string          `yaml:"respond,omitempty"`
	Finish    string          `yaml:"finish,omitempty"`
	Close     string          `yaml:"close,omitempty"`
	Answer    yaml.MapSlice   `yaml:"answer,flow,omitempty"`
	Configure yaml.MapSlice   `yaml:"configure,flow,omitempty"`
	Jump      string          `yaml:"jump,omitempty"`
	Advance   string          `yaml:"advance,omitempty"`
	Faults    []yaml.MapSlice `yaml:"faults,flow,omitempty"`
	Clusters  yaml.MapSlice   `yaml:"clusters,flow,omitempty"`
	Want      yaml.MapSlice   `yaml:"want,flow"`
}

// byteText is a byte string as the table reads it: a text in quotes, or hexadecimal digits when it contains more than
// printable ASCII. It is always quoted, because the library leaves out quotes that a text with a comma needs inside
// brackets.
type byteText string

// MarshalYAML is called by the library.
func (s byteText) MarshalYAML() ([]byte, error) {
	for _, c := range []byte(s) {
		if c < 0x20 || c > 0x7e {
			return yaml.MarshalWithOptions(map[string]byteText{"hex": byteText(hex.EncodeToString([]byte(s)))}, yaml.Flow(true))
		}
	}
	return []byte(ast.String(token.SingleQuote(string(s), string(s), nil)).String()), nil
}

func newYAMLCase(c table.Case, name string, d *Difference) yamlCase {
	y := yamlCase{
		ID: "found/" + name, Clauses: []byteText{"1.2"}, Why: oneLine(d.Field) + " differed.", Clusters: clusters(c.Clusters),
		Start: start(c.Start),
	}
	if c.Config != nil {
		config := byteText(c.Config)
		y.Config = &config
	}
	if !c.Start.Accepted {
		return y
	}
	steps := c.Steps
	if len(steps) == 0 { // an accepted case needs a step
		steps = []table.Step{{Times: 1, Advance: time.Millisecond}}
	}
	for _, s := range steps {
		y.Steps = append(y.Steps, newYAMLStep(s))
	}
	y.Good = yaml.MapSlice{{Key: "none", Value: "The case alone is of interest."}}
	return y
}

func newYAMLStep(s table.Step) yamlStep {
	y := yamlStep{
		Upload: s.Upload, Respond: s.Respond, Finish: s.Finish, Close: s.Close, Faults: faults(s.Faults),
		Clusters: clusters(s.Clusters), Want: want(s),
	}
	switch {
	case s.Request != nil:
		y.Stream, y.Plugin, y.Request = s.Stream, s.Plugin, request(s.Request)
		if s.HeadersOnly {
			y.Send = "headers"
		}
	case s.Upload != "", s.Respond != "", s.Finish != "", s.Close != "":
	case s.Answer != nil:
		if s.Answer.Call > 0 {
			y.Answer = add(y.Answer, "call", s.Answer.Call)
		}
		y.Answer = append(y.Answer, answer(s.Answer.Answer)...)
	case s.Configure != nil:
		if s.Configure.Plugin != "" {
			y.Configure = add(y.Configure, "plugin", s.Configure.Plugin)
		}
		y.Configure = add(y.Configure, "config", byteText(s.Configure.Config))
	case s.Jump != 0:
		y.Jump = fmt.Sprintf("%+dms", s.Jump.Milliseconds())
	default:
		y.Advance = s.Advance.String()
	}
	return y
}

func add(to yaml.MapSlice, key string, value any) yaml.MapSlice {
	return append(to, yaml.MapItem{Key: key, Value: value})
}
