package image

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

func repositoryName(lang string) string { return "header-auth-" + lang }

// parseReference gives the tag to push, parsed and as the user would write it: parsing changes the name docker.io.
func parseReference(o PushOptions) (name.Tag, string, error) {
	if languages[o.Lang] == "" {
		return name.Tag{}, "", errorf(Usage, "choose language: %q: expected go or rust", o.Lang)
	}
	const example = "expected host/path, such as registry.example.com/team"
	prefix := strings.TrimSuffix(o.Registry, "/")
	host, _, _ := strings.Cut(prefix, "/")
	switch {
	case prefix == "":
		return name.Tag{}, "", errorf(Usage, "parse registry: it is missing: %s", example)
	case strings.Contains(prefix, "://"):
		return name.Tag{}, "", errorf(Usage, "parse registry %q: %s, without a scheme", o.Registry, example)
	case host != "localhost" && !strings.ContainsAny(host, ".:"):
		return name.Tag{}, "", errorf(Usage, "parse registry %q: %q is not a host: %s", o.Registry, host, example)
	}
	options := []name.Option{name.StrictValidation}
	if o.Insecure {
		options = append(options, name.Insecure)
	}
	reference := prefix + "/" + repositoryName(o.Lang) + ":" + orDefault(o.Tag, "latest")
	tag, err := name.NewTag(reference, options...)
	if err != nil {
		return name.Tag{}, "", errorf(Usage, "parse reference %q: %s: %s", reference, oneLine(err.Error()), example)
	}
	return tag, reference, nil
}

// access is a way to reach registries.
type access struct{ transport http.RoundTripper }

func newAccess(insecure bool) access {
	t := remote.DefaultTransport.(*http.Transport).Clone()
	if insecure {
		t.TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
	}
	return access{t}
}

func (a access) options(ctx context.Context) []remote.Option {
	return []remote.Option{
		remote.WithContext(ctx), remote.WithTransport(a.transport), remote.WithAuthFromKeychain(authn.DefaultKeychain),
	}
}

// checkPush is called before anything is built. It fails if the registry can't be reached or does not accept the
// credentials, and says whether the registry speaks plain HTTP.
func (a access) checkPush(ctx context.Context, ref name.Tag) (plain bool, err error) {
	quick, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	challenge, err := transport.Ping(quick, ref.Context().Registry, a.transport)
	if err != nil && !errors.As(err, new(*transport.Error)) {
		return false, registryError("reach registry", ref.Context(), err)
	}
	if err := remote.CheckPushPermission(ref, authn.DefaultKeychain, a.transport); err != nil {
		return false, registryError("push image", ref.Context(), err)
	}
	return challenge != nil && challenge.Insecure, nil
}
