package deploy

import (
	"encoding/json"
	"fmt"
)

// callout is a service that the plugin calls.
type callout struct {
	key     string // of the configuration: token or callout
	Cluster string `json:"cluster"`
	Host    string `json:"authority"`
	address Address
}

// callouts are the services of a configuration that the plugin accepts.
func (o *Options) callouts() ([]callout, error) {
	if len(o.Config) == 0 {
		return nil, o.unknownService(nil)
	}
	keys := map[string]json.RawMessage{}
	if err := json.Unmarshal(o.Config, &keys); err != nil {
		return nil, fmt.Errorf("read the plugin's configuration: %w", err)
	}
	var all []callout
	for _, key := range []string{"token", "callout"} {
		if keys[key] == nil {
			continue
		}
		c := callout{key: key}
		if err := json.Unmarshal(keys[key], &c); err != nil {
			return nil, fmt.Errorf("read the plugin's configuration: %s: %w", key, err)
		}
		if given, ok := o.Services[c.Cluster]; ok {
			c.address = given
		} else if c.address, _ = ParseAddress(c.Host); c.address.Host == "" {
			return nil, fmt.Errorf("%s.authority: %q is no address: say with --service %s=HOST:PORT where the service is",
				key, c.Host, c.Cluster)
		}
		all = append(all, c)
	}
	return all, o.unknownService(all)
}

// unknownService is an error when a service was given that the configuration does not call.
func (o *Options) unknownService(all []callout) error {
	called := map[string]bool{}
	for _, c := range all {
		called[c.Cluster] = true
	}
	for cluster := range o.Services {
		if !called[cluster] {
			return fmt.Errorf("--service %s=…: the configuration has no token.cluster or callout.cluster of this name", cluster)
		}
	}
	return nil
}

// clusters are the callouts, each cluster once.
func clusters(all []callout) []callout {
	var once []callout
	for _, c := range all {
		if len(once) == 0 || once[0].Cluster != c.Cluster {
			once = append(once, c)
		}
	}
	return once
}
