package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/header-auth/header-auth/build"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/host/load"
	"github.com/header-auth/header-auth/image"
	"github.com/header-auth/header-auth/report/conformance"
)

const imageVerifyHelp = `Usage: parity image verify REFERENCE [flags]

Pulls an image as Istio and Envoy Gateway do, and says what each of them makes of it: they take a Docker image, an OCI
image with a layer tar+gzip, an artifact of two layers, and from an index what it has for linux/amd64. Then it shows
what parity inspect shows of the module, and whether this folder has a build with the same bytes. It works for any
image.

  parity image verify registry.example.com/team/header-auth-go:v1
  parity image verify oci://ghcr.io/team/plugin@sha256:… --cases my-cases     and run a table on its module

Flags
  --cases DIR          run this table on the module: a folder with contract.yaml and cases
  --wasm FILE          the module must have the same bytes as this file
  --out FILE           write the module to this file
  --insecure           allow plain HTTP, and HTTPS with any certificate. Loopback and private addresses may use plain
                       HTTP without it, and so does every registry for Istio and Envoy Gateway.
  --timeout DURATION   how long the pull may take (default 10m). A registry that sends nothing for 30s is given up.

It uses the credentials of docker login and podman login. Istio and Envoy Gateway have their own: a pull secret.

Exit codes: 0 both would pull it, and the current Envoy would load it; 1 not so, or a case fails, or --wasm has other
bytes; 2 the call is wrong; 3 the registry can't be reached, or has no such image, or refuses.
`

// imageVerify is a call of "image verify".
type imageVerify struct {
	options          image.PullOptions
	cases, wasm, out string
	stdout, stderr   io.Writer
}

func runImageVerify(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	v := imageVerify{stdout: stdout, stderr: stderr}
	flags := flag.NewFlagSet("image verify", flag.ContinueOnError)
	flags.StringVar(&v.cases, "cases", "", "")
	flags.StringVar(&v.wasm, "wasm", "", "")
	flags.StringVar(&v.out, "out", "", "")
	flags.BoolVar(&v.options.Insecure, "insecure", false, "")
	timeout := flags.Duration("timeout", imageTimeout, "")
	references, code, done := parseArgs(flags, args, imageVerifyHelp, stdout, stderr)
	if done {
		return code
	}
	if len(references) != 1 {
		fmt.Fprintf(stderr, "parity image verify: %d references: expected one; see parity image verify --help\n",
			len(references))
		return 2
	}
	v.options.Reference = references[0]
	good, err := v.run(ctx, *timeout)
	switch {
	case err != nil:
		return imageExit("verify", err, stderr)
	case !good:
		return 1
	}
	return 0
}

// run says whether everybody takes the image. It prints what it has found before it runs a table.
func (v *imageVerify) run(ctx context.Context, timeout time.Duration) (good bool, err error) {
	var want []byte
	if v.wasm != "" {
		if want, err = image.ReadModule(v.wasm); err != nil {
			return false, err
		}
	}
	s := selection{cases: v.cases}
	if root, err := build.FindRoot(); err == nil {
		s.root = root
	}
	if v.cases != "" { // the table may have errors: better said before a long pull
		if _, _, err := s.loadTable(); err != nil {
			return false, err
		}
	}
	if err := writable(v.out); err != nil {
		return false, err
	}
	p, err := v.pull(ctx, timeout)
	if err != nil {
		return false, err
	}
	var b strings.Builder
	writeImage(&b, p)
	good = !p.Refused()
	if p.Wasm == nil {
		return false, v.print(&b)
	}
	if text := localBuild(s.root, repositoryName(p.Reference), p); text != "" {
		imageRow(&b, "local build", text)
	}
	if differs := p.Compare(want); want != nil && differs != "" {
		imageRow(&b, "--wasm", "not "+v.wasm+", which differs "+differs)
		good = false
	} else if want != nil {
		imageRow(&b, "--wasm", "the same bytes as "+v.wasm)
	}
	if v.out != "" {
		if err := replaceFile(v.out, p.Wasm); err != nil {
			return false, err
		}
	}
	loads, err := v.inspect(ctx, &b, p.Wasm)
	if err == nil {
		err = v.print(&b)
	}
	if err != nil || !loads || v.cases == "" {
		return good && loads, err
	}
	conformant, err := v.table(ctx, &s, p.Wasm)
	return good && conformant, err
}

func (v *imageVerify) pull(ctx context.Context, timeout time.Duration) (*image.Pulled, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return image.Pull(ctx, v.options)
}

func (v *imageVerify) print(b *strings.Builder) error {
	_, err := io.WriteString(v.stdout, b.String())
	return err
}

// inspect adds what parity inspect shows, and says whether the current Envoy would load the module.
func (v *imageVerify) inspect(ctx context.Context, b *strings.Builder, wasm []byte) (loads bool, err error) {
	m := imageModule{wasm: wasm}
	if m.found, err = load.Inspect(wasm); err != nil {
		imageRow(b, "Envoy", "refuses the module: "+printable(err.Error()))
		return false, nil
	}
	if err := (pluginStart{deadline: suite.Deadline}).try(ctx, wasm, m.found, m.found.Verdicts); err != nil {
		return false, err
	}
	answer := "loads the module"
	if faults := m.faults(); len(faults) > 0 {
		answer = "refuses the module: " + faultText(faults[0])
	}
	imageRow(b, "Envoy", answer)
	b.WriteString("\n")
	if err := renderInspection(b, "plugin.wasm", m.found, false); err != nil {
		return false, err
	}
	return len(m.faults()) == 0, ctx.Err()
}

func (v *imageVerify) table(ctx context.Context, s *selection, wasm []byte) (conformant bool, err error) {
	r, err := tableOn(ctx, s, wasm, v.stderr)
	if err != nil {
		return false, err
	}
	fmt.Fprintln(v.stdout)
	return r.Conformant(), conformance.Text(v.stdout, r, conformance.TextOptions{Color: colours(v.stdout)})
}

// writeImage writes what the registry has, and what each reader makes of it.
func writeImage(b *strings.Builder, p *image.Pulled) {
	imageRow(b, "image", p.Reference)
	if p.IndexDigest != "" {
		imageRow(b, "index digest", p.IndexDigest)
		imageRow(b, "", "an index: both choose what it has for linux/amd64")
	}
	if p.Format != "" {
		imageRow(b, "format", string(p.Format))
	}
	for _, label := range p.Labels {
		imageRow(b, "label", label.Name+"="+label.Value)
	}
	for _, verdict := range p.Verdicts {
		answer := "pulls it"
		if verdict.Refused != "" {
			answer = "refuses it: " + verdict.Refused
		}
		imageRow(b, verdict.Reader, answer)
		if verdict.Note != "" {
			imageRow(b, "", verdict.Note)
		}
	}
	imageDigests(b, p.ManifestDigest, p.FileSHA256, p.Pinned)
}

// repositoryName is the last part of an image's name.
func repositoryName(reference string) string {
	reference, _, _ = strings.Cut(reference, "@")
	name := reference[strings.LastIndexByte(reference, '/')+1:]
	name, _, _ = strings.Cut(name, ":")
	return name
}
