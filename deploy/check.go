package deploy

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/abi"
)

// RefusedError is a configuration that the plugin does not start with.
type RefusedError struct {
	Line string // what the plugin logged, or why it could not say anything
}

func (e *RefusedError) Error() string { return e.Line }

// StartTime is how long a plugin may take to read its configuration: the deadline of the module that Check gets.
const StartTime = 10 * time.Second

// Check starts the plugin with a configuration, as Envoy would. A *RefusedError says what the plugin says.
func Check(ctx context.Context, m *host.Module, config []byte) error {
	var line string
	vm, err := m.NewVM(ctx, host.VMConfig{
		LogLevel: abi.LogError,
		Log: func(l host.LogLine) {
			if line == "" {
				line = l.Text
			}
		},
		Clusters: func(string) host.ClusterState { return host.ClusterReady },
	})
	var failed *host.Failure
	if errors.As(err, &failed) {
		return &RefusedError{err.Error()}
	}
	if err != nil {
		return fmt.Errorf("start the plugin: %w", err)
	}
	defer vm.Close(ctx)
	p, err := vm.NewPlugin(ctx, host.PluginConfig{Name: "header-auth", Configuration: config})
	switch {
	case err == nil:
		return p.Close()
	case line != "":
		return &RefusedError{line}
	case errors.Is(err, host.ErrConfigureRefused), errors.Is(err, host.ErrStartRefused), errors.As(err, &failed):
		return &RefusedError{err.Error()}
	}
	return fmt.Errorf("start the plugin: %w", err)
}
