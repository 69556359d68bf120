package model

import (
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/headermap"
)

// onRequestHeaders is on_request_headers.
func (p *plugin) onRequestHeaders(s *exchange) {
	s.decision = table.Hold
	// 1: the rate limit.
	if p.config.rateLimit != nil {
		now, ok := p.host.clock()
		if !ok {
			p.refuse(s, "malformed")
			return
		}
		if s.limited = !p.take(now); s.limited {
			p.refuse(s, "rate limited")
			return
		}
	}
	headers, ok := p.host.headers(s.requestHeaders)
	if !ok {
		p.refuse(s, "malformed")
		return
	}
	// 2: the log.
	if p.config.logHeaders {
		p.logHeaders("request", headers)
	}
	// 3: the decision.
	if reason := p.check(headers); reason != "" {
		p.refuse(s, reason)
		return
	}
	// 4: the call-out.
	if c := p.config.callout; c != nil {
		call := &httpCall{Cluster: c.cluster, TimeoutMS: c.timeoutMS,
			Headers: headermap.Of(":method", "GET", ":path", c.path, ":authority", c.authority)}
		for _, name := range c.forward {
			all := named(headers, name)
			call.Headers = append(call.Headers, all...)
			if len(all) > 1 {
				p.host.reach("header forwarded twice")
			}
		}
		bytes := 0
		for _, h := range call.Headers[3:] {
			bytes += len(h.Name) + len(h.Value)
		}
		if len(call.Headers) > 3+1000 || bytes > 131072 {
			p.refuse(s, "malformed")
			return
		}
		if !p.host.call(call) {
			p.unanswered(s)
			return
		}
		p.waiting[call] = s
		return
	}
	// 5: the request goes on.
	p.allow(s)
}

// take takes a token from the bucket, which is filled when more than refill_ms have passed since it was filled last.
func (p *plugin) take(now time.Duration) bool {
	r := p.config.rateLimit
	passed, enough := now-p.refill, time.Duration(r.refillMS)*time.Millisecond
	switch {
	case passed > enough:
		if p.tokens == 0 {
			p.host.reach("empty bucket filled")
		}
		p.tokens, p.refill = r.tokens, now
	case passed == enough && p.tokens == 0:
		p.host.reach("empty bucket just not filled")
	case passed < 0:
		p.host.reach("bucket and a clock that went back")
	}
	if p.tokens == 0 {
		return false
	}
	p.tokens--
	return true
}

// named are all occurrences of a header.
func named(headers []headermap.Header, name string) []headermap.Header {
	var all []headermap.Header
	for _, h := range headers {
		if h.Name == name {
			all = append(all, h)
		}
	}
	return all
}

// check is the decision: the reason to refuse the request, "" if there is none.
func (p *plugin) check(headers []headermap.Header) (reason string) {
	name := p.config.header
	if p.config.basic != nil {
		name = "authorization"
	}
	switch all := named(headers, name); {
	case len(all) == 0:
		return "missing"
	case len(all) > 1:
		return "repeated"
	case p.config.basic != nil:
		return p.config.basic.check(all[0].Value, p.host.reach)
	case !slices.Contains(p.config.values, all[0].Value):
		return "mismatch"
	}
	return ""
}

func (b *basic) check(authorization string, reach func(string)) (reason string) {
	scheme, rest, _ := strings.Cut(authorization, " ")
	decoded, err := base64.StdEncoding.Strict().DecodeString(strings.TrimLeft(rest, " "))
	user, password, colon := strings.Cut(string(decoded), ":")
	lineBreak := strings.ContainsAny(authorization, "\r\n") // which Go's decoder ignores
	if lower(scheme) != "basic" || err != nil || lineBreak || !colon {
		return "malformed"
	}
	expected, known := b.users[user]
	if known && password == "" && expected != "" {
		reach("user without the password")
	}
	if !known || expected != password {
		return "mismatch"
	}
	reach("user with the password")
	return ""
}

// refuse sends the one local response.
func (p *plugin) refuse(s *exchange, why string) {
	d, counter := p.config.deny, "denied"
	if why == "rate limited" {
		d, counter = p.config.rateLimit.deny, "rate_limited"
	} else if b := p.config.basic; b != nil {
		d.headers = append(slices.Clone(d.headers), headermap.Header{Name: "www-authenticate", Value: `Basic realm="` +
			b.realm + `"`})
	}
	grpc := 7
	if d.status == 401 {
		grpc = 16
	}
	p.host.log("debug", "refused: "+why)
	p.count(counter)
	if _, done := p.host.does("proxy_send_local_response"); !done {
		p.host.reach("refusal not sent")
		s.decision = table.Hold
		return
	}
	s.decision = table.Refuse
	s.reply = &table.Reply{Status: d.status, Headers: d.headers, Body: d.body, GRPCStatus: &grpc,
		Details: "header_auth_refused"}
}

// allow lets a request go on, whether it was held or not.
func (p *plugin) allow(s *exchange) {
	for _, h := range p.config.requestHeaders {
		claimed, done := p.host.does("proxy_replace_header_map_value")
		if !claimed {
			p.host.reach("request header not set")
			p.refuse(s, "malformed")
			return
		}
		if len(named(s.requestHeaders, h.Name)) > 1 {
			p.host.reach("request header set in place of several")
		}
		if done {
			s.requestHeaders = replace(s.requestHeaders, h)
		}
	}
	p.count("allowed")
	s.decision = table.Allow
}

// replace removes all headers of the name and appends the new one.
func replace(headers []headermap.Header, h headermap.Header) []headermap.Header {
	var all []headermap.Header
	for _, old := range headers {
		if old.Name != h.Name {
			all = append(all, old)
		}
	}
	return append(all, h)
}
