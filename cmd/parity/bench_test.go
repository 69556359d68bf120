package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/header-auth/header-auth/host/profile"
)

// TestUsual: in any folder a run of all its builds in the usual scenarios is the usual one, with
// the budgets that are there.
func TestUsual(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "builds.yaml"), []byte(`table: table
builds:
  - {name: own, language: none, sdk: {name: none, version: "1"}, compiler: cp, recipe: {command: ["${cp}"]}, sources: [x], wasm: dist/own.wasm}
`))
	write(t, filepath.Join(root, "table/contract.yaml"), []byte("name: own\nstrict: {reasons: false}\n"))
	write(t, filepath.Join(root, "table/all.yaml"), []byte("cases:\n  - {id: all/get, steps: [{request: {}, "+
		"want: {decision: allow}}]}\n"))
	t.Chdir(root)
	chosen := func(change func(*benchmark)) *benchmark {
		t.Helper()
		b := &benchmark{stdout: os.Stdout, stderr: os.Stderr}
		b.engine, b.profile, b.allocate = "wazero", profile.Default.String(), "envoy"
		change(b)
		if err := b.choose(t.Context()); err != nil {
			t.Fatal(err)
		}
		return b
	}
	b := chosen(func(*benchmark) {})
	if dir, _ := b.reportFolder(true); !b.usual() || b.limits != nil || dir != filepath.Join(root, "dist/bench") {
		t.Errorf("usual %t, budgets %v, folder %s", b.usual(), b.limits, dir)
	}
	for _, change := range []func(*benchmark){
		func(b *benchmark) { b.speed = true },
		func(b *benchmark) { b.patterns = nameList{"all/get"} },
		func(b *benchmark) { b.builds = nameList{"own"} },
	} {
		if b := chosen(change); b.usual() {
			t.Errorf("usual: %+v", b)
		}
	}
	write(t, filepath.Join(root, "budgets.yaml"), []byte("\"*\": {size: 5MiB}\n"))
	if b := chosen(func(*benchmark) {}); b.limits == nil {
		t.Error("budgets.yaml of the folder is not read")
	}
}
