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
	configHeader    *pair
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

// closedConfig allows nothing. It is in force until a configuration is accepted, in case a host sends requests before
// that.
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
	var given []string
	err = readObject(nil, v, func(at *place, key string, v jsonValue) error {
		given = append(given, key)
		return c.readMember(at, key, v, document)
	})
	if err != nil {
		return nil, err
	}
	if err := c.judge(given); err != nil {
		return nil, err
	}
	c.deny.encode()
	return c, nil
}

func (c *config) readMember(at *place, key string, v jsonValue, document string) (err error) {
	switch key {
	case "header":
		c.header, err = readHeaderName(at, v)
	case "values":
		c.values, err = readValues(at, v)
	case "basic":
		c.basic, err = readBasic(at, v)
	case "deny":
		err = readDeny(at, v, c.deny)
	case "request_headers":
		c.requestHeaders, err = readHeaderPairs(at, v)
	case "response_headers":
		c.responseHeaders, err = readHeaderPairs(at, v)
	case "config_header":
		c.configHeader, err = readConfigHeader(at, v, document)
	case "rate_limit":
		c.rateLimit, err = readRateLimit(at, v)
	case "token":
		c.token, err = readToken(at, v)
	case "callout":
		c.callout, err = readCallout(at, v)
	case "log_headers":
		c.logHeaders, err = readBoolean(at, v)
	case "metrics":
		c.metrics, err = readBoolean(at, v)
	default:
		err = faultAt(at, unknownKey)
	}
	return err
}

// judge looks at the keys together: `basic` excludes others, and has an effect on `deny`.
func (c *config) judge(given []string) error {
	switch {
	case c.basic == nil:
		return nil
	case slices.Contains(given, "header"):
		return notWith("basic", "header")
	case slices.Contains(given, "values"):
		return notWith("basic", "values")
	case slices.Contains(given, "config_header"): // it would show the passwords
		return notWith("config_header", "basic")
	case c.deny.status != 0 && c.deny.status != 401:
		return faultAt((*place)(nil).member("deny").member("status"), onlyStatus401)
	}
	c.deny.status = 401
	c.deny.pairs = append(c.deny.pairs, c.basic.challenge())
	return nil
}

func readValues(at *place, v jsonValue) ([]string, error) {
	items, err := readArray(at, v)
	if err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return nil, faultAt(at, noItem)
	}
	values := make([]string, len(items))
	for i, item := range items {
		if values[i], err = readHeaderValue(at.item(i), item); err != nil {
			return nil, err
		}
	}
	return values, nil
}
