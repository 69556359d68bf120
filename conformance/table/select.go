package table

import (
	"errors"
	"fmt"
	"path"
	"strings"

	names "github.com/header-auth/header-auth/internal/suggest"
)

// Select returns the table with only those cases that one of the patterns selects; without a pattern, all of them.
//
// A pattern is a glob for case ids: `*`, `?` and `[a-z]` match within one segment, the segment `**` matches
// any number of segments, and the name of a group selects all its cases. A pattern that selects nothing, or
// is no glob, is an error.
func (t *Table) Select(patterns ...string) (*Table, error) {
	if len(patterns) == 0 {
		return t, nil
	}
	selected, wrong := map[string]bool{}, []error{}
	for _, pattern := range patterns {
		found := false
		for _, c := range t.Cases() {
			ok, err := match(strings.Split(strings.TrimSuffix(pattern, "/"), "/"), strings.Split(c.ID, "/"))
			if err != nil {
				wrong = append(wrong, fmt.Errorf("select cases: %q is no pattern: %w", pattern, err))
				found = true
				break
			}
			if ok {
				selected[c.ID], found = true, true
			}
		}
		if !found {
			wrong = append(wrong,
				fmt.Errorf("select cases: %q selects none of %d cases, expected an id or a pattern like %q, %s",
					pattern, t.Len(), t.Groups[0].Name+"/*", names.Or(pattern, t.names(), "see the files of the table")))
		}
	}
	if len(wrong) > 0 {
		return nil, errors.Join(wrong...)
	}
	out := &Table{Contract: t.Contract, Digest: t.Digest, Warnings: t.Warnings}
	for _, g := range t.Groups {
		kept := Group{Name: g.Name, Breaks: g.Breaks}
		for _, c := range g.Cases {
			if selected[c.ID] {
				kept.Cases = append(kept.Cases, c)
			}
		}
		if len(kept.Cases) > 0 {
			out.Groups = append(out.Groups, kept)
		}
	}
	return out, nil
}

// names are those of all groups and cases.
func (t *Table) names() []string {
	var all []string
	for _, g := range t.Groups {
		all = append(all, g.Name)
		for _, c := range g.Cases {
			all = append(all, c.ID)
		}
	}
	return all
}

// match compares a pattern with an id, segment by segment. A pattern with fewer segments matches all ids below it.
func match(pattern, id []string) (bool, error) {
	if len(pattern) == 0 {
		return true, nil
	}
	if pattern[0] == "**" {
		for skip := range len(id) + 1 {
			if ok, err := match(pattern[1:], id[skip:]); ok || err != nil {
				return ok, err
			}
		}
		return false, nil
	}
	if len(id) == 0 {
		_, err := path.Match(pattern[0], "")
		return false, err
	}
	ok, err := path.Match(pattern[0], id[0])
	if !ok || err != nil {
		return false, err
	}
	return match(pattern[1:], id[1:])
}
