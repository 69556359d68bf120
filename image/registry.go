package image

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// access is a way to reach registries. Proxies are those of the environment (HTTPS_PROXY, HTTP_PROXY, NO_PROXY).
type access struct {
	ctx       context.Context
	keys      *keychain
	transport *guarded
	pause     func(context.Context, time.Duration) error // between two tries
}

func newAccess(ctx context.Context, insecure bool) *access {
	t := remote.DefaultTransport.(*http.Transport).Clone()
	if insecure {
		t.TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
	}
	timer := func(after time.Duration, f func()) alarm { return time.AfterFunc(after, f) }
	return &access{
		ctx: ctx, keys: &keychain{ctx: ctx}, transport: &guarded{inner: t, ctx: ctx, alarm: timer}, pause: pause,
	}
}

// options leave it to access.try to repeat: the library's own repeats know neither Retry-After nor an end.
func (a *access) options() []remote.Option {
	return []remote.Option{
		remote.WithContext(a.ctx), remote.WithTransport(a.transport), remote.WithAuthFromKeychain(a.keys),
		remote.WithRetryBackoff(remote.Backoff{Steps: 1}), remote.WithRetryStatusCodes(),
	}
}

// checkPush is called before anything is built. It fails if the registry can't be reached or does not accept the
// credentials, and says whether the registry speaks plain HTTP.
func (a *access) checkPush(ref name.Tag) (plain bool, err error) {
	err = a.try("reach registry", ref.Context(), func() error {
		challenge, err := transport.Ping(a.ctx, ref.Context().Registry, a.transport)
		plain = challenge != nil && challenge.Insecure
		return err
	})
	if err != nil {
		return false, err
	}
	return plain, a.try("push image", ref.Context(), func() error {
		return remote.CheckPushPermission(ref, a.keys, a.transport)
	})
}

// tries is how often something is tried that another try may cure.
const tries = 4

// try does it until it is done, until it fails for good, or until it has been tried often
// enough. Its error is an *Error.
func (a *access) try(doing string, repo name.Repository, do func() error) error {
	for n, wait := 1, time.Second; ; n, wait = n+1, 3*wait {
		a.transport.later.Store(0)
		err := do()
		if err == nil {
			return nil
		}
		asked := a.later()
		if n == tries || a.ctx.Err() != nil || !passing(err) || asked > longestPause ||
			a.pause(a.ctx, max(wait, asked)) != nil {
			return a.failure(doing, repo, err)
		}
	}
}

// later is how long an answer of the last try asked to wait; 0 if none did.
func (a *access) later() time.Duration { return time.Duration(a.transport.later.Load()) }

// passing says whether another try may succeed: a server that is busy or down, or a connection or an upload that broke.
func passing(err error) bool {
	var own *Error
	var answer *transport.Error
	if errors.As(err, &own) {
		return false
	}
	if !errors.As(err, &answer) {
		return broken(err)
	}
	for _, e := range answer.Errors {
		switch e.Code {
		case transport.BlobUploadInvalidErrorCode, transport.BlobUploadUnknownErrorCode,
			transport.ManifestBlobUnknownErrorCode, transport.DigestInvalidErrorCode, transport.SizeInvalidErrorCode:
			return true // all of an upload that broke on its way
		}
	}
	switch answer.StatusCode {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
