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
	"github.com/header-auth/header-auth/report"
)

// precedent is the last report that was conformant, kept under everything it depends on. A red one is never kept: who
// looks for a fault wants to see it happen.
type precedent struct {
	file string // "": there is none
	key  string
}

// remember takes the digest of all that a verdict depends on: this program, which the host and the suite are part of,
// the modules and what is said of them, the cases, the options of the host.
func remember(root string, o host.Options, t *table.Table, modules []module) precedent {
	digest := sha256.New()
	program, err := os.Executable()
	if err != nil {
		return precedent{}
	}
	if err := addFile(digest, program); err != nil {
		return precedent{}
	}
	fmt.Fprintf(digest, "%+v\n%s\n", o, t.Digest)
	for _, c := range t.Cases() {
		fmt.Fprintln(digest, c.ID)
	}
	for _, m := range modules {
		if m.Err != nil {
			return precedent{} // it could be well the next time
		}
		fmt.Fprintf(digest, "%q %x %+v %+v\n", m.Name, sha256.Sum256(m.Wasm), m.Known, m.about)
	}
	return precedent{filepath.Join(root, ".cache", "conformant"), fmt.Sprintf("%x", digest.Sum(nil))}
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

// recall gives the report, nil if there is none or anything has changed.
func (p precedent) recall() *report.Report {
	text, err := os.ReadFile(p.file)
	if p.file == "" || err != nil {
		return nil
	}
	key, text, _ := bytes.Cut(text, []byte("\n"))
	if string(key) != p.key {
		return nil
	}
	r, err := report.Parse(text)
	if err != nil || !r.Conformant() {
		return nil
	}
	return r
}

// keep notes a conformant report. That it can't is no fault of the check: the next one runs the table.
func (p precedent) keep(r *report.Report) {
	if p.file == "" || !r.Conformant() {
		return
	}
	text := bytes.NewBufferString(p.key + "\n")
	if report.JSON(text, r) == nil {
		_ = replaceFile(p.file, text.Bytes())
	}
}
