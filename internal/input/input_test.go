package input

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("1234"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, read := range []func(string, int) ([]byte, error){Read, ReadRegular} {
		if b, err := read(file, 4); err != nil || string(b) != "1234" {
			t.Errorf("%q, %v", b, err)
		}
		if _, err := read(file, 3); err == nil || err.Error() != "read "+file+": it has more than 3 bytes" {
			t.Errorf("%v, want that it is too long", err)
		}
		if _, err := read(file+"s", 3); !os.IsNotExist(err) {
			t.Errorf("%v, want that it is not there", err)
		}
	}
	if runtime.GOOS == "windows" {
		return
	}
	if _, err := Read("/dev/zero", 2<<20); err == nil || !strings.Contains(err.Error(), "more than 2 MiB") {
		t.Errorf("/dev/zero: %v", err)
	}
	if _, err := ReadRegular("/dev/zero", 1); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Errorf("/dev/zero: %v", err)
	}
}
