// config.go: the keys of the configuration. Each key reads its own value; the larger ones do so in a file of their
// own name (deny.go). Twin: config.rs.

package main

type config struct {
	header string   // lower case
	values []string // at least one, but in closedConfig
	deny   *deny
}

func defaultConfig() *config {
	return &config{header: "allow", values: []string{"true"}, deny: defaultDeny()}
}

// closedConfig allows nothing. It rules until a configuration was accepted, should a host send requests before.
func closedConfig() *config {
	c := defaultConfig()
	c.values = nil
	return c
}

// parseConfig reads a configuration; an empty document means {}. The error says where and what the first fault is.
func parseConfig(document string) (*config, error) {
	c := defaultConfig()
	if document == "" {
		return c, nil
	}
	v, err := readDocument(document)
	if err != nil {
		return nil, err
	}
	err = readObject("", v, func(path, key string, v value) (err error) {
		switch key {
		case "header":
			c.header, err = readHeaderName(path, v)
		case "values":
			c.values, err = readValues(path, v)
		case "deny":
			c.deny, err = readDeny(path, v)
		default:
			err = faultAt(path, unknownKey)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}

func readValues(path string, v value) ([]string, error) {
	items, err := readArray(path, v)
	if err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return nil, faultAt(path, noItem)
	}
	values := make([]string, len(items))
	for i, item := range items {
		if values[i], err = readHeaderValue(index(path, i), item); err != nil {
			return nil, err
		}
	}
	return values, nil
}
