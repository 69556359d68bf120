package toolchain

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
)

// aptInstall is the command that a person would type.
func aptInstall(packages []string) string {
	return "sudo apt-get install -y --no-install-recommends " + strings.Join(packages, " ")
}

// installPackages runs apt-get, and never lets it remove something for it: another Rust of the distribution's
// would be in the way, and it is the user's.
func (s *search) installPackages(ctx context.Context, packages []string) error {
	log := filepath.Join(s.cache, "apt.log")
	s.logf("installing %s's packages %s (log: %s)", s.name(), strings.Join(packages, " "), log)
	apt := func(args ...string) error {
		line := append(append([]string{}, s.root...), "env", "DEBIAN_FRONTEND=noninteractive", "apt-get",
			"-o", "DPkg::Lock::Timeout=120", "-y")
		_, err := s.run(ctx, command{args: append(line, args...), log: log, limit: s.TimeLimits.Apt})
		return err
	}
	// One source that can't be reached fails the update; the packages may come from another.
	if err := apt("update"); err != nil {
		s.logf("apt-get update failed, going on with the lists that are there")
	}
	if err := apt(append([]string{"install", "--no-install-recommends", "--no-remove"}, packages...)...); err != nil {
		return fmt.Errorf("install packages: %w", err)
	}
	return nil
}

// how tells whether apt can be used here, and if not, why.
func (s *search) how() (ok bool, why string) {
	switch {
	case !s.apt:
		return false, s.name() + " has no apt packages for it"
	case !s.isRoot:
		return false, "neither root nor sudo without a password"
	}
	return true, ""
}
