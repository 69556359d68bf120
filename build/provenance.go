package build

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"path/filepath"
	"strings"

	"github.com/header-auth/header-auth/internal/input"
	"github.com/header-auth/header-auth/toolchain"
)

// Provenance says how a module was built. It is stored beside the module as dist/NAME.json. It contains no path and no
// date, so that two people who build the same sources get the same file.
type Provenance struct {
	Schema   string   `json:"schema"` // "header-auth/build/v1"
	Name     string   `json:"name"`
	Language string   `json:"language"`
	SDK      SDK      `json:"sdk"`
	Compiler Compiler `json:"compiler"`
	Flags    []string `json:"flags"`
	Command  []string `json:"command"` // as in builds.yaml, ${variables} unexpanded
	SHA256   string   `json:"sha256"`  // of the module, in hex
	Size     int      `json:"size"`    // of the module, in bytes
	Key      string   `json:"key"`     // digest of entry, compiler and sources
}

// Compiler is a toolchain.Tool without the paths of this machine.
type Compiler struct {
	Name    string   `json:"name"`
	Version string   `json:"version"`
	Details []string `json:"details"`
}

const provenanceSchema = "header-auth/build/v1"

func provenance(b Build, tool *toolchain.Tool, key, sum string, size int) Provenance {
	return Provenance{
		Schema:   provenanceSchema,
		Name:     b.Name,
		Language: b.Language,
		SDK:      b.SDK,
		Compiler: Compiler{tool.Name, tool.Version, tool.Details},
		Flags:    b.Flags,
		Command:  b.Recipe.Command,
		SHA256:   sum,
		Size:     size,
		Key:      key,
	}
}

// provenanceOf is the file with a module's provenance.
func provenanceOf(module string) string { return strings.TrimSuffix(module, ".wasm") + ".json" }

func (p Provenance) save(file string) error {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(p); err != nil {
		return err
	}
	return replaceFile(file, text.Bytes())
}

// upToDate gives the provenance of a module if it has this key and the module has not been changed since.
func upToDate(root string, b Build, key string) (p Provenance, ok bool) {
	file := filepath.Join(root, filepath.FromSlash(b.Wasm))
	text, err := input.ReadRegular(provenanceOf(file), mostFile)
	if err != nil || json.Unmarshal(text, &p) != nil || p.Schema != provenanceSchema || p.Key != key {
		return Provenance{}, false
	}
	module, err := input.ReadRegular(file, mostFile)
	if err != nil {
		return Provenance{}, false
	}
	sum := sha256.Sum256(module)
	return p, hex.EncodeToString(sum[:]) == p.SHA256
}
