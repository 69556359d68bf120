package table

import (
	"maps"
	"slices"

	names "github.com/header-auth/header-auth/internal/suggest"
)

// suggest is suggest.Or for the errors that are shown: it takes longer than finding an error.
func (r *reader) suggest(word string, known []string, otherwise string) string {
	if len(*r.errors) >= mostLines {
		return otherwise
	}
	return names.Or(word, known, otherwise)
}

// shownNames are the names in a mapping, sorted, for an error that is shown.
func shownNames[V any](r *reader, all map[string]V) []string {
	if len(*r.errors) >= mostLines {
		return nil
	}
	return slices.Sorted(maps.Keys(all))
}
