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

// Kind says where the cure of a Fault lies.
type Kind int

const (
	Usage       Kind = iota + 1 // the call: a bad reference, a missing or wrong file
	Environment                 // the machine or the registry: unreachable, no credentials, no builder
	Rejected                    // the pushed image: its readers would refuse it, or it is not what was pushed
)

// Fault is every error of this package.
type Fault struct {
	Kind Kind
	Err  error
}

func (f *Fault) Error() string { return f.Err.Error() }
func (f *Fault) Unwrap() error { return f.Err }

func faultf(kind Kind, format string, args ...any) error {
	return &Fault{Kind: kind, Err: fmt.Errorf(format, args...)}
}

// registryFault says in one line why the registry did not do what was asked.
func registryFault(doing string, repo name.Repository, err error) error {
	var answer *transport.Error
	var certificate *tls.CertificateVerificationError
	host := repo.RegistryStr()
	refused := errors.As(err, &answer) &&
		(answer.StatusCode == http.StatusUnauthorized || answer.StatusCode == http.StatusForbidden)
	switch {
	case errors.Is(err, context.Canceled):
		return faultf(Environment, "%s: interrupted", doing)
	case errors.As(err, &certificate):
		return faultf(Environment, "%s: the certificate of %s is not trusted: %w: "+
			"add its authority to the system's, or give --insecure", doing, host, certificate.Err)
	case refused:
		return faultf(Environment, "%s: %s does not authorise it for %s (HTTP %d): log in with `docker login %s` or podman's",
			doing, host, repo.RepositoryStr(), answer.StatusCode, host)
	case errors.As(err, &answer):
		return faultf(Environment, "%s: %s answered %s", doing, host, oneLine(err.Error()))
	case strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return faultf(Environment, "%s: %s speaks plain HTTP: give --insecure if that is meant", doing, host)
	default:
		return faultf(Environment, "%s: registry %s cannot be reached: %s", doing, host, oneLine(err.Error()))
	}
}

func oneLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > 300 {
		text = strings.ToValidUTF8(text[:300], "") + "…"
	}
	return text
}
