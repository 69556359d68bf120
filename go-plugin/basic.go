// basic.go: the key `basic`, HTTP Basic (RFC 7617) in place of `header` and `values`. Twin: basic.rs.

package main

import "strings"

const credentialsHeader = "authorization"

type basic struct {
	credentials []string // NAME:PASSWORD of each user, at least one
	longest     int      // bytes of one of them
	realm       string
}

func readBasic(at *place, v jsonValue) (*basic, error) {
	b := &basic{realm: "header-auth"}
	err := readObject(at, v, func(at *place, key string, v jsonValue) (err error) {
		switch key {
		case "users":
			b.credentials, err = readUsers(at, v)
		case "realm":
			b.realm, err = readLegal(at, v, isRealm, notRealm)
		default:
			err = faultAt(at, unknownKey)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if b.credentials == nil {
		return nil, required(at, "users")
	}
	for _, c := range b.credentials {
		b.longest = max(b.longest, len(c))
	}
	return b, nil
}

func readUsers(at *place, v jsonValue) ([]string, error) {
	var credentials []string
	err := readObject(at, v, func(at *place, user string, v jsonValue) error {
		if !isUser(user) {
			return faultAt(at, notUser)
		}
		password, err := readLegal(at, v, isPassword, notPassword)
		if err != nil {
			return err
		}
		credentials = append(credentials, user+":"+password)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if credentials == nil {
		return nil, faultAt(at, noItem)
	}
	return credentials, nil
}

func isUser(s string) bool { return s != "" && !strings.Contains(s, ":") && !hasControl(s) }

func isPassword(s string) bool { return !hasControl(s) }

// isRealm: what can stand between quotes without a backslash, RFC 9110 section 5.6.4.
func isRealm(s string) bool { return isValue(s) && !strings.ContainsAny(s, `"\`) }

// challenge is the header that ends a refusal.
func (b *basic) challenge() pair { return pair{"www-authenticate", `Basic realm="` + b.realm + `"`} }

// check compares what was sent with the credentials of every user, and all bytes of each. So the time depends on the
// configuration alone: it tells a client nothing, and does not grow with what is sent.
func (b *basic) check(authorization string) verdict {
	sent := make([]byte, b.longest)
	sentSize, ok := basicCredentials(authorization, sent)
	if !ok {
		return malformed
	}
	same := false
	for _, credentials := range b.credentials {
		same = sameSecret(sent, sentSize, credentials) || same
	}
	if !same {
		return mismatch
	}
	return allowed
}

// basicCredentials puts NAME:PASSWORD of a header `Basic BASE64` into a buffer, as much as fits, and says how many
// bytes there are.
func basicCredentials(authorization string, into []byte) (size int, ok bool) {
	const scheme = "basic "
	if len(authorization) < len(scheme) || !sameName(authorization[:len(scheme)], scheme) {
		return 0, false
	}
	size, colon, ok := decodeBase64(strings.TrimLeft(authorization[len(scheme):], " "), into)
	return size, ok && colon
}

// sameSecret takes a time that depends on the size of the secret alone; crypto/subtle returns at once when two sizes
// differ. Sent is what was sent, or its beginning, and has at least as many bytes as the secret; size is that of all
// that was sent.
func sameSecret(sent []byte, size int, secret string) bool {
	different := size ^ len(secret)
	for i := range len(secret) {
		different |= int(sent[i] ^ secret[i])
	}
	return different == 0
}

// decodeBase64 is strict: RFC 4648 section 4 with its padding, no other byte, no bits left over. It says how many bytes
// there are and whether a colon is among them, and puts into the buffer as many as fit. encoding/base64 skips line
// breaks even when it is Strict, and needs memory for all that was sent: a request is 19 % slower with it in TinyGo,
// and the module 3 KB larger.
func decodeBase64(text string, into []byte) (size int, colon, ok bool) {
	if len(text)%4 != 0 {
		return 0, false, false
	}
	digits := strings.TrimSuffix(strings.TrimSuffix(text, "="), "=")
	bits, count := uint32(0), 0
	for i := range len(digits) {
		digit, ok := base64Digit(digits[i])
		if !ok {
			return 0, false, false
		}
		bits, count = bits<<6|digit, count+6
		if count >= 8 {
			count -= 8
			c := byte(bits >> count)
			if size < len(into) {
				into[size] = c
			}
			size++
			colon = colon || c == ':'
			bits &= 1<<count - 1
		}
	}
	return size, colon, bits == 0
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
