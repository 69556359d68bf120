package image

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// PushOptions say what to push, and where to. Registry and Lang are required.
type PushOptions struct {
	Registry string // host/path; the image's name is Registry/header-auth-Lang:Tag
	Lang     string // go or rust
	Tag      string // empty: latest
	Wasm     string // the module's file; empty: DefaultWasm(Lang) under Root
	Builder  string // one of builders; empty: auto
	Root     string // the repository, for its Dockerfiles; empty: the working directory
	Insecure bool   // allow plain HTTP, and HTTPS with any certificate
}

// Pushed describes an image in a registry that has been read back from there.
type Pushed struct {
	Reference      string   // host/path/header-auth-lang:tag
	Pinned         string   // host/path/header-auth-lang@sha256:…
	ManifestDigest string   // sha256:…
	FileSHA256     string   // 64 hex digits
	Builder        string   // the one of builders that made it
	Skipped        []string // with auto: "tool: reason" for each that does not work here
}

// Push makes the image, pushes it and reads it back. Errors are of type *Error. Credentials are those of `docker login`
// and `podman login`.
func Push(ctx context.Context, o PushOptions) (Pushed, error) {
	if !slices.Contains(builders, orDefault(o.Builder, "auto")) {
		return Pushed{}, errorf(Usage, "choose builder: %q: expected one of %s", o.Builder, strings.Join(builders, ", "))
	}
	ref, reference, err := parseReference(o)
	if err != nil {
		return Pushed{}, err
	}
	wasm, err := readModule(orDefault(o.Wasm, filepath.Join(o.Root, DefaultWasm(o.Lang))))
	if err != nil {
		return Pushed{}, err
	}
	access := newAccess(o.Insecure)
	plain, err := access.checkPush(ctx, ref)
	if err != nil {
		return Pushed{}, err
	}

	pushed := Pushed{Reference: reference}
	todo := job{
		lang: o.Lang, reference: reference, wasm: wasm, skipTLS: o.Insecure || plain,
		dockerfile: filepath.Join(o.Root, "Dockerfile."+o.Lang),
	}
	pushed.Builder, pushed.Skipped, err = send(ctx, orDefault(o.Builder, "auto"), todo, ref, access)
	if err != nil {
		return Pushed{}, err
	}
	digest, err := verify(ctx, ref, wasm, access)
	if err != nil {
		return Pushed{}, err
	}
	sum := sha256.Sum256(wasm)
	pushed.FileSHA256 = hex.EncodeToString(sum[:])
	pushed.ManifestDigest = digest.String()
	pushed.Pinned = strings.TrimSuffix(reference, ":"+ref.TagStr()) + "@" + digest.String()
	return pushed, nil
}

// send lets one builder make and push the image. It gives the builder's name, and why the ones before it were skipped.
func send(ctx context.Context, builder string, todo job, ref name.Tag, access access) (string, []string, error) {
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
			return "", nil, errorf(Environment, "push image with %s: interrupted", t.name)
		case builder == t.name:
			return "", nil, errorf(Environment, "push image with %s: %w", t.name, err)
		}
		skipped = append(skipped, t.name+": "+err.Error())
	}
	img, err := assemble(todo.lang, todo.wasm)
	if err != nil {
		return "", nil, errorf(Environment, "make image: %w", err)
	}
	if err := remote.Write(ref, img, access.options(ctx)...); err != nil {
		return "", nil, registryError("push image", ref.Context(), err)
	}
	return "none", skipped, nil
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
