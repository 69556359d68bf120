package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/guest"
	"github.com/header-auth/header-auth/host"
)

// Count adds to the witnesses of one allowed and one refused scenario how many instructions a request takes. Where
// valgrind is missing it notes that. It writes the task for valgrind's program into folder.
func Count(ctx context.Context, c Config, r *evidence.Report, folder string, progress func(what string)) error {
	allow, refuse, err := allowedAndRefused(c.Table.Cases())
	if err != nil {
		return nil // Run has noted it
	}
	for i := range r.Witnesses {
		w := &r.Witnesses[i]
		if w.Scenario != allow.ID && w.Scenario != refuse.ID {
			continue
		}
		progress(fmt.Sprintf("instructions of %s in %s", w.Build, w.Scenario))
		t := task{Folder: c.Folder, Cases: []string{w.Scenario}, Modules: []moduleFile{{Build: w.Build}},
			Host: hostOf(c.Host), CacheDir: c.CacheDir}
		for _, s := range c.Subjects {
			if s.Name == w.Build {
				t.Modules[0].Path, t.Modules[0].Environment = s.Path, s.Environment
			}
		}
		text, err := json.Marshal(t)
		if err != nil {
			return err
		}
		file := filepath.Join(folder, "serve.json")
		if err := os.WriteFile(file, text, 0o644); err != nil {
			return err
		}
		command := func(n int) []string { return append(append([]string{}, c.Counted...), file, strconv.Itoa(n)) }
		w.Instructions, err = countInstructions(ctx, command, defaultCounting)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, errNoCounter):
			r.Run.Notes = append(r.Run.Notes, err.Error())
			return nil
		case err != nil:
			r.Run.Notes = append(r.Run.Notes, fmt.Sprintf("instructions of %s in %s: %v", w.Build, w.Scenario, err))
		}
	}
	return nil
}

// Serve is what runs under valgrind: it sends that many requests of a task's one scenario to its one module.
func Serve(ctx context.Context, e host.Expressions, file, requests string) error {
	n, err := strconv.Atoi(requests)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var t task
	if err := json.Unmarshal(text, &t); err != nil {
		return err
	}
	w, err := newWorker(&t, e, nil, func(finding) error { return nil })
	if err != nil {
		return err
	}
	wasm, ok := guest.Floor(t.Cases[0])
	if t.Modules[0].Build != evidence.Floor {
		wasm, err = os.ReadFile(t.Modules[0].Path)
	} else if !ok {
		return fmt.Errorf("no floor for %s", t.Cases[0])
	}
	if err != nil {
		return err
	}
	return serveAlone(ctx, wasm, w.optionsOf(t.Modules[0]), &w.cases[0], n)
}
