package bench

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/header-auth/header-auth/build"
	"github.com/header-auth/header-auth/toolchain"
)

// toolSize is how many bytes a compiler takes on disk: its own tree and the libraries of its back end, each file once.
// Documentation and files that belong to the system are left out. 0: not known.
func toolSize(ctx context.Context, root string, tool *toolchain.Tool) (int64, error) {
	ask := func(args ...string) string {
		out, err := askTool(ctx, root, build.Build{}, tool, args)
		if err != nil {
			return ""
		}
		return strings.TrimSpace(string(out))
	}
	var places []string
	switch tool.Name {
	case "go":
		places = []string{ask(tool.Vars["go"][0], "env", "GOROOT")}
	case "tinygo":
		program := tool.Vars["tinygo"][0]
		places = []string{program, ask(program, "env", "TINYGOROOT")}
		places = append(places, programs(tool.Path, "wasm-ld", "wasm-opt")...)
		// A target file of this project names the files that it takes from the system.
		if target, err := os.ReadFile(tool.Vars["tinygo_target"][0]); err == nil {
			for _, m := range absolutePath.FindAllStringSubmatch(string(target), -1) {
				places = append(places, m[1])
			}
		}
	case "rust":
		bin := filepath.Dir(tool.Vars["cargo"][0])
		sysroot := filepath.Dir(bin)
		places = []string{filepath.Join(sysroot, "lib", "rustlib"), filepath.Join(bin, "rustc"), filepath.Join(bin, "cargo")}
		if sysroot != "/usr" {
			places = []string{filepath.Join(sysroot, "lib"), filepath.Join(sysroot, "libexec"), bin}
		}
	default:
		return 0, nil
	}
	for _, place := range places[:] {
		places = append(places, libraries(ctx, place)...)
	}
	return diskUse(places)
}

var (
	absolutePath = regexp.MustCompile(`"(?:-L)?(/[^"\s]+)"`)
	library      = regexp.MustCompile(`=> (/\S*(?:LLVM|clang|lld|rustc|libstd-|binaryen)\S*)`)
)

// programs are the named ones that are found in the folders or on PATH.
func programs(folders []string, names ...string) (found []string) {
	for _, name := range names {
		path, err := exec.LookPath(name)
		for _, folder := range folders {
			if file := filepath.Join(folder, name); err != nil {
				path, err = exec.LookPath(file)
			}
		}
		if err == nil {
			found = append(found, path)
		}
	}
	return found
}

// libraries are the libraries of compilers that a program loads; none for a folder, or where there is no ldd.
func libraries(ctx context.Context, program string) (found []string) {
	out, err := exec.CommandContext(ctx, "ldd", program).Output()
	if err != nil {
		return nil
	}
	for _, m := range library.FindAllStringSubmatch(string(out), -1) {
		found = append(found, m[1])
	}
	return found
}

// diskUse is the sum of the sizes of the files in and below places, each once, however many links point to it. A place
// that does not exist counts 0.
func diskUse(places []string) (bytes int64, err error) {
	seen := map[string]bool{}
	var add func(place string) error
	add = func(place string) error {
		real, err := filepath.EvalSymlinks(place)
		if errors.Is(err, fs.ErrNotExist) || err == nil && seen[real] {
			return nil
		}
		if err != nil {
			return err
		}
		seen[real] = true
		info, err := os.Stat(real)
		if err != nil {
			return err
		}
		if !info.IsDir() {
			bytes += info.Size()
			return nil
		}
		entries, err := os.ReadDir(real)
		for _, e := range entries {
			err = errors.Join(err, add(filepath.Join(real, e.Name())))
		}
		return err
	}
	for _, place := range places {
		if place == "" {
			continue
		}
		if err := add(place); err != nil {
			return 0, err
		}
	}
	return bytes, nil
}
