package toolchain

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
)

// rustupCanHelp tells whether only the target lacks: a Rust of rustup's that is too old is its owner's to update.
func (s *search) rustupCanHelp(ctx context.Context) bool {
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
	if s.rustupCanHelp(ctx) {
		s.logf("asking rustup for the target %s", s.Rust.Target)
		_, failed = s.run(ctx, command{
			args: []string{"rustup", "target", "add", s.Rust.Target},
			log:  filepath.Join(s.cache, "rustup.log"), limit: s.TimeLimits.Rustup,
		})
		if failed == nil {
			if tool, lack := s.rustOnPath(ctx); tool == nil {
				failed = fmt.Errorf("ask rustup for %s: done, but %s", s.Rust.Target, lack)
			}
		}
		if failed == nil {
			return nil
		}
		s.logf("rustup can't: %v", failed)
	}
	if ok, why := s.how(); !ok {
		return errors.Join(failed, errors.New(why))
	}
	return s.installPackages(ctx, s.Rust.Debian)
}
