package fuzz

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/header-auth/header-auth/build"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
)

// environment is what variables of the environment say, beside -fuzztime:
//
//	SEED=7            draws other cases from the same bytes of the engine
//	KEYS=header,deny  draws only these keys of a configuration
//	DIST=folder       the folder of the modules, instead of that of make build
//	FOUND=folder      the folder for new cases, instead of found/
type environment struct {
	seed        uint64
	keys        []string
	dist, found string
}

func fromEnvironment(t testing.TB) environment {
	s := environment{keys: allKeys, dist: "../../dist", found: "found"}
	if text := os.Getenv("SEED"); text != "" {
		var err error
		if s.seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("read SEED: %v, expected a number from 0, such as SEED=7", err)
		}
	}
	if text := os.Getenv("KEYS"); text != "" {
		s.keys = strings.Split(text, ",")
	}
	if text := os.Getenv("DIST"); text != "" {
		s.dist = text
	}
	if text := os.Getenv("FOUND"); text != "" {
		s.found = text
	}
	return s
}

// readBuilds compiles the modules that `make build` has written into a folder.
func readBuilds(ctx context.Context, dir string) (Builds, error) {
	root, err := build.FindRoot()
	if err != nil {
		return nil, err
	}
	list, err := build.Load(filepath.Join(root, "builds.yaml"))
	if err != nil {
		return nil, err
	}
	var all Builds
	for _, b := range list.Builds {
		path := filepath.Join(dir, filepath.Base(b.Wasm))
		wasm, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("load build %s: %w, expected a module, run make build", b.Name, err)
		}
		module, err := host.Compile(ctx, wasm, host.Options{Deadline: suite.Deadline, MemoryPages: suite.MemoryPages,
			CacheDir: filepath.Join(root, ".cache", "wazero")})
		if err != nil {
			return nil, fmt.Errorf("load build %s: %w", b.Name, err)
		}
		all = append(all, compiled{b.Name, module, nil})
	}
	return all, nil
}

func loadBuilds(f *testing.F, s environment) Builds {
	builds, err := readBuilds(f.Context(), s.dist)
	if os.IsNotExist(unwrapped(err)) && os.Getenv("CI") == "" && os.Getenv("DIST") == "" {
		f.Skip(err)
	}
	if err != nil {
		f.Fatal(err)
	}
	return builds
}

// unwrapped is the path error in a chain of errors, or the innermost one.
func unwrapped(err error) error {
	if path := (*os.PathError)(nil); errors.As(err, &path) {
		return path
	}
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return err
}

// FuzzConfiguration uses the bytes as a configuration, or, with a number other than 0, as decisions about one that is
// made up.
func FuzzConfiguration(f *testing.F) {
	s := fromEnvironment(f)
	builds := loadBuilds(f, s)
	f.Add([]byte(`{}`), uint64(0))
	f.Add([]byte{}, uint64(1))
	f.Fuzz(func(t *testing.T, data []byte, twist uint64) {
		config := data
		if twist != 0 || s.seed != 0 {
			config = newDice(data, s.seed*31+twist).configuration(s.keys)
		}
		c := table.Case{ID: "found/case", Config: config, GoodNone: true}
		report(t, builds, s, c)
	})
}

// FuzzRequests uses the bytes as decisions about a configuration and what happens under it.
func FuzzRequests(f *testing.F) {
	s := fromEnvironment(f)
	builds := loadBuilds(f, s)
	for i := range 8 {
		f.Add([]byte{byte(i)})
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		report(t, builds, s, newDice(data, s.seed).scenario(s.keys))
	})
}

// report fails with the smallest case that shows the difference.
func report(t *testing.T, builds Builds, s environment, c table.Case) {
	c, d := builds.Compare(t.Context(), c)
	if d == nil {
		return
	}
	c, d = builds.Shrink(t.Context(), c, d)
	dir, err := Write(s.found, c, d)
	if err != nil {
		t.Error(err)
	}
	t.Fatalf("%s: %s: expected %s, found %s\nas a case: %s", d.Build, d.Field, d.Wanted, d.Found, dir)
}
