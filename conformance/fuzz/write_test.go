package fuzz

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/header-auth/header-auth/conformance/model"
	"github.com/header-auth/header-auth/conformance/table"
)

// Every case that the dice can make up can be written, and means the same when the table loads it.
func TestWhatIsWrittenIsWhatWasFound(t *testing.T) {
	for seed := range uint64(300) {
		d := newDice(nil, seed+1)
		c := d.scenario(allKeys)
		if seed%3 == 0 {
			c = table.Case{Config: d.configuration(allKeys), GoodNone: true}
		}
		c = model.Expect(c)
		dir, err := Write(t.TempDir(), c, &Difference{Build: "x", Field: "y\n: \"", Wanted: "a\nb", Found: "\xff"})
		if err != nil {
			t.Fatal(err)
		}
		loaded, err := table.Load(dir)
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, content(dir))
		}
		ignore := cmpopts.IgnoreTypes(table.Position{})
		got := loaded.Cases()[0]
		got.Clauses, got.Why, got.GoodWhy, got.ID, got.Clock = nil, "", "", c.ID, c.Clock
		got.GoodNone = true // of a configuration that is refused, without a word
		if len(c.Steps) == 0 {
			got.Steps = nil
		}
		if diff := cmp.Diff(c, got, ignore, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("seed %d: found -, written +:\n%s", seed, diff)
		}
	}
}

func content(dir string) []byte {
	text, _ := os.ReadFile(filepath.Join(dir, "found.yaml"))
	return text
}
