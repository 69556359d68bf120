package bench

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/host/load"
	"github.com/header-auth/header-auth/image"
)

// Size is how large a module is, in each form in which it is stored. The language is for the image's labels; compile
// compiles the module with a folder for compiled code. A module that does not load has none.
func Size(ctx context.Context, build, language string, wasm []byte,
	compile func(ctx context.Context, folder string) error) (evidence.Size, error) {
	i, err := load.Inspect(wasm)
	if err != nil {
		return evidence.Size{}, fmt.Errorf("inspect %s: %w", build, err)
	}
	s := evidence.Size{Build: build, Raw: i.Size, Stripped: i.Stripped, StrippedZip: i.StrippedZipped}
	for _, section := range i.Sections {
		name := section.Name
		if section.Custom() {
			name = "custom " + name
		}
		s.Sections = append(s.Sections, evidence.Section{Name: name, Bytes: section.Size})
	}
	for _, v := range i.Verdicts {
		l := evidence.Loads{Profile: v.Profile.String(), Loads: len(v.Faults) == 0}
		if !l.Loads {
			l.Reason = v.Faults[0].What
		}
		s.Profiles = append(s.Profiles, l)
	}
	if s.Zip, err = zipped(wasm); err != nil {
		return s, fmt.Errorf("compress %s: %w", build, err)
	}
	if s.Image, err = image.Size(language, wasm); err != nil {
		return s, fmt.Errorf("size of %s: %w", build, err)
	}
	if s.CacheOnDisk, err = compiledSize(ctx, compile); err != nil {
		return s, fmt.Errorf("size of %s: %w", build, err)
	}
	return s, nil
}

// zipped is the size after gzip -9.
func zipped(wasm []byte) (int, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return 0, err
	}
	_, err = w.Write(wasm)
	err = errors.Join(err, w.Close())
	return out.Len(), err
}

// compiledSize is what wazero keeps of a module on disk; 0 when the module does not load, or is interpreted.
func compiledSize(ctx context.Context, compile func(ctx context.Context, folder string) error) (int, error) {
	dir, err := os.MkdirTemp("", "header-auth-cache-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	err = compile(ctx, dir)
	var refused *load.Error
	switch {
	case errors.As(err, &refused):
		return 0, nil
	case err != nil:
		return 0, err
	}
	return folderSize(dir)
}

func folderSize(dir string) (size int, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			size += int(info.Size())
		}
		return err
	})
	return size, err
}
