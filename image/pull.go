package image

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// PullOptions say what to pull. Reference is required.
type PullOptions struct {
	Reference string // host/path:tag or host/path@sha256:…, with or without oci://
	Insecure  bool   // allow plain HTTP, and HTTPS with any certificate
}

// Pulled describes an image as Istio and Envoy Gateway see it. All of its texts can be printed.
type Pulled struct {
	Reference      string    // host/path:tag or host/path@sha256:…
	Pinned         string    // host/path@sha256:…, of ManifestDigest
	ManifestDigest string    // sha256:…, of the manifest that the readers choose
	IndexDigest    string    // sha256:…, of the index that they choose it from; "": there is none
	Format         Format    // "" if both readers refuse the image for its form
	Labels         []Label   // of the image's configuration, sorted
	Wasm           []byte    // the module; nil if both readers refuse the image for its form
	FileSHA256     string    // of the module, 64 hex digits
	Verdicts       []Verdict // of both readers
}

// Label is a label of an image's configuration.
type Label struct{ Name, Value string }

// Refused says whether a reader refuses the image.
func (p *Pulled) Refused() bool {
	return slices.ContainsFunc(p.Verdicts, func(v Verdict) bool { return v.Refused != "" })
}

// Pull reads an image as Istio and Envoy Gateway do. That they refuse it is no error: see Pulled.Verdicts.
// Errors are of type *Error.
func Pull(ctx context.Context, o PullOptions) (*Pulled, error) {
	ref, err := parseReference(o.Reference, o.Insecure)
	if err != nil {
		return nil, err
	}
	return newAccess(ctx, o.Insecure).pull(ref, strings.TrimPrefix(o.Reference, "oci://"))
}

func (a *access) pull(ref name.Reference, reference string) (p *Pulled, err error) {
	err = a.try("read image", ref.Context(), func() error {
		p, err = a.pullOnce(ref, reference)
		return err
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

func (a *access) pullOnce(ref name.Reference, reference string) (*Pulled, error) {
	found, err := remote.Get(ref, a.options()...)
	if err != nil {
		return nil, err
	}
	p := &Pulled{Reference: reference, ManifestDigest: found.Digest.String()}
	if found.MediaType.IsIndex() {
		p.IndexDigest = p.ManifestDigest
	}
	var cut bool
	img, err := found.Image()
	if err == nil {
		if p.Wasm, p.Format, cut, err = extract(img); err != nil {
			p.Wasm = nil
		}
	} else if unreadable(err) {
		err = refuse("%s", oneLine(err.Error()))
	}
	var refused *refusedError
	if err != nil && !errors.As(err, &refused) {
		return nil, err
	}
	if img != nil {
		sum, err := img.Digest()
		if err != nil {
			return nil, err
		}
		p.ManifestDigest = sum.String()
		if p.Labels, err = labelsOf(img); err != nil {
			return nil, err
		}
	}
	p.Pinned = repositoryOf(reference) + "@" + p.ManifestDigest
	if p.Wasm != nil {
		sum := sha256.Sum256(p.Wasm)
		p.FileSHA256 = hex.EncodeToString(sum[:])
	}
	_, pinned := ref.(name.Digest)
	var cause error
	if refused != nil {
		cause = refused
	}
	p.Verdicts = judge(p.Wasm, cut, cause, p.IndexDigest != "", pinned, a.transport.challenge.Load())
	return p, nil
}

// unreadable says whether the library can't make an image of what the registry has. Its errors
// have no types of their own.
func unreadable(err error) bool {
	return strings.Contains(err.Error(), "no child with platform") || errors.Is(err, remote.ErrSchema1)
}

// repositoryOf is a reference without its tag and digest.
func repositoryOf(reference string) string {
	reference, _, _ = strings.Cut(reference, "@")
	slash := strings.LastIndexByte(reference, '/')
	if colon := strings.LastIndexByte(reference, ':'); colon > slash {
		reference = reference[:colon]
	}
	return reference
}

// labelsOf reads the configuration of an image. An artifact has another kind of configuration, or a broken one: then
// there are no labels, and no reader minds.
func labelsOf(img v1.Image) ([]Label, error) {
	manifest, err := img.Manifest()
	if err != nil || !manifest.Config.MediaType.IsConfig() || manifest.Config.Size > longestAnswer {
		return nil, nil
	}
	config, err := img.ConfigFile()
	if err != nil {
		if broken(err) {
			return nil, err
		}
		return nil, nil
	}
	var all []Label
	for _, key := range slices.Sorted(maps.Keys(config.Config.Labels)) {
		all = append(all, Label{oneLine(key), oneLine(config.Config.Labels[key])})
	}
	return all, nil
}

// verifyPushed reads back what was pushed: a plain manifest that both readers take, with the same module.
func (a *access) verifyPushed(ref name.Reference, reference string, want []byte) (*Pulled, error) {
	p, err := a.pull(ref, reference)
	if err != nil {
		return nil, err
	}
	if p.IndexDigest != "" {
		return nil, errorf(Rejected, "verify %s: it is an index and not a plain image manifest: "+
			"turn off the builder's attestations, which turn an image into an index", reference)
	}
	for _, v := range p.Verdicts {
		if v.Refused != "" {
			return nil, errorf(Rejected, "verify %s: %s refuses it: %s", reference, v.Reader, v.Refused)
		}
	}
	if n := commonPrefix(p.Wasm, want); n < max(len(p.Wasm), len(want)) {
		return nil, errorf(Rejected, "verify %s: %s is not the file that was pushed: it differs from byte %d on", reference,
			pluginName, n)
	}
	return p, nil
}

func commonPrefix(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// Compare says where the image's module and another one begin to differ; "" if they are the same.
func (p *Pulled) Compare(wasm []byte) string {
	n := commonPrefix(p.Wasm, wasm)
	if n == max(len(p.Wasm), len(wasm)) {
		return ""
	}
	return fmt.Sprintf("from byte %d on (%d bytes in the image, %d in the file)", n, len(p.Wasm), len(wasm))
}
