// main.go: the wiring between the SDK's callbacks and the plugin's logic, and nothing else. Twin: lib.rs.

// Package main is header-auth, a Proxy-Wasm plugin that lets a request pass when one header has an accepted value.
// conformance/README.md is the plugin's contract; rust-plugin/ is the same plugin in Rust, file by file.
package main

// main never runs: a reactor module (-buildmode=c-shared) is entered through _initialize, which runs init.
func main() {}

func init() { setVMContext(&vm{}) }

type vm struct{ DefaultVMContext }

func (*vm) NewPluginContext(uint32) PluginContext {
	return &plugin{config: closedConfig(), metrics: new(metrics)}
}

// plugin is one configuration of the plugin: a root context.
type plugin struct {
	DefaultPluginContext
	config  *config
	metrics *metrics
}

func (p *plugin) OnPluginStart(int) OnPluginStartStatus {
	p.config, p.metrics = closedConfig(), new(metrics)
	// One byte more than is read shows that there are too many.
	document, ok := pluginConfiguration(documentBytesMax + 1)
	if !ok {
		logLine(levelError, "configuration refused: could not be read")
		return OnPluginStartStatusFailed
	}
	c, err := parseConfig(document)
	if err != nil {
		logLine(levelError, "configuration refused: "+err.Error())
		return OnPluginStartStatusFailed
	}
	if c.rateLimit != nil {
		now, ok := currentTime()
		if !ok {
			logLine(levelError, "rate_limit: the host gives no time")
			return OnPluginStartStatusFailed
		}
		c.rateLimit.fill(now)
	}
	if c.token != nil && !setTickPeriod(c.token.period) {
		logLine(levelError, "token: the host gives no ticks")
		return OnPluginStartStatusFailed
	}
	if c.metrics {
		p.metrics = defineMetrics()
	}
	p.config = c
	return OnPluginStartStatusOK
}

func (p *plugin) OnTick() {
	if p.config.token != nil {
		p.config.token.fetch()
	}
}

func (p *plugin) NewHttpContext(id uint32) HttpContext {
	return &stream{id: id, config: p.config, metrics: p.metrics}
}

// stream is one HTTP exchange. It keeps the configuration it began with.
type stream struct {
	DefaultHttpContext
	id       uint32
	config   *config
	metrics  *metrics
	state    state
	limited  bool   // its refusal is the rate limit's
	answered bool   // its response headers were seen
	headers  answer // here and not on the stack, so that a request allocates nothing
}

type state uint8

const (
	open state = iota
	waiting
	refused
)

func (s *stream) OnHttpRequestHeaders(int, bool) Action {
	if s.state != open {
		return ActionPause
	}
	v := s.checkRequest()
	s.headers = answer{}
	if s.state == waiting {
		return ActionPause
	}
	return s.end(v)
}

// OnHttpRequestBody keeps a refused request held: Continue would release its headers if the reply could not be sent.
func (s *stream) OnHttpRequestBody(int, bool) Action { return s.held() }

func (s *stream) OnHttpRequestTrailers(int) Action { return s.held() }

func (s *stream) OnHttpResponseHeaders(int, bool) Action {
	if s.answered {
		return ActionContinue
	}
	s.answered = true
	if s.config.logHeaders && !s.limited {
		if pairs, ok := responseHeaders(&s.headers); ok {
			logHeaders(s.config, "response", pairs)
		}
		s.headers = answer{}
	}
	changeResponse(s.config)
	return ActionContinue
}

// onReply answers for a request that waits. The SDK does not call it for one that is gone.
func (s *stream) onReply(headers, trailers int) {
	if s.state != waiting || !setEffectiveContext(s.id) {
		return
	}
	v := judge(readReply(&s.headers, headers, trailers))
	s.headers = answer{}
	if s.end(v) == ActionContinue && continueRequest() {
		s.state = open
	}
}

// checkRequest takes the decision, in the order of clause 2.7 of the contract. When a service has to be asked, the
// stream waits for its answer.
func (s *stream) checkRequest() verdict {
	if s.config.rateLimit != nil {
		now, ok := currentTime()
		if !ok {
			return malformed
		}
		if !s.config.rateLimit.take(now) {
			return rateLimited
		}
	}
	pairs, ok := requestHeaders(&s.headers)
	if !ok {
		return malformed
	}
	if s.config.logHeaders {
		logHeaders(s.config, "request", pairs)
	}
	v := decide(s.config, pairs)
	if v != allowed || s.config.callout == nil {
		return v
	}
	headers, ok := s.config.callout.forwarded(pairs)
	if !ok {
		return malformed
	}
	if !s.config.callout.ask(headers, s.onReply) {
		return unanswered
	}
	s.state = waiting
	return allowed
}

func (s *stream) held() Action {
	if s.state != open {
		return ActionPause
	}
	return ActionContinue
}

// end lets a request go on, or refuses it.
func (s *stream) end(v verdict) Action {
	v = s.onError(v)
	if v == allowed {
		v = changeRequest(s.config)
	}
	if v != allowed {
		return s.refuse(v)
	}
	s.metrics.allowed.count()
	return ActionContinue
}

// onError applies the key `on_error` to a call-out without an answer.
func (s *stream) onError(v verdict) verdict {
	if v != unanswered {
		return v
	}
	s.metrics.calloutErrors.count()
	if !s.config.callout.allowOnError {
		return unanswered
	}
	return allowed
}

func (s *stream) refuse(v verdict) Action {
	s.state = refused
	logLine(levelDebug, v.line())
	if v == rateLimited {
		s.limited = true
		s.metrics.rateLimited.count()
		s.config.rateLimit.deny.send()
	} else {
		s.metrics.denied.count()
		s.config.deny.send()
	}
	return ActionPause
}
