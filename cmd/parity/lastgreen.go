package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/internal/input"
	"github.com/header-auth/header-auth/report"
)

// lastGreen is the last conformant report, stored with a digest of everything that it depends on. A red report is never
// stored, so that a failure is always shown by a new run.
type lastGreen struct {
	file   string // "": nothing is stored
	digest string
}

// newLastGreen takes the digest of this program, which contains the host and the suite, the modules, the cases and the
// options of the host.
func newLastGreen(root string, o host.Options, t *table.Table, modules []module) lastGreen {
	digest := sha256.New()
	program, err := os.Executable()
	if err != nil {
		return lastGreen{}
	}
	if err := addFile(digest, program); err != nil {
		return lastGreen{}
	}
	fmt.Fprintf(digest, "%s\n%s\n", answers(o), t.Digest)
	for _, c := range t.Cases() {
		fmt.Fprintln(digest, c.ID)
	}
	for _, m := range modules {
		if m.Err != nil {
			return lastGreen{} // the next run may have the module
		}
		fmt.Fprintf(digest, "%x %+v %+v\n", sha256.Sum256(m.Wasm), m.Build, m.Known)
	}
	return lastGreen{filepath.Join(root, ".cache", "conformant"), fmt.Sprintf("%x", digest.Sum(nil))}
}

// answers names the options that can change a result.
func answers(o host.Options) string {
	expressions := o.Expressions != nil
	o.CacheDir, o.CacheFault, o.Watch, o.Expressions = "", nil, nil, nil // of the rest each has its value in the text
	return fmt.Sprintf("%+v %t", o, expressions)
}

func addFile(w io.Writer, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(w, f)
	return err
}

// load returns the report, nil if there is none or the digest is another one.
func (l lastGreen) load() *report.Report {
	text, err := input.ReadRegular(l.file, mostResult)
	if l.file == "" || err != nil {
		return nil
	}
	digest, text, _ := bytes.Cut(text, []byte("\n"))
	if string(digest) != l.digest {
		return nil
	}
	r, err := report.Parse(text)
	if err != nil || !r.Conformant() {
		return nil
	}
	return r
}

// store stores a conformant report. An error is ignored, because the next check then runs the table.
func (l lastGreen) store(r *report.Report) {
	if l.file == "" || !r.Conformant() {
		return
	}
	text := bytes.NewBufferString(l.digest + "\n")
	if report.JSON(text, r) == nil {
		_ = replaceFile(l.file, text.Bytes())
	}
}
