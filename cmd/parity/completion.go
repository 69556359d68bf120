package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
)

const completionHelp = `Usage: parity completion SHELL

Prints a script that completes commands, flags, builds, cases and formats in a shell: bash, zsh or fish.

  source <(parity completion bash)                                    in ~/.bashrc
  source <(parity completion zsh)                                     in ~/.zshrc, after compinit
  parity completion fish > ~/.config/fish/completions/parity.fish

Exit codes: 0; 2 the call is wrong.
`

// shells are those that completion knows.
var shells = []string{"bash", "zsh", "fish"}

// completeCommand prints the words that may follow the words of its arguments, of which the last is not finished; the
// scripts call it.
const completeCommand = "complete"

// The scripts leave everything to completeCommand, and offer files where it has no words.
var completionScripts = map[string]string{
	"bash": `_parity() {
	local IFS=$'\n'
	COMPREPLY=($("$1" ` + completeCommand + ` "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -o nosort -F _parity parity
`,
	"zsh": `_parity() {
	local -a found
	found=("${(@f)$("${words[1]}" ` + completeCommand + ` "${(@)words[2,CURRENT]}" 2>/dev/null)}")
	if [[ -n "$found" ]]; then compadd -V parity -a found; else _files; fi
}
compdef _parity parity
`,
	"fish": `complete -c parity -k -a '(set -l w (commandline -opc); $w[1] ` + completeCommand + ` $w[2..] (commandline -ct) 2>/dev/null)'
`,
}

// runCompletion is the command "completion".
func runCompletion(_ context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("completion", flag.ContinueOnError)
	rest, code, done := parseArgs(flags, args, completionHelp, stdout, stderr)
	if done {
		return code
	}
	if len(rest) != 1 || !slices.Contains(shells, rest[0]) {
		word := strings.Join(rest, " ")
		return exit("completion", usagef("%q: expected one of %s%s", word, strings.Join(shells, ", "),
			didYouMean(word, shells)), stderr)
	}
	fmt.Fprint(stdout, completionScripts[rest[0]])
	return 0
}

func runComplete(_ context.Context, args []string, stdout, _ io.Writer) int {
	for _, word := range completions(args) {
		fmt.Fprintln(stdout, word)
	}
	return 0
}

// completions are the words that may stand in place of the last one, which begin with it.
func completions(words []string) []string {
	if len(words) == 0 {
		words = []string{""}
	}
	last := words[len(words)-1]
	var all []string
	if len(words) == 1 {
		all = append(commandNames(), "--help", "--version")
	} else if c, ok := find(words[0]); ok {
		all = following(c, words[1:len(words)-1], last)
	}
	return slices.DeleteFunc(all, func(word string) bool { return !strings.HasPrefix(word, last) })
}

// following are the words after those of a command's call.
func following(c command, before []string, last string) []string {
	flags := flagsOf(c, before...)
	takesValue := func(word string) bool { return slices.Contains(flags, dashes(word)+"=") }
	var v vocabulary
	var loose []string // words that belong to no flag
	for i, word := range before {
		switch {
		case strings.HasPrefix(word, "-"):
			if dashes(word) == "--cases" && i+1 < len(before) {
				v.folder = before[i+1]
			}
		case i == 0 || !takesValue(before[i-1]):
			loose = append(loose, word)
		}
	}
	if len(before) > 0 && takesValue(before[len(before)-1]) {
		return values(c.name, strings.TrimLeft(before[len(before)-1], "-"), &v)
	}
	if strings.HasPrefix(last, "-") {
		var names []string
		for _, f := range append(flags, "--help") {
			names = append(names, strings.TrimSuffix(f, "="))
		}
		return names
	}
	return arguments(c.name, loose, &v)
}

// dashes is a flag as it is listed: package flag takes one dash as well.
func dashes(word string) string { return "--" + strings.TrimLeft(word, "-") }
