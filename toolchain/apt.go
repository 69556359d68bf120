package toolchain

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
)

// aptInstall is the command that a person can type.
func aptInstall(packages []string) string {
	return "sudo apt-get install -y --no-install-recommends " + strings.Join(packages, " ")
}

// installPackages runs apt-get. It does not let apt-get remove a package: the user may have installed another Rust of
// the distribution that conflicts with these packages.
func (s *search) installPackages(ctx context.Context, packages []string) error {
	log := filepath.Join(s.Cache, "apt.log")
	s.logf("installing %s's packages %s (log: %s)", s.name(), strings.Join(packages, " "), log)
	apt := func(args ...string) error {
		line := append(append([]string{}, s.root...), "env", "DEBIAN_FRONTEND=noninteractive", "apt-get",
			"-o", "DPkg::Lock::Timeout=120", "-y")
		_, err := s.run(ctx, command{args: append(line, args...), log: log, limit: s.TimeLimits.Apt})
		return err
	}
	// An unreachable source fails the update, but the packages may come from another source.
	if err := apt("update"); err != nil {
		s.logf("apt-get update failed; continuing with the package lists that are here")
	}
	if err := apt(append([]string{"install", "--no-install-recommends", "--no-remove"}, packages...)...); err != nil {
		return fmt.Errorf("install packages with apt-get: %w", err)
	}
	return nil
}

// canUseApt says whether apt can install packages here, and if not, why.
func (s *search) canUseApt() (ok bool, why string) {
	switch {
	case !s.apt:
		return false, "this project knows no packages for " + s.name()
	case !s.isRoot:
		return false, "installing packages needs root, or sudo without a password"
	}
	return true, ""
}
