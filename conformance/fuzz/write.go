package fuzz

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/header-auth/header-auth/conformance/table"
)

const contract = "name: header-auth\nstrict: {actions: true}\nclauses:\n  - {id: \"1.2\", text: \"Found by fuzzing: " +
	"see ../../../README.md.\"}\n"

// Write writes a case into a folder of its own below dir and returns the folder: a table for `parity check --cases`.
// The case wants what the model expects.
func Write(dir string, c table.Case, d *Difference) (string, error) {
	nameless, err := caseFile(c, "", d)
	if err != nil {
		return "", err
	}
	name := fmt.Sprintf("case-%08x", crc32.ChecksumIEEE(nameless)) // the same case found again is the same file
	found, err := caseFile(c, name, d)
	if err != nil {
		return "", err
	}
	dir = filepath.Join(dir, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("write case: %w", err)
	}
	for file, content := range map[string][]byte{"contract.yaml": []byte(contract), "found.yaml": found} {
		path := filepath.Join(dir, file)
		if err := os.WriteFile(path+".tmp", content, 0o644); err != nil {
			return "", fmt.Errorf("write case: %w", err)
		}
		if err := os.Rename(path+".tmp", path); err != nil {
			return "", fmt.Errorf("write case: %w", err)
		}
	}
	return dir, nil
}

// caseFile is a file with this case, which begins with the difference as a comment.
func caseFile(c table.Case, name string, d *Difference) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s of %s differs.\n#   expected: %s\n#   found:    %s\n", oneLine(d.Field), d.Build,
		oneLine(d.Wanted), oneLine(d.Found))
	err := yaml.NewEncoder(&b, yaml.IndentSequence(true)).Encode(yamlFile{Breaks: "Found by fuzzing.",
		Cases: []yamlCase{newYAMLCase(c, name, d)}})
	if err != nil {
		return nil, fmt.Errorf("write case: %w", err)
	}
	return b.Bytes(), nil
}

// oneLine is a text without line breaks, for a comment.
func oneLine(s string) string {
	q := strconv.QuoteToASCII(s)
	return strings.ReplaceAll(q[1:len(q)-1], `\"`, `"`)
}
