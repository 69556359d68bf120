package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/build"
	"github.com/header-auth/header-auth/conformance/apart"
	"github.com/header-auth/header-auth/deploy"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/image"
	"github.com/header-auth/header-auth/internal/sandbox"
)

const deployHelp = `Usage: parity deploy istio|envoy-gateway|envoy [flags]

Writes the manifest that puts the plugin into a proxy. It fails closed: when the plugin can't be loaded or has died, no
request passes. Before anything is written, the plugin itself reads the configuration; one that it refuses is not
written.

  parity deploy istio --config plugin.json --image registry.example.com/team/header-auth-go@sha256:…
  parity deploy istio --config plugin.json --registry registry.example.com/team --lang rust
                           the image of dist/rust.wasm in that registry, by its digest
  parity deploy envoy-gateway --config plugin.json --registry registry.example.com/team --pull-secret registry-login
  parity deploy envoy --config plugin.json --upstream shop:8000 --service auth=https://auth.example.com

Flags
  --config FILE            the plugin's configuration (default: none)
  --lang go|rust           which plugin (default go)
  --wasm FILE              its module (default %s or %s)
  --build NAME             a build of builds.yaml, in place of --lang (default in a folder of your own: the only one);
                           made if it is not up to date
  --name NAME              of the objects and of the filter (default header-auth, or the build's)
  --service NAME=ADDRESS   where a cluster of the configuration's call-outs is: HOST, HOST:PORT or https://HOST; repeat
                           it for two (default: the call-out's authority). For Istio the cluster gets Istio's own name
                           of it.
  --out FILE               write to that file (default: to the terminal)

For Istio and Envoy Gateway
  --image REFERENCE        host/path@sha256:…, as parity image push prints it
  --registry HOST/PATH     in place of --image: HOST/PATH/header-auth-LANG, or the build's name, and the digest of
                           an image of the module here, as parity image push makes it
  --pull-secret NAME       a secret of type kubernetes.io/dockerconfigjson in the namespace
  --namespace NAME         (default istio-system, and for Envoy Gateway default)
  --selector KEY=VALUE     Istio: the pods of a gateway or of sidecars (default istio=ingressgateway)
  --gateway NAME           a Gateway of the Gateway API (default for Envoy Gateway: eg)

For a plain Envoy
  --listen HOST:PORT       (default 0.0.0.0:8080)
  --upstream ADDRESS       where requests go (default localhost:8000)
  --url ADDRESS            http(s) address that Envoy downloads the module from, checked by its sha256 (default: Envoy
                           reads the file of --wasm)

Exit codes: 0 written; 1 the plugin refuses the configuration, or Envoy would not load the module; 2 the call is wrong,
or a file of it can't be read; 3 the manifest can't be written.
`

// deployKinds make the manifests, by the names that the command line has for them.
var deployKinds = map[string]func(deploy.Options) ([]byte, error){
	"istio": deploy.Istio, "envoy-gateway": deploy.EnvoyGateway, "envoy": deploy.Envoy,
}

// deployFlags are what the command line says, before it is looked at.
type deployFlags struct {
	config, lang, wasm, build, registry, selector, listen, upstream, out string
	services                                                             nameList
	root                                                                 string
	// the module is that of a build here; no Name: it is a file
	made build.Build
	ours bool // it is header-auth's plugin
	deploy.Options
}

// runDeploy is the command "deploy"; deployHelp says what its exit codes mean.
func runDeploy(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var d deployFlags
	flags := flag.NewFlagSet("deploy", flag.ContinueOnError)
	flags.StringVar(&d.config, "config", "", "")
	flags.StringVar(&d.lang, "lang", "", "")
	flags.StringVar(&d.build, "build", "", "")
	flags.StringVar(&d.wasm, "wasm", "", "")
	flags.StringVar(&d.Name, "name", "", "")
	flags.Var(&d.services, "service", "")
	flags.StringVar(&d.out, "out", "", "")
	flags.StringVar(&d.Image, "image", "", "")
	flags.StringVar(&d.registry, "registry", "", "")
	flags.StringVar(&d.PullSecret, "pull-secret", "", "")
	flags.StringVar(&d.Namespace, "namespace", "", "")
	flags.StringVar(&d.selector, "selector", "", "")
	flags.StringVar(&d.Gateway, "gateway", "", "")
	flags.StringVar(&d.listen, "listen", "0.0.0.0:8080", "")
	flags.StringVar(&d.upstream, "upstream", "localhost:8000", "")
	flags.StringVar(&d.URL, "url", "", "")
	help := fmt.Sprintf(deployHelp, image.DefaultWasm("go"), image.DefaultWasm("rust"))
	rest, code, done := parseArgs(flags, args, help, stdout, stderr)
	if done {
		return code
	}
	manifest, err := d.manifest(ctx, rest, stderr)
	var refused *deploy.RefusedError
	switch {
	case errors.As(err, &refused):
		fmt.Fprintf(stderr, "parity deploy: the plugin refuses %s: %s\n", orText(d.config, "an empty configuration"),
			refused.Line)
		return 1
	case err != nil:
		return exit("deploy", err, stderr)
	case d.out != "":
		err = replaceFile(d.out, manifest)
	default:
		_, err = stdout.Write(manifest)
	}
	if err != nil {
		fmt.Fprintf(stderr, "parity deploy: write manifest: %v\n", err)
		return 3
	}
	return 0
}

func orText(text, or string) string {
	if text == "" {
		return or
	}
	return text
}

// manifest reads what the flags name, asks the plugin, and makes the manifest.
func (d *deployFlags) manifest(ctx context.Context, kinds []string, stderr io.Writer) ([]byte, error) {
	if len(kinds) != 1 || deployKinds[kinds[0]] == nil {
		word := strings.Join(kinds, " ")
		return nil, usagef("%q: expected one of istio, envoy-gateway, envoy%s; see parity deploy --help", word,
			didYouMean(word, slices.Sorted(maps.Keys(deployKinds))))
	}
	kind := kinds[0]
	wasm, err := d.read(ctx, kind, stderr)
	if err != nil {
		return nil, err
	}
	if kind != "envoy" {
		if err := d.chooseImage(ctx, wasm, stderr); err != nil {
			return nil, err
		}
	}
	runner := newRunner(host.Options{Deadline: deploy.StartTime}, 1)
	defer runner.Close()
	plugin, err := runner.Compile(ctx, wasm, nil)
	if err != nil {
		return nil, err
	}
	if err := startsWith(ctx, plugin, d.Config); err != nil {
		return nil, err
	}
	manifest, err := deployKinds[kind](d.Options)
	if err != nil {
		return nil, usagef("%v", err)
	}
	if kind == "istio" { // Istio writes the configuration anew
		config, err := deploy.IstioConfig(d.Options)
		if err != nil {
			return nil, usagef("%v", err)
		}
		if err := startsWith(ctx, plugin, config); err != nil {
			return nil, fmt.Errorf("as Istio will write it: %w", err)
		}
	}
	return manifest, nil
}

// startsWith is deploy.Check in a process. A plugin that had to be ended refuses, too.
func startsWith(ctx context.Context, plugin *apart.Module, config []byte) error {
	var line string
	err := plugin.Do(ctx, sandbox.Job{Kind: deployJob, Request: config, Answer: &line})
	if f := failureOf(err); f != nil {
		line, err = f.Error(), nil
	}
	if err == nil && line != "" {
		return &deploy.RefusedError{Line: line}
	}
	return err
}

// read looks at the flags and reads the files that they name. It gives the module.
func (d *deployFlags) read(ctx context.Context, kind string, stderr io.Writer) (wasm []byte, err error) {
	if err := d.choose(ctx, stderr); err != nil {
		return nil, err
	}
	if wasm, err = readInput(ctx, d.wasm, mostModule); errors.Is(err, os.ErrNotExist) {
		return nil, usagef("%s is not there: run make build, or name a module with --wasm", d.wasm)
	} else if err != nil {
		return nil, wrongFile(ctx, err, "--wasm")
	}
	d.SHA256 = fmt.Sprintf("%x", sha256.Sum256(wasm))
	if d.config != "" {
		if d.Config, err = readInput(ctx, d.config, mostConfig); err != nil {
			return nil, wrongFile(ctx, err, "--config")
		}
	}
	if d.Listen, err = deploy.ParseAddress(d.listen); err != nil {
		return nil, usagef("--listen %v", err)
	}
	if d.Upstream, err = deploy.ParseAddress(d.upstream); err != nil {
		return nil, usagef("--upstream %v", err)
	}
	d.Services = map[string]deploy.Address{}
	for _, s := range d.services {
		cluster, address, _ := strings.Cut(s, "=")
		if d.Services[cluster], err = deploy.ParseAddress(address); err != nil {
			return nil, usagef("--service %s: %v", s, err)
		}
	}
	return wasm, d.place(kind)
}

// choose finds the module, and makes it where it is that of a plugin of the user's own.
func (d *deployFlags) choose(ctx context.Context, stderr io.Writer) (err error) {
	if d.build != "" && (d.wasm != "" || d.lang != "") {
		return usagef("--build with --wasm or --lang: expected one of them")
	}
	if d.lang = orText(d.lang, "go"); d.lang != "go" && d.lang != "rust" {
		return usagef("--lang %q: expected go or rust", d.lang)
	}
	d.Module, d.ours = d.wasm, true
	if d.wasm == "" {
		if d.root, err = build.FindRoot(); err != nil {
			return usagef("%v: name the module with --wasm", err)
		}
		if d.made, d.ours, err = imageBuild(d.root, d.build, d.lang); err != nil {
			return err
		}
		if !d.ours {
			s := selection{root: d.root}
			made, err := s.makeModules(ctx, []build.Build{d.made}, stderr)
			if err == nil {
				err = made[0].Err
			}
			if err != nil {
				return err
			}
		}
		d.wasm, d.Module = fromRoot(d.root, d.made.Wasm), d.made.Wasm
	}
	if d.Name == "" {
		d.Name = "header-auth"
		if !d.ours {
			d.Name = d.made.Name
		}
	}
	return nil
}

// place fills in where the objects go.
func (d *deployFlags) place(kind string) (err error) {
	switch {
	case kind == "istio" && d.Namespace == "":
		d.Namespace = "istio-system"
	case kind == "envoy-gateway" && d.Namespace == "":
		d.Namespace = "default"
	}
	switch {
	case kind == "envoy-gateway" && d.selector != "":
		return usagef("--selector is for Istio: choose a Gateway with --gateway")
	case d.selector != "" && d.Gateway != "":
		return usagef("--selector and --gateway: one of them at a time")
	case kind == "envoy-gateway" && d.Gateway == "":
		d.Gateway = "eg"
	}
	if d.Selector, err = deploy.ParseLabel(orText(d.selector, "istio=ingressgateway")); err != nil {
		return usagef("--selector %v", err)
	}
	return nil
}

func (d *deployFlags) chooseImage(ctx context.Context, wasm []byte, stderr io.Writer) error {
	switch {
	case d.Image == "" && d.registry == "":
		return usagef("which image? give --image host/path@sha256:…, as parity image push prints it, or --registry host/path")
	case d.Image != "" && d.registry != "":
		return usagef("--image and --registry: one of them at a time")
	case d.registry != "":
		digest, err := d.digest(ctx, wasm, stderr)
		if err != nil {
			return err
		}
		name := "header-auth-" + d.lang
		if !d.ours {
			name = d.made.Name
		}
		d.Image = strings.TrimSuffix(d.registry, "/") + "/" + name + "@" + digest
	}
	if err := deploy.CheckImage(d.Image); err != nil {
		return usagef("--image %v", err)
	}
	return nil
}

// digest is that of the image that parity image push makes of the module, with the labels that it gives it.
func (d *deployFlags) digest(ctx context.Context, wasm []byte, stderr io.Writer) (string, error) {
	m := imageModule{wasm: wasm}
	if d.made.Name != "" {
		made, err := buildImageModule(ctx, d.root, d.made, stderr)
		if err != nil {
			return "", err
		}
		m = made
	}
	if err := m.inspect(ctx); err != nil {
		return "", err
	}
	labels := ownLabels(d.made.Name)
	if d.ours {
		labels = image.Labels(d.lang)
	}
	m.label(labels)
	return image.Digest(labels, m.wasm)
}
