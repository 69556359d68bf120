package suite

import (
	"errors"
	"strings"

	"github.com/header-auth/header-auth/host"
)

// Starved says whether a guest trapped because it got no more memory. The error itself does not say so: when
// memory.grow fails, the guest's runtime traps. Its last log line says it, or its memory was at least half of the
// limit, because a runtime asks for at most as much as it has.
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
