package image

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// Kind says what has to be changed after an Error.
type Kind int

const (
	Usage       Kind = iota + 1 // the call: a wrong reference, a missing or wrong file
	Environment                 // this machine or the registry: it can't be reached, or credentials or a builder are missing
	Rejected                    // the pushed image: Istio or Envoy Gateway would refuse it, or it is not what was pushed
)

// Error is the type of every error of Push.
type Error struct {
	Kind Kind
	Err  error
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

func errorf(kind Kind, format string, args ...any) error {
	return &Error{Kind: kind, Err: fmt.Errorf(format, args...)}
}

// registryError says in one line why a request to the registry failed.
func registryError(doing string, repo name.Repository, err error) error {
	var answer *transport.Error
	var certificate *tls.CertificateVerificationError
	host := repo.RegistryStr()
	refused := errors.As(err, &answer) &&
		(answer.StatusCode == http.StatusUnauthorized || answer.StatusCode == http.StatusForbidden)
	switch {
	case errors.Is(err, context.Canceled):
		return errorf(Environment, "%s: interrupted", doing)
	case errors.As(err, &certificate):
		return errorf(Environment, "%s: the certificate of %s is not trusted: %w: "+
			"add its authority to those of the system, or give --insecure", doing, host, certificate.Err)
	case refused:
		return errorf(Environment, "%s: %s does not allow it for %s (HTTP %d): log in with `docker login %s` or `podman login`",
			doing, host, repo.RepositoryStr(), answer.StatusCode, host)
	case errors.As(err, &answer):
		return errorf(Environment, "%s: %s answered %s", doing, host, oneLine(err.Error()))
	case strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return errorf(Environment, "%s: %s speaks plain HTTP: give --insecure to allow that", doing, host)
	default:
		return errorf(Environment, "%s: registry %s cannot be reached: %s", doing, host, oneLine(err.Error()))
	}
}

func oneLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > 300 {
		text = strings.ToValidUTF8(text[:300], "") + "…"
	}
	return text
}
