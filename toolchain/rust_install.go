package toolchain

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
)

// rustupCanInstall says whether only the target is missing. Updating a Rust that is too old is the user's decision.
func (s *search) rustupCanInstall(ctx context.Context) bool {
	if _, err := lookPath("rustup"); err != nil {
		return false
	}
	path, err := lookPath("rustc")
	if err != nil {
		return false
	}
	r, err := s.askRustc(ctx, path)
	return err == nil && !older(r.version, s.Rust.AtLeast)
}

func (s *search) installRust(ctx context.Context) error {
	var failed error
	if s.rustupCanInstall(ctx) {
		s.logf("asking rustup for the target %s", s.Rust.Target)
		_, failed = s.run(ctx, command{
			args: []string{"rustup", "target", "add", s.Rust.Target},
			log:  filepath.Join(s.Cache, "rustup.log"), limit: s.TimeLimits.Rustup,
		})
		if failed == nil {
			if tool, lack := s.rustOnPath(ctx); tool == nil {
				failed = fmt.Errorf("add the target %s with rustup: rustup succeeded, but %s", s.Rust.Target, lack)
			}
		}
		if failed == nil {
			return nil
		}
		s.logf("rustup failed: %v", failed)
	}
	if ok, why := s.canUseApt(); !ok {
		return errors.Join(failed, errors.New(why))
	}
	return s.installPackages(ctx, s.Rust.Debian)
}
