package model

import (
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/header-auth/header-auth/conformance/table"
)

// Header is one pair.
type Header struct{ Name, Value string }

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
}

// Configure is on_configure. There is no plugin when the configuration is refused.
func Configure(host *Host, configuration []byte) (*Plugin, bool) {
	const notFound = 1 // there is none
	if f := host.fault("proxy_get_buffer_bytes"); f != nil && f.Status == notFound {
		configuration = nil
	} else if f != nil && f.Status != 0 {
		host.log("error", "configuration refused: could not be read")
		return nil, false
	}
	c, fault := readConfig(configuration)
	if fault != "" {
		host.log("error", "configuration refused: "+fault)
		return nil, false
	}
	p := &Plugin{host: host, config: c, raw: configuration, secrets: map[*Call]bool{}, waiting: map[*Call]*Stream{}}
	if c.rateLimit != nil {
		now, ok := host.clock()
		if !ok {
			host.log("error", "rate_limit: the host gives no time")
			return nil, false
		}
		p.tokens, p.refill = c.rateLimit.tokens, now
	}
	if c.token != nil {
		if !host.works("proxy_set_tick_period_milliseconds") {
			host.log("error", "token: the host gives no ticks")
			return nil, false
		}
		host.Tick = time.Duration(c.token.periodMS) * time.Millisecond
	}
	if c.metrics {
		for _, name := range []string{"allowed", "denied", "rate_limited", "callout_errors"} {
			if _, known := host.Metrics["header_auth."+name]; !known && host.works("proxy_define_metric") {
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
	Request  []Header // the header map, as the plugin leaves it
	Response []Header // likewise, once there is one

	Gone bool // the client, or the exchange as a whole

	limited, answered bool
}

// RequestHeaders is on_request_headers.
func (p *Plugin) RequestHeaders(s *Stream) {
	s.Decision = table.Hold
	// 1: the rate limit, before anything else.
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
	headers, ok := p.host.headers(s.Request)
	if !ok {
		p.refuse(s, "malformed")
		return
	}
	// 2: the log.
	if p.config.logHeaders {
		p.logHeaders("request", headers)
	}
	// 3: the decision.
	if fault := p.check(headers); fault != "" {
		p.refuse(s, fault)
		return
	}
	// 4: the call-out.
	if c := p.config.callout; c != nil {
		call := &Call{Cluster: c.cluster, TimeoutMS: c.timeoutMS,
			Headers: []Header{{":method", "GET"}, {":path", c.path}, {":authority", c.authority}}}
		for _, name := range c.forward {
			call.Headers = append(call.Headers, named(headers, name)...)
		}
		bytes := 0
		for _, h := range call.Headers[3:] {
			bytes += len(h.Name) + len(h.Value)
		}
		if len(call.Headers) > 3+1000 || bytes > 524288 {
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
	// 5: it goes on.
	p.allow(s)
}

// take takes a token from the bucket, which is full again once more than the time has passed.
func (p *Plugin) take(now time.Duration) bool {
	r := p.config.rateLimit
	if now-p.refill > time.Duration(r.refillMS)*time.Millisecond {
		p.tokens, p.refill = r.tokens, now
	}
	if p.tokens == 0 {
		return false
	}
	p.tokens--
	return true
}

// named are all occurrences of a header.
func named(headers []Header, name string) []Header {
	var all []Header
	for _, h := range headers {
		if h.Name == name {
			all = append(all, h)
		}
	}
	return all
}

// check is the decision: what is wrong, or nothing.
func (p *Plugin) check(headers []Header) (fault string) {
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
		return p.config.basic.check(all[0].Value)
	case !slices.Contains(p.config.values, all[0].Value):
		return "mismatch"
	}
	return ""
}

func (b *basic) check(authorization string) (fault string) {
	scheme, rest, _ := strings.Cut(authorization, " ")
	decoded, err := base64.StdEncoding.Strict().DecodeString(strings.TrimLeft(rest, " "))
	user, password, colon := strings.Cut(string(decoded), ":")
	lineBreak := strings.ContainsAny(authorization, "\r\n") // which Go's decoder passes over
	if lower(scheme) != "basic" || err != nil || lineBreak || !colon {
		return "malformed"
	}
	if expected, known := b.users[user]; !known || expected != password {
		return "mismatch"
	}
	return ""
}

// refuse sends the one local response.
func (p *Plugin) refuse(s *Stream, why string) {
	d, counter := p.config.deny, "denied"
	if why == "rate limited" {
		d, counter = p.config.rateLimit.deny, "rate_limited"
	} else if b := p.config.basic; b != nil {
		d.headers = append(slices.Clone(d.headers), Header{"www-authenticate", `Basic realm="` + b.realm + `"`})
	}
	grpc := 7
	if d.status == 401 {
		grpc = 16
	}
	p.host.log("debug", "refused: "+why)
	p.count(counter)
	if !p.host.works("proxy_send_local_response") {
		s.Decision = table.Hold
		return
	}
	s.Decision = table.Refuse
	s.Reply = &table.Reply{Status: d.status, Headers: toTable(d.headers), Body: d.body, GRPCStatus: &grpc, Details: "header_auth_refused"}
}

// allow lets a request go on, held or not.
func (p *Plugin) allow(s *Stream) {
	for _, h := range p.config.requestHeaders {
		if !p.host.works("proxy_replace_header_map_value") {
			p.refuse(s, "malformed")
			return
		}
		s.Request = replace(s.Request, h)
	}
	p.count("allowed")
	s.Decision = table.Allow
}

// replace sets a header: all there are of the name go, and it comes last.
func replace(headers []Header, h Header) []Header {
	var all []Header
	for _, old := range headers {
		if old.Name != h.Name {
			all = append(all, old)
		}
	}
	return append(all, h)
}

// unanswered is what becomes of a request when the other service can't be asked.
func (p *Plugin) unanswered(s *Stream) {
	p.count("callout_errors")
	if p.config.callout.onError == "allow" {
		p.allow(s)
		return
	}
	p.refuse(s, "callout unanswered")
}

// Answer is on_http_call_response. No headers: there was no answer. A stream that was held and now goes on, or is
// refused, is returned.
func (p *Plugin) Answer(call *Call, headers []Header) *Stream {
	arrived := len(headers) > 0
	if arrived {
		headers, _ = p.host.headers(headers) // unreadable: without a status
	}
	if p.secrets[call] {
		delete(p.secrets, call)
		p.learn(arrived, headers)
		return nil
	}
	s := p.waiting[call]
	delete(p.waiting, call)
	if s == nil || s.Gone || !p.host.works("proxy_set_effective_context") {
		return nil
	}
	status := statusOf(headers)
	switch {
	case !arrived || status == "503" || status == "504":
		p.unanswered(s)
	case status == "200":
		p.allow(s)
	default:
		p.refuse(s, "callout")
	}
	if s.Decision == table.Allow && !p.host.works("proxy_continue_stream") {
		s.Decision = table.Hold
	}
	return s
}

func statusOf(headers []Header) string {
	if all := named(headers, ":status"); len(all) == 1 {
		return all[0].Value
	}
	return ""
}

// Tick is on_tick.
func (p *Plugin) Tick() {
	t := p.config.token
	if t == nil {
		return
	}
	call := &Call{Cluster: t.cluster, TimeoutMS: t.timeoutMS,
		Headers: []Header{{":method", "GET"}, {":path", t.path}, {":authority", t.authority}}}
	if !p.host.call(call) {
		p.host.log("warn", "token: not asked")
		return
	}
	p.secrets[call] = true
}

// learn takes the token from an answer.
func (p *Plugin) learn(arrived bool, headers []Header) {
	status := statusOf(headers)
	take := named(headers, p.config.token.take)
	switch {
	case !arrived || status == "503" || status == "504":
		p.host.log("warn", "token: no answer")
	case len(status) != 3 || strings.Trim(status, "0123456789") != "":
		p.host.log("warn", "token: status unreadable")
	case status != "200":
		p.host.log("warn", "token: status "+status)
	case len(take) != 1 || take[0].Value == "" || !fieldValue(take[0].Value):
		p.host.log("warn", "token: no value")
	default:
		p.secret = take[0].Value
	}
}

// ResponseHeaders is on_response_headers, for the upstream's responses and for the plugin's own.
func (p *Plugin) ResponseHeaders(s *Stream) {
	if s.answered {
		return
	}
	s.answered = true
	if p.config.logHeaders && !s.limited {
		if headers, ok := p.host.headers(s.Response); ok {
			p.logHeaders("response", headers)
		}
	}
	for _, h := range p.config.responseHeaders {
		if p.host.works("proxy_add_header_map_value") {
			s.Response = append(s.Response, h)
		}
	}
	var set []Header
	if text := safe(p.raw); p.config.configHeader != "" && text != "" {
		set = append(set, Header{p.config.configHeader, text})
	}
	if p.secret != "" {
		set = append(set, Header{p.config.token.set, p.secret})
	}
	for _, h := range set {
		if p.host.works("proxy_replace_header_map_value") {
			s.Response = replace(s.Response, h)
		}
	}
}

// safe is the configuration as it can stand in a header.
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

func (p *Plugin) logHeaders(side string, headers []Header) {
	for _, h := range headers {
		text := shown(h.Value)
		text = text[:min(len(text), 256)]
		if p.secretName(h.Name) {
			text = "***"
		}
		p.host.log("info", side+" header "+shown(h.Name)+": "+text)
	}
}

// shown is a text as it can stand in a log line.
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
func (p *Plugin) secretName(name string) bool {
	if t := p.config.token; t != nil && (name == t.set || name == t.take) {
		return true
	}
	return name == p.config.header || slices.Contains(credentials, name)
}

// credentials are the names whose values are masked whatever the configuration.
var credentials = []string{"authorization", "proxy-authorization", "cookie", "set-cookie", "x-auth", "x-auth-token",
	"x-access-token", "x-api-key", "api-key", "x-amz-security-token", "x-csrf-token", "x-xsrf-token",
	"x-goog-iap-jwt-assertion"}

func (p *Plugin) count(name string) {
	_, defined := p.host.Metrics["header_auth."+name]
	if p.config.metrics && defined && p.host.works("proxy_increment_metric") {
		p.host.Metrics["header_auth."+name]++
	}
}
