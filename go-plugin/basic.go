// basic.go: the key `basic`, HTTP Basic (RFC 7617) in place of `header` and `values`. Twin: basic.rs.

package main

import "strings"

const credentialsHeader = "authorization"

type basic struct {
	credentials []string // NAME:PASSWORD of each user, at least one
	realm       string
}

func readBasic(path string, v value) (*basic, error) {
	b := &basic{realm: "header-auth"}
	err := readObject(path, v, func(path, key string, v value) (err error) {
		switch key {
		case "users":
			b.credentials, err = readUsers(path, v)
		case "realm":
			b.realm, err = readLegal(path, v, isRealm, notRealm)
		default:
			err = faultAt(path, unknownKey)
		}
		return err
	})
	if err == nil && b.credentials == nil {
		err = faultAt(member(path, "users"), required)
	}
	return b, err
}

func readUsers(path string, v value) ([]string, error) {
	var credentials []string
	err := readObject(path, v, func(path, user string, v value) error {
		if !isUser(user) {
			return faultAt(path, notUser)
		}
		password, err := readLegal(path, v, isPassword, notPassword)
		credentials = append(credentials, user+":"+password)
		return err
	})
	if err == nil && credentials == nil {
		err = faultAt(path, noItem)
	}
	return credentials, err
}

func isUser(s string) bool { return s != "" && !strings.Contains(s, ":") && !hasControl(s) }

func isPassword(s string) bool { return !hasControl(s) }

// isRealm: what can stand between quotes without a backslash, RFC 9110 section 5.6.4.
func isRealm(s string) bool { return isValue(s) && !strings.ContainsAny(s, `"\`) }

// challenge is the header that ends a refusal.
func (b *basic) challenge() pair { return pair{"www-authenticate", `Basic realm="` + b.realm + `"`} }

// check compares with every user, and each time all that was sent: the time tells nothing of what is right.
func (b *basic) check(authorization string) verdict {
	sent, ok := basicCredentials(authorization)
	if !ok {
		return malformed
	}
	same := false
	for _, credentials := range b.credentials {
		same = sameSecret(sent, credentials) || same
	}
	if !same {
		return mismatch
	}
	return allowed
}

// basicCredentials gives NAME:PASSWORD of a header `Basic BASE64`.
func basicCredentials(authorization string) (string, bool) {
	const scheme = "basic "
	if len(authorization) < len(scheme) || !sameName(authorization[:len(scheme)], scheme) {
		return "", false
	}
	decoded, ok := decodeBase64(strings.TrimLeft(authorization[len(scheme):], " "))
	return decoded, ok && strings.Contains(decoded, ":")
}

// sameSecret takes a time that depends on the size of sent alone. The secret is not empty.
func sameSecret(sent, secret string) bool {
	different := len(sent) ^ len(secret)
	for i := range len(sent) {
		different |= int(sent[i] ^ secret[i%len(secret)])
	}
	return different == 0
}

// decodeBase64 is strict: RFC 4648 section 4 with its padding, no other byte, no bits left over.
func decodeBase64(text string) (string, bool) {
	if len(text)%4 != 0 {
		return "", false
	}
	digits := strings.TrimSuffix(strings.TrimSuffix(text, "="), "=")
	decoded := make([]byte, 0, len(digits))
	bits, count := uint32(0), 0
	for i := range len(digits) {
		digit, ok := base64Digit(digits[i])
		if !ok {
			return "", false
		}
		bits, count = bits<<6|digit, count+6
		if count >= 8 {
			count -= 8
			decoded = append(decoded, byte(bits>>count))
			bits &= 1<<count - 1
		}
	}
	return string(decoded), bits == 0
}

func base64Digit(c byte) (uint32, bool) {
	switch {
	case 'A' <= c && c <= 'Z':
		return uint32(c - 'A'), true
	case 'a' <= c && c <= 'z':
		return uint32(c-'a') + 26, true
	case '0' <= c && c <= '9':
		return uint32(c-'0') + 52, true
	case c == '+':
		return 62, true
	case c == '/':
		return 63, true
	}
	return 0, false
}
