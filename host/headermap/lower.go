package headermap

// EqualFold compares s, which is in lower case, with t in any case (ASCII letters alone). They must be equally long.
func EqualFold(s, t string) bool {
	for i := range len(s) {
		if s[i] != lower(t[i]) {
			return false
		}
	}
	return true
}

// IsLower says whether s has no ASCII capital.
func IsLower(s string) bool {
	for i := range len(s) {
		if c := s[i]; 'A' <= c && c <= 'Z' {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// ToLower is strings.ToLower for ASCII letters alone; other bytes stay as they are, valid UTF-8 or not.
func ToLower(s string) string {
	if IsLower(s) {
		return s
	}
	b := []byte(s)
	for i, c := range b {
		b[i] = lower(c)
	}
	return string(b)
}
