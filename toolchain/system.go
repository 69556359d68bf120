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

// system describes this machine, as far as it decides how to install something.
type system struct {
	os     string   // runtime.GOOS
	arch   string   // runtime.GOARCH
	distro string   // PRETTY_NAME of /etc/os-release
	apt    bool     // Debian, Ubuntu or a distribution derived from them, with apt-get
	root   []string // the words before a command that make it run as root: none, or sudo -n
	isRoot bool     // commands can run as root
	prefix string   // the folder that contains usr: "/" except in tests
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
		// -n: never ask for a password. A build can't answer.
		if exec.CommandContext(ctx, "sudo", "-n", "true").Run() == nil {
			s.root, s.isRoot = []string{"sudo", "-n"}, true
		}
	}
	return s
}

// at is the place of a file that a package of the distribution installs.
func (s system) at(path string) string { return filepath.Join(s.prefix, path) }

// name is the system's name in a sentence.
func (s system) name() string {
	if s.distro != "" {
		return s.distro
	}
	return s.os
}
