package table

import names "github.com/header-auth/header-auth/internal/suggest"

// suggest is suggest.Or.
func suggest(word string, known []string, otherwise string) string {
	return names.Or(word, known, otherwise)
}
