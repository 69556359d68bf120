package image

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// PushOptions say where an image goes, and what is written on it. Registry is required, and Lang or Name.
type PushOptions struct {
	Registry string            // host/path; the image's name is Registry/Name:Tag
	Lang     string            // go or rust: this repository's plugin; "": another module
	Name     string            // "": header-auth-Lang
	Tag      string            // "": latest
	Labels   map[string]string // nil: Labels(Lang), for another module the title alone
	Builder  string            // one of builders; "": auto, for another module none
	Root     string            // the repository, for its Dockerfiles; "": the working directory
	Insecure bool              // allow plain HTTP, and HTTPS with any certificate
}

// Pushed describes an image in a registry that has been read back from there.
type Pushed struct {
	Reference      string   // host/path/name:tag
	Pinned         string   // host/path/name@sha256:…
	ManifestDigest string   // sha256:…
	FileSHA256     string   // 64 hex digits
	Builder        string   // the one of builders that made it
	Skipped        []string // with auto: "tool: reason" for each that does not work here
}

// Pusher can push to one place: it has been asked whether it takes a push.
type Pusher struct {
	options   PushOptions
	tag       name.Tag
	reference string
	access    *access
	plain     bool // the registry speaks plain HTTP
}

// CheckPush finds what is wrong with the options themselves, without asking a registry. Errors are of type *Error.
func CheckPush(o PushOptions) error {
	if !slices.Contains(builders, orDefault(o.Builder, "auto")) {
		return errorf(Usage, "choose builder: %q: expected one of %s", o.Builder, strings.Join(builders, ", "))
	}
	_, _, err := parseTag(o)
	return err
}

// NewPusher checks the options and asks the registry whether it takes a push with the credentials of `docker login` or
// `podman login`, before anything is built. The context ends all that the Pusher does. Errors are of type *Error.
func NewPusher(ctx context.Context, o PushOptions) (*Pusher, error) {
	return newPusher(newAccess(ctx, o.Insecure), o)
}

func newPusher(a *access, o PushOptions) (*Pusher, error) {
	if err := CheckPush(o); err != nil {
		return nil, err
	}
	p := &Pusher{options: o, access: a}
	var err error
	if p.tag, p.reference, err = parseTag(o); err != nil {
		return nil, err
	}
	if p.plain, err = a.checkPush(p.tag); err != nil {
		return nil, err
	}
	if o.Labels == nil {
		p.options.Labels = map[string]string{"org.opencontainers.image.title": o.Name}
		if o.Lang != "" {
			p.options.Labels = Labels(o.Lang)
		}
	}
	return p, nil
}

// Push makes the image, pushes it and reads it back. Without a builder, the tag is moved only after that. Errors are of
// type *Error.
func (p *Pusher) Push(wasm []byte) (Pushed, error) {
	o := p.options
	pushed := Pushed{Reference: p.reference}
	builder := orDefault(o.Builder, "auto")
	if o.Lang == "" && builder == "auto" {
		builder = "none" // the Dockerfiles are of this repository's plugins
	}
	todo := job{
		labels: o.Labels, reference: p.reference, wasm: wasm, skipTLS: o.Insecure || p.plain,
		dockerfile: filepath.Join(o.Root, "Dockerfile."+o.Lang),
	}
	var err error
	var read *Pulled
	if pushed.Builder, pushed.Skipped, err = p.withTool(builder, todo); err != nil {
		return Pushed{}, err
	}
	if pushed.Builder == "none" {
		read, err = p.direct(wasm)
	} else {
		read, err = p.access.verifyPushed(p.tag, p.reference, wasm)
	}
	if err != nil {
		return Pushed{}, err
	}
	pushed.FileSHA256, pushed.ManifestDigest, pushed.Pinned = read.FileSHA256, read.ManifestDigest, read.Pinned
	return pushed, nil
}

// withTool lets one builder make and push the image. It gives the builder's name, none if no tool is asked for or none
// works, and why the ones before it were skipped.
func (p *Pusher) withTool(builder string, todo job) (string, []string, error) {
	ctx := p.access.ctx
	var skipped []string
	for _, t := range tools {
		if builder != "auto" && builder != t.name {
			continue
		}
		err := t.probe(ctx)
		if err == nil {
			err = findDockerfile(&todo)
		}
		if err == nil {
			err = t.run(ctx, todo)
		}
		switch {
		case err == nil:
			return t.name, skipped, nil
		case ctx.Err() != nil:
			return "", nil, p.access.failure("push image with "+t.name, p.tag.Context(), ctx.Err())
		case builder == t.name:
			return "", nil, errorf(Environment, "push image with %s: %w", t.name, err)
		}
		skipped = append(skipped, t.name+": "+err.Error())
	}
	return "none", skipped, nil
}

// direct pushes the image by its digest, reads it back, and only then moves the tag: whatever fails before, the
// tag names what it named.
func (p *Pusher) direct(wasm []byte) (*Pulled, error) {
	img, err := assemble(p.options.Labels, wasm)
	if err != nil {
		return nil, errorf(Environment, "make image: %w", err)
	}
	sum, err := img.Digest()
	if err != nil {
		return nil, errorf(Environment, "make image: %w", err)
	}
	repo, pinned := p.tag.Context(), repositoryOf(p.reference)+"@"+sum.String()
	byDigest := repo.Digest(sum.String())
	if err := p.access.try("push image", repo, func() error {
		return remote.Write(byDigest, img,
			p.access.options()...)
	}); err != nil {
		return nil, err
	}
	read, err := p.access.verifyPushed(byDigest, pinned, wasm)
	if err != nil {
		return nil, err
	}
	return read, p.moveTag(img, sum)
}

func (p *Pusher) moveTag(img v1.Image, sum v1.Hash) error {
	repo := p.tag.Context()
	if err := p.access.try("move tag", repo, func() error {
		return remote.Tag(p.tag, img,
			p.access.options()...)
	}); err != nil {
		return err
	}
	return p.access.try("read tag back", repo, func() error {
		found, err := remote.Get(p.tag, p.access.options()...)
		if err == nil && found.Digest != sum {
			return errorf(Rejected, "verify %s: the tag names %s and not %s, which was pushed", p.reference, found.Digest, sum)
		}
		return err
	})
}

// findDockerfile makes the path absolute, because podman looks for a relative one in the build context.
func findDockerfile(todo *job) error {
	path, err := filepath.Abs(todo.dockerfile)
	if err != nil {
		return err
	}
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("%s is not in %s", filepath.Base(path), filepath.Dir(path))
	}
	todo.dockerfile = path
	return nil
}

func orDefault(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}
