package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/header-auth/header-auth/build"
	"github.com/header-auth/header-auth/image"
)

const imageHelp = `Usage: parity image push --registry HOST/PATH [flags]

Packs a plugin as an image that Istio and Envoy Gateway can pull (FROM scratch, one layer, plugin.wasm at its root),
pushes it to HOST/PATH/header-auth-LANG:TAG and reads it back: Istio and Envoy Gateway must accept the manifest, and
plugin.wasm must have the same bytes as the file.

  parity image push --registry registry.example.com/team                     the Go plugin
  parity image push --registry registry.example.com/team --lang rust --tag v1.2.0
  parity image push --registry localhost:5000/try --wasm my.wasm             a module of your own, under the same name

Flags
  --registry HOST/PATH   where the image goes; the host is required, also for docker.io
  --lang go|rust         which plugin; this is part of the image's name (default go)
  --tag TAG              (default latest; deploy by the printed digest, because a tag can move)
  --wasm FILE            (default %s or %s)
  --builder BUILDER      auto, docker, podman, buildah or none (default auto: the first of docker, podman, buildah that
                         works here, otherwise none). With none, parity makes the image: the same module gives the
                         same digest. The others read Dockerfile.LANG at the root of the repository.
  --insecure             allow plain HTTP, and HTTPS with any certificate. Loopback and private addresses may use plain
                         HTTP without it. docker has a list instead: insecure-registries in daemon.json.

It uses the credentials of docker login and podman login.

Exit codes: 0 pushed and verified; 1 pushed, but Istio would refuse the registry's copy, or it is not the same; 2 the call
or the module is wrong; 3 the registry can't be reached or refuses, or the builder does not work here.
`

// runImage is the command "image"; imageHelp says what its exit codes mean.
func runImage(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	help := fmt.Sprintf(imageHelp, image.DefaultWasm("go"), image.DefaultWasm("rust"))
	if len(args) == 0 {
		fmt.Fprint(stderr, help)
		return 2
	}
	switch args[0] {
	case "push":
		return runImagePush(ctx, args[1:], help, stdout, stderr)
	case "help", "-h", "-help", "--help":
		fmt.Fprint(stdout, help)
		return 0
	}
	fmt.Fprintf(stderr, "parity image: unknown command %q: expected push; see parity image --help\n", args[0])
	return 2
}

func runImagePush(ctx context.Context, args []string, help string, stdout, stderr io.Writer) int {
	var options image.PushOptions
	flags := flag.NewFlagSet("parity image push", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&options.Registry, "registry", "", "")
	flags.StringVar(&options.Lang, "lang", "go", "")
	flags.StringVar(&options.Tag, "tag", "", "")
	flags.StringVar(&options.Wasm, "wasm", "", "")
	flags.StringVar(&options.Builder, "builder", "auto", "")
	flags.BoolVar(&options.Insecure, "insecure", false, "")
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stdout, help)
		return 0
	}
	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if err != nil {
		fmt.Fprintf(stderr, "parity image push: %v; see parity image push --help\n", err)
		return 2
	}

	if root, err := build.FindRoot(); err == nil { // outside the repository, --wasm with --builder none works
		options.Root = root
	}
	pushed, err := image.Push(ctx, options)
	if err != nil {
		fmt.Fprintf(stderr, "parity image push: %v\n", err)
		return imageExit(err)
	}
	printPushed(stdout, pushed)
	return 0
}

func imageExit(err error) int {
	var failed *image.Error
	if !errors.As(err, &failed) {
		return 3
	}
	switch failed.Kind {
	case image.Rejected:
		return 1
	case image.Usage:
		return 2
	}
	return 3
}

// printPushed says for each digest where it is needed: the two are easily confused.
func printPushed(w io.Writer, p image.Pushed) {
	with := "no builder"
	if p.Builder != "none" {
		with = p.Builder
	}
	row := func(label, text string) { fmt.Fprintf(w, "%-17s%s\n", label, text) }
	row("pushed", p.Reference)
	row("", "with "+with+"; read back: a plain manifest with the same plugin.wasm")
	for _, skipped := range p.Skipped {
		row("", "not with "+skipped)
	}
	row("manifest digest", p.ManifestDigest)
	row("", "the field sha256 (hex digits only) with oci://: Istio's WasmPlugin, Envoy Gateway's image")
	row("file sha256", p.FileSHA256)
	row("", "the field sha256 with http(s)://: Istio's WasmPlugin, Envoy Gateway's http, Envoy's remote")
	row("pinned", "oci://"+p.Pinned)
}
