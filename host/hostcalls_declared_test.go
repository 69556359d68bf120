package host

import (
	"testing"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/profile"
)

// Package abi declares the host functions and this package has their work: neither has one that the other does not
// have.
func TestHostCallsAreDeclared(t *testing.T) {
	declared := map[string]bool{}
	for _, f := range abi.Functions(profile.Default) {
		declared[f.Name] = true
		if hostCalls[f.Name] == nil {
			t.Errorf("%s is declared and does nothing", f.Name)
		}
	}
	for name := range hostCalls {
		if !declared[name] {
			t.Errorf("%s is not declared", name)
		}
	}
}
