package abi

import "strconv"

// NameOf is names[n], or the number itself when there is no such name.
func NameOf(n uint32, names ...string) string {
	if n < uint32(len(names)) {
		return names[n]
	}
	return strconv.FormatUint(uint64(n), 10)
}
