package image

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// Kind says what has to be changed after an Error.
type Kind int

const (
	Usage Kind = iota + 1 // the call: a wrong reference, a missing or wrong file
	// this machine or the registry: it can't be reached, or credentials or a builder are missing
	Environment
	Rejected // the image: Istio and Envoy Gateway would refuse it, or it is not what was pushed
)

// Error is the type of every error of this package. Its text is one line without control characters.
type Error struct {
	Kind Kind
	Err  error
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

func errorf(kind Kind, format string, args ...any) error {
	return &Error{Kind: kind, Err: fmt.Errorf(format, args...)}
}

// failure says in one line why a request to the registry failed.
func (a *access) failure(doing string, repo name.Repository, err error) error {
	host := repo.RegistryStr()
	var own *Error
	var answer *transport.Error
	var certificate *tls.CertificateVerificationError
	var silent *silentError
	var long *longError
	var timeout net.Error
	switch {
	case errors.As(err, &own):
		return own
	case errors.Is(a.ctx.Err(), context.DeadlineExceeded):
		return errorf(Environment, "%s: the time limit is over while waiting for %s: give a longer --timeout", doing, host)
	case a.ctx.Err() != nil, errors.Is(err, context.Canceled):
		return errorf(Environment, "%s: interrupted", doing)
	case errors.As(err, &certificate):
		return errorf(Environment, "%s: the certificate of %s is not trusted: %s: "+
			"add its authority to those of the system, or give --insecure", doing, host, oneLine(certificate.Err.Error()))
	case errors.As(err, &answer):
		return a.answered(doing, repo, answer)
	case errors.As(err, &silent):
		return errorf(Environment, "%s: %s does not answer: it sent nothing for %v", doing, oneLine(silent.host),
			silent.after)
	case errors.As(err, &long):
		return errorf(Environment,
			"%s: %s does not answer as a registry: more than %d bytes where it should send a short text",
			doing, oneLine(long.host), long.most)
	case notWhatItNames(err):
		return errorf(Rejected, "%s: %s sends other bytes than it names: %s", doing, host, oneLine(err.Error()))
	case strings.Contains(err.Error(), "server gave HTTP response to HTTPS client") && repo.Scheme() == "https":
		return errorf(Environment, "%s: %s speaks plain HTTP: give --insecure to allow that", doing, host)
	case errors.As(err, &timeout) && timeout.Timeout():
		return errorf(Environment, "%s: %s does not answer: %s", doing, host, oneLine(err.Error()))
	case broken(err):
		return errorf(Environment, "%s: the connection to %s broke: %s", doing, host, oneLine(err.Error()))
	default:
		return errorf(Environment, "%s: registry %s cannot be reached: %s", doing, host, oneLine(err.Error()))
	}
}

// answered is for an answer of the registry, or of the server that gives tokens for it, that is no success. What it
// says itself is kept: only its owner knows what it means.
func (a *access) answered(doing string, repo name.Repository, answer *transport.Error) error {
	host, asked := repo.RegistryStr(), repo.RegistryStr()
	if answer.Request != nil && answer.Request.URL.Host != "" {
		asked = oneLine(answer.Request.URL.Host)
	}
	said := says(answer)
	login := fmt.Sprintf("log in with `docker login %s` or `podman login %s`", host, host)
	user, problem := a.keys.found()
	switch {
	case answer.StatusCode == http.StatusUnauthorized && user == "" && problem != "":
		return errorf(Environment, "%s: %s asks for credentials (HTTP 401%s), and those of this machine can't be read: %s",
			doing, asked, said, problem)
	case answer.StatusCode == http.StatusUnauthorized && user == "":
		return errorf(Environment, "%s: %s does not allow it for %s without credentials (HTTP 401%s): %s",
			doing, asked, repo.RepositoryStr(), said, login)
	case answer.StatusCode == http.StatusUnauthorized:
		return errorf(Environment, "%s: %s does not allow it for %s (HTTP 401%s): it does not accept the credentials of %s: "+
			"they are wrong or have expired: %s again", doing, asked, repo.RepositoryStr(), said, user, login)
	case answer.StatusCode == http.StatusForbidden && user == "":
		return errorf(Environment, "%s: %s does not allow it for %s (HTTP 403%s): %s", doing, asked, repo.RepositoryStr(),
			said, login)
	case answer.StatusCode == http.StatusForbidden:
		return errorf(Environment,
			"%s: %s does not allow %s this for %s (HTTP 403%s): ask its owner for the right, or log in as another user",
			doing, asked, user, repo.RepositoryStr(), said)
	case a.later() > longestPause:
		return errorf(Environment, "%s: %s asks to come back in %v (HTTP %d%s)", doing, asked, a.later().Round(time.Second),
			answer.StatusCode, said)
	default:
		return errorf(Environment, "%s: %s answered HTTP %d%s", doing, asked, answer.StatusCode, said)
	}
}

// says is the message in the body of an answer, with its separator before it; "" if there is none.
func says(answer *transport.Error) string {
	text := answer.Error()
	if len(answer.Errors) == 0 {
		_, text, _ = strings.Cut(text, "unexpected status code ")
		_, text, _ = strings.Cut(text, ": ") // the name of the status; what follows is the body
	} else if answer.Request != nil {
		if _, rest, ok := strings.Cut(text, ": "); ok { // the method and the address
			text = rest
		}
	}
	if text = oneLine(text); text == "" {
		return ""
	}
	return `, "` + text + `"`
}

// notWhatItNames: the bytes are not those of the digest. The library's error has no type of its own.
func notWhatItNames(err error) bool {
	return strings.Contains(err.Error(), "does not match requested digest") || strings.Contains(err.Error(),
		"does not match expected size") ||
		strings.Contains(err.Error(), "error verifying") && !strings.Contains(err.Error(), "error verifying size")
}

// oneLine makes a line that can be printed of a text that others have written: what does not print
// becomes a question mark.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return '?'
		}
		return r
	}, text)
	if len(text) > 300 {
		text = strings.ToValidUTF8(text[:300], "") + "…"
	}
	return text
}
