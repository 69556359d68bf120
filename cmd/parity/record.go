package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/header-auth/header-auth/conformance/record"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/internal/input"
	"github.com/header-auth/header-auth/internal/yamlcheck"
)

const recordHelp = `Usage: parity record --wasm NAME=FILE [flags] REQUESTS.yaml

Runs the requests of a file on a module and writes a table that wants what the module does today, in full. REQUESTS.yaml
is a file of cases whose steps have no want; its comments and the order of its keys are kept:

  cases:
    - id: token/absent                       # token.yaml: the part before the slash is the file's name
      steps:
        - request: {path: /orders}

  parity record --wasm mine=plugin.wasm --out my-cases token.yaml
  parity check --wasm mine=plugin.wasm --cases my-cases

Then read what was written, and cut it down to what must be so ("has", "lacks", patterns). What a module does today is
no proof that it is right.

Flags
  --wasm NAME=FILE  the module, with a name for it
  --build, --no-build, --engine, --profile, --allocator, --deadline
                    which build of builds.yaml instead, and on which host: as for parity check
  --out DIR         the folder of the table (default: the table of the build, and cases with --wasm); contract.yaml is
                    written if there is none
  --force           replace the file of cases that is there

Exit codes: 0 all cases are written; 1 the module does something in a case that no case can want, such as a trap: the
others are written; 2 the call or the file is wrong; 3 a file can't be written.
`

// recording is a call of "record".
type recording struct {
	selection
	path   string // of the file of requests
	out    string // the folder of the table
	force  bool
	stdout io.Writer
	stderr io.Writer
}

// runRecord is the command "record".
func runRecord(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	r := recording{stdout: stdout, stderr: stderr}
	flags := flag.NewFlagSet("record", flag.ContinueOnError)
	r.flags(flags)
	flags.StringVar(&r.out, "out", "", "")
	flags.BoolVar(&r.force, "force", false, "")
	paths, code, done := parseArgs(flags, args, recordHelp, stdout, stderr)
	if done {
		return code
	}
	left, err := r.run(ctx, paths)
	if err == nil && left > 0 {
		return 1
	}
	return exit("record", err, stderr)
}

// run gives the number of cases that were left out.
func (r *recording) run(ctx context.Context, paths []string) (left int, err error) {
	requests, err := r.choose(paths)
	if err != nil {
		return 0, err
	}
	name, cases, err := r.observe(ctx, requests)
	if err != nil {
		return 0, err
	}
	for _, c := range cases {
		if why := c.Unsaid(); why != "" {
			fmt.Fprintf(r.stdout, "%s: %s is left out: %s\n", c.Position, c.ID, why)
			left++
		}
	}
	if left == len(cases) {
		return left, nil
	}
	file, err := r.write(requests.Groups[0].Name, cases)
	if err != nil {
		return 0, err
	}
	fmt.Fprintf(r.stdout, "%s: %d of %d cases, with what %s does today; cut it down to what must be so\n", file,
		len(cases)-left, len(cases), strings.TrimSpace(name))
	return left, nil
}

// choose finds everything that is wrong with the call, and reads the file of requests.
func (r *recording) choose(paths []string) (*table.Table, error) {
	if len(paths) != 1 {
		return nil, usagef("%d files, expected one file of requests; see parity record --help", len(paths))
	}
	if len(r.wasm)+len(r.builds) != 1 {
		return nil, usagef("%d modules, expected one, such as --wasm mine=plugin.wasm", len(r.wasm)+len(r.builds))
	}
	r.path = paths[0]
	requests, err := table.LoadRequests(r.path)
	var wrong table.Errors
	if err != nil && !errors.As(err, &wrong) {
		return nil, usagef("%v", err)
	}
	if err != nil {
		return nil, err
	}
	if r.out == "" {
		if r.out, err = r.newTable(); err != nil {
			return nil, err
		}
	}
	r.cases = r.out // so that the repository's own table is not looked for
	return requests, r.find()
}

// observe runs the cases on the module. After suite.MaxEnded cases in which a call had to be ended the rest is not run.
func (r *recording) observe(ctx context.Context, requests *table.Table) (name string, cases []record.Case, err error) {
	options, err := r.hostOptions(r.stderr)
	if err != nil {
		return "", nil, err
	}
	modules, err := r.modules(ctx, r.stderr)
	if err != nil {
		return "", nil, err
	}
	if modules[0].Err != nil {
		return "", nil, modules[0].Err
	}
	if err := r.giveBuilds(ctx, requests, modules, r.stderr); err != nil {
		return "", nil, err
	}
	runner := newRunner(options, 1)
	defer runner.Close()
	m, err := runner.Compile(ctx, modules[0].Wasm, modules[0].Environment)
	if err != nil {
		return "", nil, err
	}
	all := requests.Cases()
	ended := 0
	for i := range all {
		seen := suite.Observation{Failure: &suite.Failure{Kind: host.DeadlineExceeded.String(),
			In: "the cases before it", Reason: "not run"}}
		if ended < suite.MaxEnded {
			if seen, err = m.Observe(ctx, &all[i], nil); err != nil {
				return "", nil, err
			}
		}
		if seen.Failure != nil && seen.Failure.Ends() {
			ended++
		}
		cases = append(cases, record.Case{Case: &all[i], Seen: seen})
	}
	return modules[0].Name, cases, nil
}

// write writes the file of cases of a group, and a contract.yaml where the folder has none.
func (r *recording) write(group string, cases []record.Case) (file string, err error) {
	file = filepath.Join(r.out, group+".yaml")
	source, err := input.ReadRegular(r.path, yamlcheck.MaxSource)
	if err != nil {
		return file, err
	}
	content, err := record.File(source, cases)
	if err != nil {
		return file, err
	}
	if err := writeNew(r.out, map[string][]byte{group + ".yaml": content}, r.force); err != nil {
		return file, err
	}
	if _, err := os.Stat(filepath.Join(r.out, "contract.yaml")); err != nil {
		contract := record.Contract(filepath.Base(filepath.Clean(r.out)))
		if err := writeNew(r.out, map[string][]byte{"contract.yaml": contract}, false); err != nil {
			return file, err
		}
	}
	if _, err := table.Load(r.out); err != nil { // a file that the requests take bytes from may be missing there
		return file, fmt.Errorf("%w\n(written all the same: %s)", err, file)
	}
	return file, nil
}

// newTable is the folder in which cases are written that the call gives no folder for.
func (s *selection) newTable() (string, error) {
	if !s.usesBuilds() {
		return "cases", nil
	}
	groups, err := s.groups()
	if err != nil {
		return "", err
	}
	return near(filepath.Join(s.root, filepath.FromSlash(groups[0].folder))), nil
}
