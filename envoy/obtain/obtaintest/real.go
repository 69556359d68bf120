// Package obtaintest gives a real Envoy to tests.
package obtaintest

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/header-auth/header-auth/envoy/obtain"
)

// Real is an Envoy of this machine, of any known release. Without one the test is skipped, or fails when
// HEADER_AUTH_ENVOY=required.
func Real(t testing.TB) obtain.Envoy {
	t.Helper()
	return Release(t, "")
}

// Release is Real for one release, such as "1.37".
func Release(t testing.TB, release string) obtain.Envoy {
	t.Helper()
	_, file, _, _ := runtime.Caller(0)
	root := filepath.Join(filepath.Dir(file), "..", "..", "..")
	e, err := obtain.Find(t.Context(), obtain.Options{Root: root, Version: release})
	if err != nil {
		if os.Getenv("HEADER_AUTH_ENVOY") == "required" {
			t.Fatal(err)
		}
		t.Skipf("NO ENVOY, SO THIS IS NOT TESTED: %v", err)
	}
	return e
}
