package model

import (
	"slices"
	"strings"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/headermap"
)

// onResponseHeaders is on_response_headers, for the upstream's responses and for the plugin's own.
func (p *plugin) onResponseHeaders(s *exchange) {
	if s.answered {
		return
	}
	s.answered = true
	if p.config.logHeaders && !s.limited {
		if headers, ok := p.host.headers(s.responseHeaders); ok {
			p.logHeaders("response", headers)
		}
	}
	for _, h := range p.config.responseHeaders {
		if _, done := p.host.does("proxy_add_header_map_value"); done {
			s.responseHeaders = append(s.responseHeaders, h)
		}
		if s.decision == table.Refuse {
			p.host.reach("response header on a refusal")
		}
	}
	var set []headermap.Header
	if text := safe(p.raw); p.config.configHeader != "" && text != "" {
		p.host.reach("config_header set")
		set = append(set, headermap.Header{Name: p.config.configHeader, Value: text})
	}
	if p.secret != "" {
		p.host.reach("token set on " + string(s.decision))
		set = append(set, headermap.Header{Name: p.config.token.set, Value: p.secret})
	}
	for _, h := range set {
		if _, done := p.host.does("proxy_replace_header_map_value"); done {
			s.responseHeaders = replace(s.responseHeaders, h)
		}
	}
}

// safe is the configuration as a header value.
func safe(raw []byte) string {
	b := slices.Clone(raw[:min(len(raw), 4096)])
	for i, c := range b {
		switch {
		case c < 0x20:
			b[i] = ' '
		case c >= 0x7f:
			b[i] = '?'
		}
	}
	return strings.Trim(string(b), " ")
}

func (p *plugin) logHeaders(side string, headers []headermap.Header) {
	masked := map[string]bool{}
	for _, h := range headers {
		text := shown(h.Value)
		if len(text) > 256 {
			p.host.reach("logged value cut")
			text = text[:256]
		}
		if p.secretName(h.Name) {
			text = "***"
			if masked[h.Name] {
				p.host.reach("second credential masked")
			}
			masked[h.Name] = true
		}
		p.host.log("info", side+" header "+shown(h.Name)+": "+text)
	}
}

// shown is a text as part of a log line.
func shown(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c < 0x20 || c > 0x7e {
			b[i] = '?'
		}
	}
	return string(b)
}

// secretName says whether the value of a header is masked.
func (p *plugin) secretName(name string) bool {
	if t := p.config.token; t != nil && (name == t.set || name == t.take) {
		return true
	}
	return name == p.config.header || slices.Contains(credentials, name)
}

// credentials are the names whose values are masked in every configuration.
var credentials = []string{"authorization", "proxy-authorization", "cookie", "set-cookie", "x-auth", "x-auth-token",
	"x-access-token", "x-api-key", "api-key", "x-amz-security-token", "x-csrf-token", "x-xsrf-token",
	"x-goog-iap-jwt-assertion"}
