package build

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

var variable = regexp.MustCompile(`\$\{([a-z_-]+)\}`)

// expand replaces ${variables} with their values. An argument that consists of one variable becomes as many arguments
// as the variable has values, possibly none. Inside other text a variable must not have several values.
func expand(args []string, vars map[string][]string) ([]string, error) {
	var out []string
	for _, arg := range args {
		if m := variable.FindStringSubmatch(arg); m != nil && m[0] == arg {
			values, ok := vars[m[1]]
			if !ok {
				return nil, unknownVariable(m[1], vars)
			}
			out = append(out, values...)
			continue
		}
		one, err := expandOne(arg, vars)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

func expandOne(text string, vars map[string][]string) (string, error) {
	var fault error
	text = variable.ReplaceAllStringFunc(text, func(m string) string {
		name := m[2 : len(m)-1]
		values, ok := vars[name]
		switch {
		case !ok:
			fault = unknownVariable(name, vars)
		case len(values) > 1:
			fault = &ListError{fmt.Sprintf("%s: ${%s} has several values: expected it as an argument of its own", File, name)}
		}
		return strings.Join(values, "")
	})
	return text, fault
}

func unknownVariable(name string, vars map[string][]string) error {
	known := slices.Sorted(maps.Keys(vars))
	return &ListError{fmt.Sprintf("%s: unknown variable ${%s}: expected one of %s", File, name, strings.Join(known, ", "))}
}
