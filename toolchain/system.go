package toolchain

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// system is what decides about the ways to install something here.
type system struct {
	os     string   // runtime.GOOS
	arch   string   // runtime.GOARCH
	distro string   // PRETTY_NAME of /etc/os-release
	apt    bool     // Debian, Ubuntu or a child of theirs, with apt-get
	root   []string // what goes before a command to run it as root: nothing, or sudo -n
	isRoot bool     // root is usable
	prefix string   // what goes before /usr, for tests
}

func thisSystem(ctx context.Context) system {
	s := system{os: runtime.GOOS, arch: runtime.GOARCH}
	release, err := os.Open("/etc/os-release")
	if err == nil {
		defer release.Close()
		family := ""
		for lines := bufio.NewScanner(release); lines.Scan(); {
			key, value, _ := strings.Cut(lines.Text(), "=")
			value = strings.Trim(value, `"'`)
			switch key {
			case "ID", "ID_LIKE":
				family += " " + value
			case "PRETTY_NAME":
				s.distro = value
			}
		}
		_, err := exec.LookPath("apt-get")
		s.apt = err == nil && (strings.Contains(family, "debian") || strings.Contains(family, "ubuntu"))
	}
	s.prefix = "/"
	if s.isRoot = os.Geteuid() == 0; !s.isRoot && s.apt {
		// -n: never ask for a password, a build is no place for a prompt.
		if exec.CommandContext(ctx, "sudo", "-n", "true").Run() == nil {
			s.root, s.isRoot = []string{"sudo", "-n"}, true
		}
	}
	return s
}

// at is a file that a package of the distribution puts there.
func (s system) at(path string) string { return filepath.Join(s.prefix, path) }

// name is how the system is called in a sentence.
func (s system) name() string {
	if s.distro != "" {
		return s.distro
	}
	return s.os
}
