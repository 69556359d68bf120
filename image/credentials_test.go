package image

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// configure writes a docker configuration for the test, and gives its path.
func configure(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(os.Getenv("DOCKER_CONFIG"), "config.json")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestUnreadableCredentials: what can't be read is named when the registry asks for it, and else no hindrance.
func TestUnreadableCredentials(t *testing.T) {
	for _, test := range []struct {
		name, config, helper string
		messages             []string
	}{
		{"a missing helper", `{"credsStore":"nowhere"}`, "", []string{"docker-credential-nowhere, which ",
			" names, is not on PATH: install it"}},
		{"a missing helper of one registry", `{"credHelpers":{"HOST":"nowhere"}}`, "", []string{"docker-credential-nowhere",
			"is not on PATH"}},
		{"a broken file", `{"auths":`, "", []string{"read docker configuration ", "config.json", "repair it"}},
		{"an entry that is no base64", `{"auths":{"HOST":{"auth":"?"}}}`, "", []string{"read docker configuration "}},
		{"a helper that fails", `{"credsStore":"test"}`, "echo 'no \033[31msession'; exit 1",
			[]string{"docker-credential-test, which ", "no ?[31msession"}},
		{"a helper that says nothing", `{"credsStore":"test"}`, ":", []string{"docker-credential-test, which ", "EOF"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			open, closed := serve(t, memoryRegistry()), serve(t, withBasic(memoryRegistry()))
			bin := t.TempDir()
			if test.helper != "" {
				script(t, bin, "docker-credential-test", "cat >/dev/null\n"+test.helper)
			}
			t.Setenv("PATH", bin+":/bin:/usr/bin")
			for _, host := range []string{open, closed} {
				configure(t, strings.ReplaceAll(test.config, "HOST", host))
				_, err := push(PushOptions{Registry: host, Lang: "go", Builder: "none"})
				if host == open {
					if err != nil {
						t.Errorf("an anonymous registry: %v", err)
					}
					continue
				}
				for _, message := range append(test.messages, "asks for credentials (HTTP 401") {
					wantError(t, err, Environment, message)
				}
			}
		})
	}
}

func TestCredentialHelpers(t *testing.T) {
	host := serve(t, withBasic(memoryRegistry()))
	bin := t.TempDir()
	script(t, bin, "docker-credential-good", `[ "$1 $(cat)" = "get `+host+
		`" ] && echo '{"Username":"ann","Secret":"right"}'`)
	script(t, bin, "docker-credential-empty", "cat >/dev/null; echo 'credentials not found in native keychain'; exit 1")
	t.Setenv("PATH", bin+":/bin:/usr/bin")
	for config, user := range map[string]string{
		`{"credsStore":"good"}`: "ann", `{"credHelpers":{"` + host + `":"good"},"credsStore":"nowhere"}`: "ann",
		`{"credsStore":"empty","auths":{"` + host + `":{"auth":"YW5uOnJpZ2h0"}}}`: "ann", // ann:right
		// podman's, for a part of a registry
		`{"auths":{"` + host + `/team":{"auth":"YW5uOnJpZ2h0"}}}`:                          "ann",
		`{"credsStore":"empty"}`:                                                           "",
		`{"auths":{"` + strings.Replace(host, "1", "2", 1) + `":{"auth":"YW5uOndyb25n"}}}`: "",
	} {
		configure(t, config)
		_, err := push(PushOptions{Registry: host + "/team", Lang: "go", Builder: "none"})
		if user == "" {
			wantError(t, err, Environment, "without credentials (HTTP 401): log in with `docker login "+host+"`")
		} else if err != nil {
			t.Errorf("%s: %v", config, err)
		}
	}
}

// TestHelperEndsWithTheCall: a credential helper that waits for ever is interrupted.
func TestHelperEndsWithTheCall(t *testing.T) {
	host := serve(t, memoryRegistry())
	bin, started := t.TempDir(), filepath.Join(t.TempDir(), "started")
	script(t, bin, "docker-credential-slow", "echo >"+started+"; exec sleep 600")
	t.Setenv("PATH", bin+":/bin:/usr/bin")
	configure(t, `{"credsStore":"slow"}`)
	try := newTrial(t)
	go func() {
		for {
			if _, err := os.Stat(started); err == nil || try.ctx.Err() != nil {
				try.cancel()
				return
			}
		}
	}()
	_, err := try.push(PushOptions{Registry: host, Lang: "go", Builder: "none"})
	wantError(t, err, Environment, "interrupted")
}

// tokens is a registry that wants a token of its own server. A token is good for so many requests.
type tokens struct {
	next  http.Handler
	fault http.HandlerFunc // of the token server; nil: it gives a token
	good  int              // requests for each token

	mu    sync.Mutex
	given int
	used  map[string]int // requests by token
}

// take says whether a token is good for one more request.
func (s *tokens) take(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, given := s.used[token]
	if given {
		s.used[token] = n + 1
	}
	return given && n < s.good
}

func (s *tokens) give() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.given++
	token := fmt.Sprint("token-", s.given)
	s.used[token] = 0
	return token
}

func (s *tokens) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/token" {
		user, password, _ := r.BasicAuth()
		switch {
		case s.fault != nil:
			s.fault(w, r)
		case user != "ann" || password != "right":
			answer(http.StatusUnauthorized,
				`{"errors":[{"code":"UNAUTHORIZED","message":"the password of ann has expired"}]}`)(w, r)
		default:
			json.NewEncoder(w).Encode(map[string]string{"token": s.give()})
		}
		return
	}
	if !s.take(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")) {
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="http://%s/token",service="test"`, r.Host))
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	s.next.ServeHTTP(w, r)
}

func TestTokens(t *testing.T) {
	server := &tokens{next: memoryRegistry(), good: 3, used: map[string]int{}}
	host := serve(t, server)
	options := PushOptions{Registry: host + "/team", Lang: "go", Builder: "none"}
	login(t, host, "right")
	if _, err := push(options); err != nil {
		t.Errorf("tokens that expire on the way: %v", err)
	}
	if server.given < 4 {
		t.Errorf("%d tokens given, want some to expire on the way", server.given)
	}
	login(t, host, "wrong")
	_, err := push(options)
	wantError(t, err, Environment,
		`(HTTP 401, "UNAUTHORIZED: the password of ann has expired"): it does not accept the credentials of ann in `)

	login(t, host, "right")
	for _, test := range []struct {
		message string
		fault   func(*trial) http.HandlerFunc
	}{
		{"does not answer: it sent nothing for 30s", func(t *trial) http.HandlerFunc {
			return func(_ http.ResponseWriter, r *http.Request) { t.bells.ring(); gone(r) }
		}},
		{"interrupted", func(t *trial) http.HandlerFunc {
			return func(_ http.ResponseWriter, r *http.Request) { t.cancel(); gone(r) }
		}},
		{"answered HTTP 500", func(*trial) http.HandlerFunc { return answer(500, "") }},
		{`does not allow ann in `, func(*trial) http.HandlerFunc { return answer(403, "no") }},
		{"no token in bearer response", func(*trial) http.HandlerFunc { return answer(200, "{}") }},
	} {
		try := newTrial(t)
		server.fault = test.fault(try)
		_, err := try.push(options)
		wantError(t, err, Environment, test.message)
	}
}
