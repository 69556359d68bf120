package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"

	"golang.org/x/term"
)

// parseArgs is parseFlags for commands with arguments, which may be before, between or after the flags.
func parseArgs(flags *flag.FlagSet, args []string, help string, stdout, stderr io.Writer) (rest []string, code int, done bool) {
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	for {
		err := flags.Parse(args)
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprint(stdout, help)
			return nil, 0, true
		}
		if err != nil {
			fmt.Fprintf(stderr, "parity %s: %v; see parity %s --help\n", flags.Name(), err, flags.Name())
			return nil, 2, true
		}
		if flags.NArg() == 0 {
			return rest, 0, false
		}
		rest, args = append(rest, flags.Arg(0)), flags.Args()[1:]
	}
}

// colours says whether to use colours: on a terminal, unless NO_COLOR is set (no-color.org).
func colours(w io.Writer) bool { return isTerminal(w) && os.Getenv("NO_COLOR") == "" }

// width is the number of columns of w: COLUMNS, or the terminal's, or 160.
func width(w io.Writer) int {
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	if f, ok := w.(*os.File); ok {
		if n, _, err := term.GetSize(int(f.Fd())); err == nil && n > 0 {
			return n
		}
	}
	return 160
}
