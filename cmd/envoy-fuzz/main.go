// Command envoy-fuzz holds package host against a real Envoy on scripts of host calls at random, and prints the
// shortest script of each difference. make envoy-fuzz runs it.
//
// Exit codes: 0 no difference; 1 differences; 2 wrong use; 3 no Envoy can be had, or it could not be run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/header-auth/header-auth/envoy/obtain"
	"github.com/header-auth/header-auth/envoy/probe"
	"github.com/header-auth/header-auth/envoy/proxy"
	"github.com/header-auth/header-auth/host/profile"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx)
	stop()
	os.Exit(code)
}

// call is how the command was called.
type call struct {
	limit   time.Duration
	seed    uint64
	release string
	file    string
	most    int
	asFound bool
	out     string
	record  string
}

func run(ctx context.Context) int {
	var c call
	flag.DurationVar(&c.limit, "time", time.Minute, "how long new scripts are made")
	flag.Uint64Var(&c.seed, "seed", uint64(time.Now().UnixNano()),
		"of the scripts; the same one makes the same scripts")
	flag.StringVar(&c.release, "release", "", "the release of Envoy, such as 1.37")
	flag.StringVar(&c.file, "envoy", "", "the program of an Envoy")
	flag.IntVar(&c.most, "most", 10, "differences after which it ends")
	flag.BoolVar(&c.asFound, "as-found", false, "do not shrink the scripts that differ")
	flag.StringVar(&c.out, "out", "", "a folder for the scripts that differ")
	flag.StringVar(&c.record, "record", "",
		"make no scripts: write this Envoy's answers to those of the folder into their files")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "envoy-fuzz: unexpected argument %q\n", flag.Arg(0))
		return 2
	}
	e, err := obtain.Find(ctx, obtain.Options{Root: ".", File: c.file, Version: c.release, Log: os.Stderr})
	if err == nil {
		_, err = proxy.Compiler()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "envoy-fuzz: NOT RUN:", err)
		return 3
	}
	minor := e.Version[:strings.LastIndexByte(e.Version, '.')]
	p, err := profile.Parse(minor)
	if err != nil {
		fmt.Fprintln(os.Stderr, "envoy-fuzz:", err)
		return 2
	}
	if c.record != "" {
		return recordAnswers(ctx, c.record, e.Path, minor, p)
	}
	return c.fuzz(ctx, e, minor, p)
}

// fuzz makes scripts at random and prints the differences.
func (c *call) fuzz(ctx context.Context, e obtain.Envoy, minor string, p profile.Profile) int {
	fmt.Printf("envoy-fuzz: Envoy %s (%s) against package host as %v, seed %d\n", e.Version, e.Origin, p, c.seed)
	runner := &probe.Runner{Program: e.Path}
	defer runner.Close()
	fuzzer := &probe.Fuzzer{Runner: runner, Profile: p, Seed: c.seed, AsFound: c.asFound}
	found := 0
	n, err := fuzzer.Run(ctx, c.limit, c.most, func(scripts int, d *probe.Difference) {
		if d != nil {
			found++
			c.show(found, d, minor)
		}
	})
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "envoy-fuzz:", err)
		return 3
	}
	fmt.Printf("\n%d scripts, %d differences\n", n, found)
	switch {
	case err != nil:
		return 3
	case found > 0:
		return 1
	}
	return 0
}

// show prints a difference, and writes it to the folder that was asked for.
func (c *call) show(number int, d *probe.Difference, minor string) {
	fmt.Printf("\ndifference %d: script %d of seed %d\n%s", number, d.Number, d.Seed, indent(d.Script.String()))
	fmt.Printf("host (-) and Envoy (+):\n%s", indent(probe.Compare(d.Host, d.OfEnvoy)))
	if c.out == "" {
		return
	}
	k := &probe.Kept{Name: fmt.Sprintf("found-%d-%d", d.Seed, d.Number), Script: d.Script,
		Answers: map[string]probe.Answer{minor: d.OfEnvoy}}
	if err := errors.Join(os.MkdirAll(c.out, 0o755), k.Write(c.out)); err != nil {
		fmt.Fprintln(os.Stderr, "envoy-fuzz:", err)
		return
	}
	fmt.Println("written to", filepath.Join(c.out, k.Name+".txt"))
}

// recordAnswers writes what an Envoy answers into the files of a folder.
func recordAnswers(ctx context.Context, dir, program, release string, p profile.Profile) int {
	kept, err := probe.Read(dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, "envoy-fuzz:", err)
		return 2
	}
	runner := &probe.Runner{Program: program}
	defer runner.Close()
	differ, err := probe.Record(ctx, kept, runner, release, p)
	if err != nil {
		fmt.Fprintln(os.Stderr, "envoy-fuzz:", err)
		return 3
	}
	for _, k := range kept {
		if err := k.Write(dir); err != nil {
			fmt.Fprintln(os.Stderr, "envoy-fuzz:", err)
			return 3
		}
	}
	for _, d := range differ {
		fmt.Printf("%s: host (-) and Envoy (+):\n%s", d.Name, indent(probe.Compare(d.Host, d.OfEnvoy)))
	}
	fmt.Printf("envoy-fuzz: %d scripts on Envoy %s; host/ differs on %d\n", len(kept), release, len(differ))
	if len(differ) > 0 {
		return 1
	}
	return 0
}

func indent(s string) string {
	return "  " + strings.ReplaceAll(strings.TrimSuffix(s, "\n"), "\n", "\n  ") + "\n"
}
