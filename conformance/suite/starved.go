package suite

import (
	"errors"
	"strings"

	"github.com/header-auth/header-auth/host"
)

// Starved says whether a guest died because it got no more memory. Wasm has no word for that: a runtime that memory.grow
// refuses traps. It says so in its last line before, or it has asked for more than there was left of limit, at most
// twice what it had.
func Starved(err error, bytes, limit int64, lastLine string) bool {
	var f *host.Failure
	if !errors.As(err, &f) || f.Kind != host.Trapped {
		return false
	}
	for _, says := range []string{"out of memory", "memory allocation of"} { // Go and TinyGo; Rust
		if strings.Contains(strings.ToLower(lastLine), says) {
			return true
		}
	}
	return bytes >= limit/2
}
