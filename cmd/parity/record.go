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

Runs the requests of a file on a module and writes a table that wants what the module does today, in full. REQUESTS.yaml is a
file of cases whose steps have no want; its comments and the order of its keys are kept:

  cases:
    - id: token/absent                       # token.yaml: the part before the slash is the file's name
      steps:
        - request: {path: /orders}

  parity record --wasm mine=plugin.wasm --out my-cases token.yaml
  parity check --wasm mine=plugin.wasm --cases my-cases

Then read what was written, and cut it down to what must be so ("has", "lacks", patterns). What a module does today is no
proof that it is right.

Flags
  --wasm NAME=FILE  the module, with a name for it
  --build, --no-build, --engine, --profile, --allocator, --deadline
                    which build of builds.yaml instead, and on which host: as for parity check
  --out DIR         the folder of the table (default: the table of the build, and cases with --wasm); contract.yaml is
                    written if there is none
  --force           replace the file of cases that is there

Exit codes: 0 all cases are written; 1 the module does something in a case that no case can want, such as a trap: the others
are written; 2 the call or the file is wrong; 3 a file can't be written.
`

// runRecord is the command "record".
func runRecord(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var s selection
	flags := flag.NewFlagSet("record", flag.ContinueOnError)
	s.flags(flags)
	out := flags.String("out", "", "")
	force := flags.Bool("force", false, "")
	paths, code, done := parseArgs(flags, args, recordHelp, stdout, stderr)
	if done {
		return code
	}
	left, err := recordFile(ctx, &s, paths, *out, *force, stdout, stderr)
	if err == nil && left > 0 {
		return 1
	}
	return exit("record", err, stderr)
}

// recordFile gives the number of cases that were left out.
func recordFile(ctx context.Context, s *selection, paths []string, out string, force bool, stdout,
	stderr io.Writer) (left int, err error) {
	if len(paths) != 1 {
		return 0, usagef("%d files, expected one file of requests; see parity record --help", len(paths))
	}
	if len(s.wasm)+len(s.builds) != 1 {
		return 0, usagef("%d modules, expected one, such as --wasm mine=plugin.wasm", len(s.wasm)+len(s.builds))
	}
	requests, err := table.LoadRequests(paths[0])
	var wrong table.Errors
	if err != nil && !errors.As(err, &wrong) {
		return 0, usagef("%v", err)
	}
	if err != nil {
		return 0, err
	}
	if out == "" {
		if out, err = s.newTable(); err != nil {
			return 0, err
		}
	}
	s.cases = out // so that the repository's own table is not looked for
	if err := s.find(); err != nil {
		return 0, err
	}
	options, err := s.hostOptions(stderr)
	if err != nil {
		return 0, err
	}
	modules, err := s.modules(ctx, stderr)
	if err != nil {
		return 0, err
	}
	if modules[0].Err != nil {
		return 0, modules[0].Err
	}
	if err := s.giveBuilds(ctx, requests, modules, stderr); err != nil {
		return 0, err
	}
	runner := newRunner(options, 1)
	defer runner.Close()
	m, err := runner.Compile(ctx, modules[0].Wasm, modules[0].Environment)
	if err != nil {
		return 0, err
	}
	all := requests.Cases()
	cases := make([]record.Case, 0, len(all))
	ended := 0
	for i := range all {
		seen := suite.Observation{Failure: &suite.Failure{Kind: host.DeadlineExceeded.String(), In: "the cases before it",
			Reason: "not run"}}
		if ended < suite.MaxEnded {
			if seen, err = m.Observe(ctx, &all[i], nil); err != nil {
				return 0, err
			}
		}
		if seen.Failure != nil && seen.Failure.Ends() {
			ended++
		}
		if seen.Failure != nil && seen.Failure.Ends() {
			ended++
		}
		c := record.Case{Case: &all[i], Seen: seen}
		if why := c.Unsaid(); why != "" {
			fmt.Fprintf(stdout, "%s: %s is left out: %s\n", all[i].Position, all[i].ID, why)
			left++
		}
		cases = append(cases, c)
	}
	if left == len(all) {
		return left, nil
	}
	source, err := input.ReadRegular(paths[0], yamlcheck.MaxSource)
	if err != nil {
		return 0, err
	}
	content, err := record.File(source, cases)
	if err != nil {
		return 0, err
	}
	name := requests.Groups[0].Name + ".yaml"
	if err := writeNew(out, map[string][]byte{name: content}, force); err != nil {
		return 0, err
	}
	if _, err := os.Stat(filepath.Join(out, "contract.yaml")); err != nil {
		if err := writeNew(out, map[string][]byte{"contract.yaml": record.Contract(filepath.Base(filepath.Clean(out)))},
			false); err != nil {
			return 0, err
		}
	}
	if _, err := table.Load(out); err != nil { // a file that the requests take bytes from may be missing there
		return 0, fmt.Errorf("%w\n(written all the same: %s)", err, filepath.Join(out, name))
	}
	fmt.Fprintf(stdout, "%s: %d of %d cases, with what %s does today; cut it down to what must be so\n",
		filepath.Join(out, name), len(all)-left, len(all), strings.TrimSpace(modules[0].Name))
	return left, nil
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
