package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"sync"
	"time"

	"github.com/docker/cli/cli/config/configfile"
	"github.com/docker/cli/cli/config/credentials"
	"github.com/docker/cli/cli/config/types"
	"github.com/docker/docker-credential-helpers/client"
	helper "github.com/docker/docker-credential-helpers/credentials"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
)

// helperLimit is how long a credential helper may take. Some ask a server.
const helperLimit = 30 * time.Second

// keychain finds the credentials for a registry where docker, podman and buildah keep them. It never fails: without
// credentials it is tried anonymously, and problem says what could not be read, for when the registry asks for them.
type keychain struct {
	ctx context.Context

	mu            sync.Mutex
	user, problem string
}

// found says whose credentials were used, "" for none, and what was wrong with those of this machine.
func (k *keychain) found() (user, problem string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.user, k.problem
}

// Resolve implements authn.Keychain.
func (k *keychain) Resolve(target authn.Resource) (authn.Authenticator, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.user, k.problem = "", ""
	for _, file := range credentialFiles() {
		found, err := k.fromFile(file, target)
		if err != nil && k.ctx.Err() == nil && k.problem == "" {
			k.problem = err.Error()
		}
		if found == (types.AuthConfig{}) {
			continue
		}
		k.user, k.problem = "a token", ""
		if found.Username != "" {
			k.user = oneLine(found.Username)
		}
		k.user += " in " + file
		return authn.FromConfig(authn.AuthConfig{
			Username: found.Username, Password: found.Password, Auth: found.Auth,
			IdentityToken: found.IdentityToken, RegistryToken: found.RegistryToken,
		}), nil
	}
	return authn.Anonymous, k.ctx.Err()
}

// credentialFiles are the files in which `docker login` and `podman login` write, those that exist.
func credentialFiles() []string {
	home, _ := os.UserHomeDir()
	docker := os.Getenv("DOCKER_CONFIG")
	if docker == "" && home != "" {
		docker = filepath.Join(home, ".docker")
	}
	config := os.Getenv("XDG_CONFIG_HOME")
	if config == "" && home != "" {
		config = filepath.Join(home, ".config")
	}
	var files []string
	for _, c := range []struct{ folder, file string }{
		{docker, "config.json"}, {filepath.Dir(os.Getenv("REGISTRY_AUTH_FILE")),
			filepath.Base(os.Getenv("REGISTRY_AUTH_FILE"))},
		{os.Getenv("XDG_RUNTIME_DIR"), "containers/auth.json"}, {config, "containers/auth.json"},
	} {
		file := filepath.Join(c.folder, c.file)
		if info, err := os.Stat(file); c.folder != "" && err == nil && !info.IsDir() {
			files = append(files, file)
		}
	}
	return files
}

// fromFile looks for the repository, then for the folders above it, then for its registry:
// podman logs in to any of them.
func (k *keychain) fromFile(file string, target authn.Resource) (types.AuthConfig, error) {
	f, err := os.Open(file)
	if err != nil {
		return types.AuthConfig{}, fmt.Errorf("read docker configuration: %w", err)
	}
	defer f.Close()
	config := configfile.New(file)
	if err := config.LoadFromReader(io.LimitReader(f, longestAnswer)); err != nil {
		return types.AuthConfig{}, fmt.Errorf("read docker configuration %s: %s: repair it, or move it away and log in again",
			file, oneLine(err.Error()))
	}
	store := credentials.NewFileStore(config)
	var first error
	for key := target.String(); key != "." && key != "/"; key = path.Dir(key) {
		server := key
		if key == name.DefaultRegistry {
			server = authn.DefaultAuthKey
		}
		if program := helperOf(config, key, server); program != "" && key == target.RegistryStr() {
			found, err := k.askHelper(program, file, server)
			if err == nil && found != (types.AuthConfig{}) {
				return found, nil
			}
			first = err
		}
		if found, err := store.Get(server); err == nil {
			found.ServerAddress = "" // the store sets it also when it has nothing
			if found != (types.AuthConfig{}) {
				return found, nil
			}
		}
	}
	return types.AuthConfig{}, first
}

func helperOf(config *configfile.ConfigFile, keys ...string) string {
	for _, key := range keys {
		if suffix := config.CredentialHelpers[key]; suffix != "" {
			return "docker-credential-" + suffix
		}
	}
	if config.CredentialsStore != "" {
		return "docker-credential-" + config.CredentialsStore
	}
	return ""
}

// askHelper runs a credential helper; without an entry for the server it returns nothing, and no error.
func (k *keychain) askHelper(program, file, server string) (types.AuthConfig, error) {
	if _, err := exec.LookPath(program); err != nil {
		return types.AuthConfig{}, fmt.Errorf("%s, which %s names, is not on PATH: install it, or take "+
			"credsStore and credHelpers out of that file and log in again", oneLine(program), file)
	}
	ctx, cancel := context.WithTimeout(k.ctx, helperLimit)
	defer cancel()
	found, err := client.Get(func(args ...string) client.Program {
		cmd := exec.CommandContext(ctx, program, args...)
		cmd.WaitDelay = time.Second
		return &command{cmd}
	}, server)
	switch {
	case helper.IsErrCredentialsNotFound(err):
		return types.AuthConfig{}, nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded) && k.ctx.Err() == nil:
		return types.AuthConfig{}, fmt.Errorf("%s, which %s names, did not end within %v", oneLine(program), file,
			helperLimit)
	case err != nil:
		return types.AuthConfig{}, fmt.Errorf("%s, which %s names: %s", oneLine(program), file, oneLine(err.Error()))
	case found.Username == "<token>": // the protocol's name for an identity token
		return types.AuthConfig{IdentityToken: found.Secret}, nil
	}
	return types.AuthConfig{Username: found.Username, Password: found.Secret}, nil
}

// command is a client.Program that ends with a context.
type command struct{ *exec.Cmd }

func (c *command) Input(in io.Reader) { c.Stdin = in }
