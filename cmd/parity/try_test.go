package main

import (
	"bufio"
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/header-auth/header-auth/envoy/obtain"
)

// TestTryLeavesNothing: an example ends with Ctrl-C, and its Envoy also ends when parity is killed.
func TestTryLeavesNothing(t *testing.T) {
	found, err := obtain.Find(t.Context(), obtain.Options{Root: root})
	if err != nil {
		if os.Getenv("HEADER_AUTH_ENVOY") == "required" {
			t.Fatal(err)
		}
		t.Skipf("NO ENVOY, SO THIS IS NOT TESTED: %v", err)
	}
	module := filepath.Join(root, "dist/rust.wasm")
	if _, err := os.Stat(module); err != nil && os.Getenv("CI") == "" {
		t.Skipf("NO MODULE, SO THIS IS NOT TESTED: %v; run make build", err)
	}
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGKILL} {
		t.Run(signal.String(), func(t *testing.T) {
			address, ended := tried(t, found.Path, module, signal)
			if signal == os.Interrupt && ended != nil {
				t.Errorf("it ended with %v, expected exit code 0", ended)
			}
			for end := time.Now().Add(30 * time.Second); ; {
				c, err := net.Dial("tcp", address)
				if err != nil {
					break
				}
				c.Close()
				if time.Now().After(end) {
					t.Fatal("Envoy still listens after 30 s")
				}
			}
		})
	}
}

// tried starts an example as a process of its own, which gets a signal as soon as it prints its first command.
func tried(t *testing.T, envoy, module string, signal os.Signal) (address string, ended error) {
	t.Helper()
	program := asParity(t)
	p := exec.Command(program, "try", "header-check", "--wasm", module, "--envoy", envoy)
	var errs bytes.Buffer
	p.Stderr = &errs
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if m := regexp.MustCompile(`^\$ curl .*localhost:(\d+)`).FindStringSubmatch(lines.Text()); m != nil && address == "" {
			address = "127.0.0.1:" + m[1]
			c, err := net.Dial("tcp", address)
			if err != nil {
				t.Errorf("Envoy does not listen: %v", err)
			} else {
				c.Close()
			}
			if err := p.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
		}
	}
	if ended = p.Wait(); address == "" {
		t.Fatalf("no command printed; %v: %s", ended, errs.String())
	}
	return address, ended
}

// asParity is this test as a program that does what parity does: TestMain goes by its name.
func asParity(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "parity")
	if err := os.Symlink(self, program); err != nil {
		t.Fatal(err)
	}
	return program
}

func TestTryRefuses(t *testing.T) {
	for args, says := range map[string]string{
		"try":                        `"": expected one of the examples ask-a-service, basic-auth, header-check, response-headers, token`,
		"try nothing":                `"nothing": expected one of the examples`,
		"try token --lang c":         "expected go or rust",
		"try token header-check":     "expected one of the examples",
		"try token --wasm none.wasm": "none.wasm",
		"try token --wasm deploy.go --envoy deploy.go": "deploy.go",
	} {
		var out, errs bytes.Buffer
		code := run(t.Context(), strings.Fields(args), &out, &errs)
		if code < 2 || !strings.Contains(errs.String(), says) {
			t.Errorf("%s: exit %d, %q; expected 2 or 3 and %q", args, code, errs.String(), says)
		}
	}
}
