package model

import (
	"time"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/headermap"
)

// plugin is one configured plugin context.
type plugin struct {
	host    *host
	config  config
	raw     []byte // the configuration as received
	tokens  int    // left in the bucket
	refill  time.Duration
	secret  string                  // the token that was received last
	secrets map[*httpCall]bool      // calls for a token
	waiting map[*httpCall]*exchange // calls for a request
	counted map[string]bool         // counters that could be defined
}

// onConfigure is on_configure. It returns false when the configuration is refused.
func onConfigure(host *host, configuration []byte) (*plugin, bool) {
	const notFound = 1
	switch f := host.fault("proxy_get_buffer_bytes"); {
	case f == nil:
	case f.Status == notFound:
		configuration = nil
	case f.Status == 0:
		host.reach("other configuration than the host has")
		configuration = f.Bytes
	default:
		host.log("error", "configuration refused: could not be read")
		return nil, false
	}
	c, refusal := readConfig(configuration)
	if refusal != "" {
		host.log("error", "configuration refused: "+refusal)
		return nil, false
	}
	p := &plugin{host: host, config: c, raw: configuration, secrets: map[*httpCall]bool{},
		waiting: map[*httpCall]*exchange{}, counted: map[string]bool{}}
	if c.rateLimit != nil {
		now, ok := host.clock()
		if !ok {
			host.log("error", "rate_limit: the host gives no time")
			return nil, false
		}
		p.tokens, p.refill = c.rateLimit.tokens, now
	}
	if c.token != nil {
		claimed, done := host.does("proxy_set_tick_period_milliseconds")
		if !claimed {
			host.log("error", "token: the host gives no ticks")
			return nil, false
		}
		if done {
			host.tick = time.Duration(c.token.periodMS) * time.Millisecond
		}
	}
	if c.metrics {
		for _, name := range []string{"allowed", "denied", "rate_limited", "callout_errors"} {
			if p.counted[name] = host.works("proxy_define_metric"); !p.counted[name] {
				host.reach("counter not defined")
				continue
			}
			if _, known := host.metrics["header_auth."+name]; !known {
				host.metrics["header_auth."+name] = 0
			}
		}
	}
	return p, true
}

// exchange is one request and its response, as the plugin knows them.
type exchange struct {
	decision        table.Decision
	reply           *table.Reply       // with a refusal
	requestHeaders  []headermap.Header // as the plugin leaves them
	responseHeaders []headermap.Header // the same, when there is a response

	gone     bool // it has ended
	limited  bool // the rate limit refused it
	answered bool // its response headers have been handled
}

func (p *plugin) count(name string) {
	if !p.counted[name] {
		return
	}
	if _, done := p.host.does("proxy_increment_metric"); done {
		p.host.reach("counted " + name)
		p.host.metrics["header_auth."+name]++
	}
}
