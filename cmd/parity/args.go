package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/term"

	"github.com/header-auth/header-auth/build"
	"github.com/header-auth/header-auth/conformance/table"
	compilers "github.com/header-auth/header-auth/toolchain"
)

// parseArgs parses flags and returns the arguments, which may be before, between or after the flags. When it has
// printed the help on stdout, or an error in the call on stderr, done is true.
func parseArgs(flags *flag.FlagSet, args []string, help string, stdout, stderr io.Writer) (rest []string, code int,
	done bool) {
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	quiet := flags.Bool("quiet", false, "")
	if len(args) == 1 && args[0] == listFlags {
		flags.VisitAll(func(f *flag.Flag) {
			name := "--" + f.Name
			if !isSwitch(f) {
				name += "="
			}
			fmt.Fprintln(stdout, name)
		})
		return nil, 0, true
	}
	for {
		err := flags.Parse(args)
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprint(stdout, help)
			return nil, 0, true
		}
		if err != nil {
			text := err.Error()
			if name, ok := strings.CutPrefix(text, "flag provided but not defined: -"); ok {
				text = fmt.Sprintf("unknown flag --%s%s", name, didYouMean("--"+name, flagWords(flags)))
			}
			fmt.Fprintf(stderr, "parity %s: %s; see parity %s --help\n", flags.Name(), text, flags.Name())
			return nil, 2, true
		}
		if *quiet {
			setQuiet(stdout)
			setQuiet(stderr)
		}
		if flags.NArg() == 0 {
			return rest, 0, false
		}
		rest, args = append(rest, flags.Arg(0)), flags.Args()[1:]
	}
}

// parseFlags is parseArgs for commands without arguments.
func parseFlags(flags *flag.FlagSet, args []string, help string, stdout, stderr io.Writer) (code int, done bool) {
	rest, code, done := parseArgs(flags, args, help, stdout, stderr)
	if !done && len(rest) > 0 {
		fmt.Fprintf(stderr, "parity %s: unexpected argument %q; see parity %s --help\n", flags.Name(), rest[0], flags.Name())
		return 2, true
	}
	return code, done
}

// nameList is a flag that may be given several times.
type nameList []string

func (n *nameList) String() string { return strings.Join(*n, ",") }

func (n *nameList) Set(name string) error {
	*n = append(*n, name)
	return nil
}

// usageError is a mistake in the call of the command.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// exit prints an error and returns its exit code; 0 without an error.
func exit(command string, err error, stderr io.Writer) int {
	if err == nil {
		return 0
	}
	var wrong table.Errors
	switch {
	case errors.As(err, &wrong): // one line for each, with its place first
		fmt.Fprintf(stderr, "parity %s: the table has errors:\n%v\n", command, wrong)
	case errors.Is(err, context.Canceled):
		fmt.Fprintf(stderr, "parity %s: interrupted\n", command)
	default:
		fmt.Fprintf(stderr, "parity %s: %v\n", command, err)
	}
	return exitCode(err)
}

// exitCode is 2 for a mistake in the call, the table or a list, 3 for what this machine lacks or
// what was interrupted, and 1
// otherwise: then a module is wrong.
func exitCode(err error) int {
	var usage *usageError
	var wrong table.Errors
	var list *build.ListError
	var missing *compilers.MissingError
	switch {
	case err == nil:
		return 0
	case errors.Is(err, context.Canceled), errors.As(err, &missing):
		return 3
	case errors.As(err, &usage), errors.As(err, &wrong), errors.As(err, &list):
		return 2
	case ofMachine(err):
		return 3
	}
	return 1
}

// colours says whether to use colours: on a terminal, unless NO_COLOR is set (no-color.org).
func colours(w io.Writer) bool { return isTerminal(w) && os.Getenv("NO_COLOR") == "" }

func isTerminal(w io.Writer) bool {
	f := fileOf(w)
	if f == nil {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// widest is the most columns of any output: each line is filled with spaces up to there.
const widest = 1000

// width is the number of columns of w: COLUMNS, or the terminal's, or 160.
func width(w io.Writer) int {
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		return min(n, widest)
	}
	if f := fileOf(w); f != nil {
		if n, _, err := term.GetSize(int(f.Fd())); err == nil && n > 0 {
			return min(n, widest)
		}
	}
	return 160
}
