// config.go: the keys of the configuration. Each key reads its own value; the larger ones do so in a file of their
// own name (deny.go, basic.go). Twin: config.rs.

package main

import "slices"

type config struct {
	header          string   // lower case
	values          []string // at least one, but in closedConfig
	basic           *basic   // in place of header and values; like all pointers here, nil when the key is not there
	deny            *deny
	requestHeaders  []pair
	responseHeaders []pair
	configHeader    string
	configText      string // of configHeader
	rateLimit       *rateLimit
	token           *token
	callout         *callout
	logHeaders      bool
	metrics         bool
}

func defaultConfig() *config {
	c := &config{header: "allow", values: []string{"true"}, deny: defaultDeny()}
	c.deny.encode()
	return c
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
	c.deny.status = 0 // not given
	var given []string
	err = readObject("", v, func(path, key string, v value) error {
		given = append(given, key)
		return c.readMember(path, key, v)
	})
	if err == nil {
		err = c.judge(given)
	}
	if err != nil {
		return nil, err
	}
	c.deny.encode()
	if c.configHeader != "" {
		c.configText = configText(document)
	}
	return c, nil
}

func (c *config) readMember(path, key string, v value) (err error) {
	switch key {
	case "header":
		c.header, err = readHeaderName(path, v)
	case "values":
		c.values, err = readValues(path, v)
	case "basic":
		c.basic, err = readBasic(path, v)
	case "deny":
		err = readDeny(path, v, c.deny)
	case "request_headers":
		c.requestHeaders, err = readHeaderPairs(path, v)
	case "response_headers":
		c.responseHeaders, err = readHeaderPairs(path, v)
	case "config_header":
		c.configHeader, err = readNameToSet(path, v)
	case "rate_limit":
		c.rateLimit, err = readRateLimit(path, v)
	case "token":
		c.token, err = readToken(path, v)
	case "callout":
		c.callout, err = readCallout(path, v)
	case "log_headers":
		c.logHeaders, err = readBoolean(path, v)
	case "metrics":
		c.metrics, err = readBoolean(path, v)
	default:
		err = faultAt(path, unknownKey)
	}
	return err
}

// judge looks at the keys together, and gives defaults that depend on others.
func (c *config) judge(given []string) error {
	switch {
	case c.basic == nil:
		if c.deny.status == 0 {
			c.deny.status = 403
		}
		return nil
	case slices.Contains(given, "header"):
		return faultAt("basic", notWith+"header")
	case slices.Contains(given, "values"):
		return faultAt("basic", notWith+"values")
	case c.configHeader != "": // it would show the passwords
		return faultAt("config_header", notWith+"basic")
	case c.deny.status != 0 && c.deny.status != 401:
		return faultAt("deny.status", onlyStatus401)
	}
	c.deny.status = 401
	c.deny.pairs = append(c.deny.pairs, c.basic.challenge())
	return nil
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
