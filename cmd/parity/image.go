package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/header-auth/header-auth/build"
	"github.com/header-auth/header-auth/host/load"
	"github.com/header-auth/header-auth/image"
)

const imageHelp = `Usage: parity image push --registry HOST/PATH [flags]
       parity image verify REFERENCE [flags]

push packs a module as an image that Istio and Envoy Gateway can pull (FROM scratch, one layer, plugin.wasm at its
root), pushes it to HOST/PATH/NAME:TAG and reads it back. verify pulls an image as Istio and Envoy Gateway do, and says
what each of them, and Envoy, makes of it. parity image push --help and parity image verify --help explain them.
`

const imagePushHelp = `Usage: parity image push --registry HOST/PATH [flags]

Packs a plugin as an image that Istio and Envoy Gateway can pull (FROM scratch, one layer, plugin.wasm at its root),
pushes it to HOST/PATH/NAME:TAG and reads it back: Istio and Envoy Gateway must accept the manifest, and plugin.wasm
must have the same bytes as the file. A module that the current Envoy would not load is not pushed. One that is known to
leak, or that fails a case of the table, is pushed with a warning.

  parity image push --registry registry.example.com/team                     the Go plugin
  parity image push --registry registry.example.com/team --lang rust --tag v1.2.0
  parity image push --registry localhost:5000/try --wasm my.wasm --name my-plugin     a module of your own
  parity image push --registry localhost:5000/try                            in a folder of your own: its build

Flags
  --registry HOST/PATH   where the image goes; the host is required, also for docker.io
  --lang go|rust         which plugin (default go); it is built if it is not up to date
  --build NAME           a build of builds.yaml, in place of --lang; the image has its name (default in a folder of your
                         own: the only one)
  --name NAME            the image's name (default header-auth-go or header-auth-rust, or that of the build)
  --tag TAG              (default latest; deploy by the printed digest, because a tag can move)
  --wasm FILE            push this module (default %s or %s).
                         With --name and without --lang, its image has no labels of this plugin.
  --label KEY=VALUE      one more label; repeat it for several
  --builder BUILDER      auto, docker, podman, buildah or none (default auto: the first of docker, podman, buildah that
                         works here, otherwise none). With none, parity makes the image: the same module and labels give
                         the same digest, and the tag moves last of all. The others read Dockerfile.LANG at the root of
                         the repository.
  --force                push a module that the current Envoy would not load
  --insecure             allow plain HTTP, and HTTPS with any certificate. Loopback and private addresses may use plain
                         HTTP without it. docker has a list instead: insecure-registries in daemon.json.
  --timeout DURATION     how long all of it may take (default 10m). A registry that sends nothing for 30s is given up.

It uses the credentials of docker login and podman login, and their helpers; proxies are those of HTTPS_PROXY and
NO_PROXY. A registry that is busy or broken is tried four times, as far apart as it asks for.

Exit codes: 0 pushed and verified; 1 the module is at fault, or the registry's copy is: Istio or Envoy Gateway would
refuse it, or it is not the same; 2 the call or the file is wrong; 3 the registry can't be reached or refuses, or the
builder does not work here.
`

// runImage is the command "image"; its help says what its exit codes mean.
func runImage(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(stderr, imageHelp)
		return 2
	}
	switch args[0] {
	case "push":
		return runImagePush(ctx, args[1:], stdout, stderr)
	case "verify":
		return runImageVerify(ctx, args[1:], stdout, stderr)
	case "help", "-h", "-help", "--help":
		fmt.Fprint(stdout, imageHelp)
		return 0
	}
	fmt.Fprintf(stderr, "parity image: unknown command %q: expected push or verify%s; see parity image --help\n", args[0],
		didYouMean(args[0], verbs["image"]))
	return 2
}

// imagePush is a call of "image push".
type imagePush struct {
	options        image.PushOptions
	wasm, build    string
	force          bool
	made           build.Build // what is pushed without --wasm
	unmade         error       // why there is none
	extra          nameList    // labels
	stdout, stderr io.Writer
}

func runImagePush(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	p := imagePush{stdout: stdout, stderr: stderr}
	o := &p.options
	flags := flag.NewFlagSet("image push", flag.ContinueOnError)
	flags.StringVar(&o.Registry, "registry", "", "")
	flags.StringVar(&o.Lang, "lang", "", "")
	flags.StringVar(&o.Name, "name", "", "")
	flags.StringVar(&o.Tag, "tag", "", "")
	flags.StringVar(&p.wasm, "wasm", "", "")
	flags.StringVar(&p.build, "build", "", "")
	flags.Var(&p.extra, "label", "")
	flags.StringVar(&o.Builder, "builder", "auto", "")
	flags.BoolVar(&p.force, "force", false, "")
	flags.BoolVar(&o.Insecure, "insecure", false, "")
	timeout := flags.Duration("timeout", imageTimeout, "")
	help := fmt.Sprintf(imagePushHelp, image.DefaultWasm("go"), image.DefaultWasm("rust"))
	if code, done := parseFlags(flags, args, help, stdout, stderr); done {
		return code
	}
	if root, err := build.FindRoot(); err == nil { // outside the repository, --wasm works
		o.Root = root
	}
	if p.build != "" && (p.wasm != "" || o.Lang != "") {
		return imageExit("push", usagef("--build with --wasm or --lang: expected one of them"), stderr)
	}
	p.choose()
	ctx, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()
	if err := p.run(ctx); err != nil {
		return imageExit("push", err, stderr)
	}
	return 0
}

// choose finds what is pushed.
func (p *imagePush) choose() {
	o := &p.options
	lang, ours := cmp.Or(o.Lang, "go"), true
	if p.wasm == "" {
		p.made, ours, p.unmade = imageBuild(o.Root, p.build, lang)
	}
	switch {
	case !ours && p.unmade == nil:
		o.Name = cmp.Or(o.Name, p.made.Name)
	case o.Lang == "" && (o.Name == "" || p.wasm == ""):
		o.Lang = lang
	}
}

// imageTimeout is how long a push or a pull may take.
const imageTimeout = 10 * time.Minute

// run looks at a file before it asks the registry, and asks the registry before it builds anything.
func (p *imagePush) run(ctx context.Context) error {
	if err := image.CheckPush(p.options); err != nil {
		return err
	}
	if p.unmade != nil {
		return p.unmade
	}
	labels, err := p.labels()
	if err != nil {
		return err
	}
	p.options.Labels = labels
	var m imageModule
	if p.wasm != "" {
		if m.wasm, err = image.ReadModule(p.wasm); err != nil {
			return err
		}
		if err := p.look(ctx, p.wasm, &m); err != nil {
			return err
		}
		m.label(labels)
	}
	pusher, err := image.NewPusher(ctx, p.options)
	if err != nil {
		return err
	}
	if p.wasm == "" {
		if m, err = buildImageModule(ctx, p.options.Root, p.made, p.stderr); err != nil {
			return err
		}
		if err := p.look(ctx, p.made.Wasm, &m); err != nil {
			return err
		}
		m.label(labels)
	}
	pushed, err := pusher.Push(m.wasm)
	if err != nil {
		return err
	}
	return p.print(pushed)
}

// labels are those of this repository's plugin, or of another module, and those of the call.
func (p *imagePush) labels() (map[string]string, error) {
	labels := ownLabels(p.options.Name)
	if p.options.Lang != "" {
		labels = image.Labels(p.options.Lang)
		labels["org.opencontainers.image.title"] = cmp.Or(p.options.Name, labels["org.opencontainers.image.title"])
	}
	for _, one := range p.extra {
		key, value, ok := strings.Cut(one, "=")
		if !ok || key == "" {
			return nil, usagef("--label %q: expected KEY=VALUE", one)
		}
		labels[key] = value
	}
	return labels, nil
}

// look says what is wrong with a module before anybody can pull it. The error is a *moduleError if
// Envoy would not load it.
func (p *imagePush) look(ctx context.Context, file string, m *imageModule) error {
	if err := m.inspect(ctx); err != nil {
		return &moduleError{fmt.Errorf("%s: %w", file, err)}
	}
	if faults := m.faults(); len(faults) > 0 && !p.force {
		return &moduleError{fmt.Errorf("%s: the current Envoy would not load it: %s\nparity inspect %[1]s "+
			"shows more; --force pushes it", file, faultText(faults[0]))}
	}
	warn := func(text string) { fmt.Fprintf(p.stderr, "parity image push: warning: %s: %s\n", file, text) }
	for _, f := range append(m.faults(), m.warnings()...) {
		warn(faultText(f))
	}
	var builds nameList
	if p.wasm == "" && p.options.Lang == "" {
		builds = nameList{p.made.Name}
	}
	if p.options.Lang == "" && builds == nil || p.options.Root == "" || len(m.faults()) > 0 || builds != nil &&
		p.made.Table == "" {
		return nil // there is no table of it
	}
	text, err := failingCases(ctx, p.options.Root, builds, m.wasm, p.stderr)
	if err == nil && text != "" {
		warn(text)
	}
	return err
}

// faultText is a fault in one line.
func faultText(f load.Fault) string {
	text := printable(f.What)
	if f.Cure != "" {
		text += ": " + printable(f.Cure)
	}
	return text
}

// moduleError: the module is at fault.
type moduleError struct{ err error }

func (e *moduleError) Error() string { return e.err.Error() }
func (e *moduleError) Unwrap() error { return e.err }

// imageExit prints an error and returns its exit code.
func imageExit(command string, err error, stderr io.Writer) int {
	var failed *image.Error
	var module *moduleError
	switch {
	case errors.As(err, &module):
		fmt.Fprintf(stderr, "parity image %s: %v\n", command, err)
		return 1
	case errors.As(err, &failed):
		fmt.Fprintf(stderr, "parity image %s: %v\n", command, err)
		return map[image.Kind]int{image.Rejected: 1, image.Usage: 2, image.Environment: 3}[failed.Kind]
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		fmt.Fprintf(stderr, "parity image %s: interrupted\n", command)
		return 3
	}
	return exit("image "+command, err, stderr)
}

// print says for each digest where it is needed: the two are easily confused.
func (p *imagePush) print(pushed image.Pushed) error {
	with := pushed.Builder
	if with == "none" {
		with = "no builder"
	}
	var b strings.Builder
	imageRow(&b, "pushed", pushed.Reference)
	imageRow(&b, "", "with "+with+"; read back: a plain manifest with the same plugin.wasm")
	for _, skipped := range pushed.Skipped {
		imageRow(&b, "", "not with "+printable(skipped))
	}
	imageDigests(&b, pushed.ManifestDigest, pushed.FileSHA256, pushed.Pinned)
	_, err := io.WriteString(p.stdout, b.String())
	return err
}

func imageRow(b *strings.Builder, label, text string) { fmt.Fprintf(b, "%-17s%s\n", label, text) }

func imageDigests(b *strings.Builder, manifest, file, pinned string) {
	imageRow(b, "manifest digest", manifest)
	imageRow(b, "", "the field sha256 (hex digits only) with oci://: Istio's WasmPlugin, Envoy Gateway's image")
	imageRow(b, "file sha256", cmp.Or(file, "unknown"))
	imageRow(b, "", "the field sha256 with http(s)://: Istio's WasmPlugin, Envoy Gateway's http, Envoy's remote")
	imageRow(b, "pinned", "oci://"+pinned)
}

// fromRoot is a path relative to the repository's folder as a path of this process.
func fromRoot(root, path string) string { return filepath.Join(root, filepath.FromSlash(path)) }
