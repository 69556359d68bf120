package model

import (
	"time"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/headermap"
)

// Plugin is one configured plugin context.
type Plugin struct {
	host    *Host
	config  config
	raw     []byte // the configuration as received
	tokens  int    // left in the bucket
	refill  time.Duration
	secret  string            // the token that is remembered
	secrets map[*Call]bool    // calls for a token
	waiting map[*Call]*Stream // calls for a request
	counted map[string]bool   // counters that could be defined
}

// Configure is on_configure. There is no plugin when the configuration is refused.
func Configure(host *Host, configuration []byte) (*Plugin, bool) {
	const notFound = 1 // there is none
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
	c, fault := readConfig(configuration)
	if fault != "" {
		host.log("error", "configuration refused: "+fault)
		return nil, false
	}
	p := &Plugin{host: host, config: c, raw: configuration, secrets: map[*Call]bool{}, waiting: map[*Call]*Stream{}, counted: map[string]bool{}}
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
			host.Tick = time.Duration(c.token.periodMS) * time.Millisecond
		}
	}
	if c.metrics {
		for _, name := range []string{"allowed", "denied", "rate_limited", "callout_errors"} {
			if p.counted[name] = host.works("proxy_define_metric"); !p.counted[name] {
				host.reach("counter not defined")
				continue
			}
			if _, known := host.Metrics["header_auth."+name]; !known {
				host.Metrics["header_auth."+name] = 0
			}
		}
	}
	return p, true
}

// Stream is one exchange. What became of it is Decision, and with a refusal Reply.
type Stream struct {
	Decision table.Decision
	Reply    *table.Reply
	Request  []headermap.Header // the header map, as the plugin leaves it
	Response []headermap.Header // likewise, once there is one

	Gone bool // the client, or the exchange as a whole

	limited, answered bool
}

func (p *Plugin) count(name string) {
	if !p.counted[name] {
		return
	}
	if _, done := p.host.does("proxy_increment_metric"); done {
		p.host.reach("counted " + name)
		p.host.Metrics["header_auth."+name]++
	}
}
