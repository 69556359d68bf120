package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/header-auth/header-auth/bench/evidence"
)

// workFolder is the folder of the modules under test and of the journal.
func (b *benchmark) workFolder() (work string, done func(), err error) {
	base := b.root
	if base == "" {
		base = b.dir
	}
	dir := filepath.Join(base, ".cache", "bench")
	if b.resume {
		if err = os.MkdirAll(dir, 0o755); err == nil {
			err = tryWriting(dir)
		}
		if err != nil {
			err = fmt.Errorf("--resume: %w", err)
		}
		return dir, func() {}, err
	}
	work, _, done, err = keptFolder(dir, "bench", b.stderr)
	return work, done, err
}

// key is the digest of everything that must be the same when a run is resumed.
func (b *benchmark) key(program string, p evidence.Plan) (string, error) {
	digest := sha256.New()
	if err := addFile(digest, program); err != nil {
		return "", err
	}
	plan, err := json.Marshal(p)
	if err != nil {
		return "", err
	}
	fmt.Fprintf(digest, "%s %d %s %s %q\n", plan, b.seed, answers(b.options), b.table.Digest,
		strings.Join(b.patterns, "\n"))
	for _, m := range b.tested {
		fmt.Fprintf(digest, "%q %s\n", m.Name, m.SHA256)
	}
	return fmt.Sprintf("%x", digest.Sum(nil)), nil
}
