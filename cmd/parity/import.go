package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"strings"

	"github.com/header-auth/header-auth/build"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/conformance/textpb"
	"github.com/header-auth/header-auth/internal/input"
	"github.com/header-auth/header-auth/internal/words"
)

const importHelp = `Usage: parity import [flags] FILE.textpb…

Makes a table of the test files of a hosted service for plugins, which are in protobuf's text form (test { name: … }): a
folder with contract.yaml and a file of cases for each FILE. A test that a table can't say is listed with the reason.

  parity import --out my-cases tests.textpb
  parity check --wasm mine=plugin.wasm --cases my-cases

What a test expects is taken over, and nothing more: the cases want "has", "lacks" and patterns. Add to them what else
must be so: parity record shows what a module does today.

Flags
  --out DIR      the folder of the table (default: cases)
  --config FILE  the plugin's configuration, in place of the one that FILE.textpb names
  --force        replace files that are there

Exit codes: 0 the table is written; 2 the call or a file is wrong, or no test can be said; 3 a file can't be written.
`

// runImport is the command "import".
func runImport(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("import", flag.ContinueOnError)
	out := flags.String("out", "cases", "")
	config := flags.String("config", "", "")
	force := flags.Bool("force", false, "")
	paths, code, done := parseArgs(flags, args, importHelp, stdout, stderr)
	if done {
		return code
	}
	return exit("import", importTests(ctx, paths, *out, *config, *force, stdout), stderr)
}

func importTests(ctx context.Context, paths []string, out, config string, force bool, stdout io.Writer) error {
	if len(paths) == 0 {
		return usagef("no file of tests: expected one, such as tests.textpb; see parity import --help")
	}
	var given []byte
	if config != "" {
		var err error
		if given, err = readInput(ctx, config, mostConfig); err != nil {
			return wrongFile(ctx, err, "--config")
		}
		if given == nil {
			given = []byte{}
		}
	}
	files := map[string][]byte{"contract.yaml": textpb.Contract(filepath.Base(filepath.Clean(out)))}
	var groups []*textpb.Group
	said, all := 0, 0
	named := &namedFiles{content: map[string][]byte{}}
	for _, path := range paths {
		g, err := importFile(ctx, path, groupName(path, paths), given, named)
		if err != nil {
			return err
		}
		if files[g.Name+".yaml"] != nil {
			return usagef("%s: another file gives the group %s, too: expected different names, rename one", path, g.Name)
		}
		groups = append(groups, g)
		said, all = said+g.Said, all+g.Said+len(g.Unsaid)
		if g.Said > 0 {
			files[g.Name+".yaml"] = g.YAML()
			maps.Copy(files, g.Files)
		}
	}
	for i, g := range groups {
		for _, u := range g.Unsaid {
			fmt.Fprintf(stdout, "%s: test %s can't be said: %s\n", paths[i], printable(u.Test), printable(u.Why))
		}
	}
	if said == 0 {
		return usagef("no test of %d can be said: nothing was written", all)
	}
	if err := writeNew(out, files, force); err != nil {
		return err
	}
	if _, err := table.Load(out); err != nil { // other files of the folder may be wrong
		return err
	}
	module := "--wasm mine=plugin.wasm "
	if _, err := build.FindRoot(); err == nil { // its builds are checked
		module = ""
	}
	fmt.Fprintf(stdout, "%s: %d of %d tests, now run: parity check %s--cases %s\n", out, said, all, module,
		words.QuoteArg(out))
	return nil
}

func importFile(ctx context.Context, path, name string, config []byte, named *namedFiles) (*textpb.Group, error) {
	source, err := readInput(ctx, path, mostConfig)
	if err != nil {
		return nil, wrongFile(ctx, err)
	}
	suite, err := textpb.Parse(source)
	if err != nil {
		return nil, usagef("%s: %v", path, err)
	}
	g, err := textpb.Convert(name, suite, config, func(file string) ([]byte, error) {
		if !filepath.IsAbs(file) {
			file = filepath.Join(filepath.Dir(path), file)
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return named.read(file)
	})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, usagef("%s: %v: expected the file beside the tests (a configuration can be given by --config)", path, err)
	}
	return g, nil
}

// mostTestFiles is how many bytes the files of all tests may have together, a file for each test that names it.
const mostTestFiles = 256 << 20

// namedFiles are the files that tests name. Each is read once.
type namedFiles struct {
	content map[string][]byte
	bytes   int
}

func (n *namedFiles) read(file string) (content []byte, err error) {
	content, known := n.content[file]
	if !known {
		if content, err = input.ReadRegular(file, mostConfig); err != nil {
			return nil, err
		}
		n.content[file] = content
	}
	if n.bytes += len(content); n.bytes > mostTestFiles {
		return nil, fmt.Errorf("the files that the tests name have more than %d MiB, each as often as it is named",
			mostTestFiles>>20)
	}
	return content, nil
}

// groupName is the file's stem, with the folder's name in front when another file has the same stem.
func groupName(path string, all []string) string {
	stem := func(path string) string { return strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)) }
	for _, other := range all {
		if other != path && stem(other) == stem(path) {
			return filepath.Base(filepath.Dir(path)) + "-" + stem(path)
		}
	}
	return stem(path)
}
