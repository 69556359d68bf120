// Package record writes down what a module does as a table: cases without a want get one, in full.
package record

import (
	"fmt"
	"strconv"

	"github.com/header-auth/header-auth/conformance/casefile"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
)

// Contract is the contract.yaml of a new table.
func Contract(name string) []byte {
	var m casefile.Map
	m.Add("name", name)
	m.Add("strict", casefile.Map{{Key: "reasons", Value: false}, {Key: "duplicates", Value: false}})
	return m.YAML()
}

// Case is a case with what was seen of it.
type Case struct {
	*table.Case
	Seen suite.Observation
}

// Unsaid says why a case can't want what was seen; "": it can.
func (c *Case) Unsaid() string {
	if f := c.Seen.Failure; f != nil {
		why := fmt.Sprintf("the virtual machine does not live: %s in %s: %s", f.Kind, f.In, f.Reason)
		if line := lastLine(c.Seen.Steps); line != "" {
			why += ", after the log line " + line
		}
		return why
	}
	if c.Seen.Start.Accepted && len(c.Steps) == 0 {
		return "the plugin starts, and the case has no steps: expected some, add them"
	}
	for i, s := range c.Seen.Steps {
		for n := range s.Runs {
			e := &s.Runs[n].Exchange
			switch {
			case n > 0:
				return fmt.Sprintf("step %d is not the same each time: write it as several steps", i+1)
			case e.Problem != "":
				return fmt.Sprintf("step %d: %s", i+1, e.Problem)
			case e.Decision == suite.Incomplete || e.Decision == suite.Answered:
				return fmt.Sprintf("step %d: %s", i+1, e.Decision)
			}
		}
	}
	return ""
}

// lastLine is the last line that was logged in the steps, in quotes: a panic of Rust or TinyGo is one.
func lastLine(steps []suite.Step) (line string) {
	for _, s := range steps {
		for _, run := range s.Runs {
			for _, log := range run.Logs {
				line = strconv.Quote(log.Text)
			}
		}
	}
	return line
}

// File is the source of a file of cases, in which no step has a want, with what each case wants. All else stays as it
// is written: comments, the order of the keys, empty lines. A case that can't be said becomes a comment, with the
// reason. cases are those of the file, in its order.
func File(text []byte, cases []Case) ([]byte, error) {
	s, list, err := parse(text)
	if err != nil {
		return nil, err
	}
	if len(list.Values) != len(cases) {
		return nil, fmt.Errorf("the file has %d cases, expected %d", len(list.Values), len(cases))
	}
	for i, n := range list.Values {
		if why := cases[i].Unsaid(); why != "" {
			s.leaveOut(list, i, why)
		} else if err := s.want(n, &cases[i]); err != nil {
			return nil, err
		}
	}
	return s.changed(), nil
}
