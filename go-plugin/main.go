// main.go: the wiring between the SDK's callbacks and the plugin's logic, and nothing else. Twin: lib.rs.

// Package main is header-auth, a Proxy-Wasm plugin that lets a request pass when one header has an accepted value.
// conformance/README.md is its contract; rust-plugin/ is the same plugin in Rust, file by file.
package main

// main never runs: a reactor module (-buildmode=c-shared) is entered through _initialize, which runs init.
func main() {}

func init() { setVMContext(&vm{}) }

type vm struct{ DefaultVMContext }

func (*vm) NewPluginContext(uint32) PluginContext { return &plugin{config: closedConfig()} }

// plugin is one configuration of the plugin: a root context.
type plugin struct {
	DefaultPluginContext
	config  *config
	metrics *metrics // nil when off
}

func (p *plugin) OnPluginStart(int) OnPluginStartStatus {
	p.config, p.metrics = closedConfig(), nil
	document, ok := pluginConfiguration()
	if !ok {
		log(levelError, "configuration refused: could not be read")
		return OnPluginStartStatusFailed
	}
	config, err := parseConfig(document)
	if err != nil {
		log(levelError, "configuration refused: "+err.Error())
		return OnPluginStartStatusFailed
	}
	if config.rateLimit != nil {
		now, ok := currentTime()
		if !ok {
			log(levelError, "rate_limit: the host gives no time")
			return OnPluginStartStatusFailed
		}
		config.rateLimit.fill(now)
	}
	if config.token != nil && !setTickPeriod(config.token.period) {
		log(levelError, "token: the host gives no ticks")
		return OnPluginStartStatusFailed
	}
	if config.metrics {
		p.metrics = defineMetrics()
	}
	p.config = config
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
	action := s.onRequest()
	s.headers = answer{}
	return action
}

func (s *stream) onRequest() Action {
	if s.config.rateLimit != nil {
		now, ok := currentTime()
		if !ok {
			return s.refuse(malformed)
		}
		if !s.config.rateLimit.take(now) {
			return s.refuse(rateLimited)
		}
	}
	pairs, ok := requestHeaders(&s.headers)
	if !ok {
		return s.refuse(malformed)
	}
	if s.config.logHeaders {
		logHeaders(s.config, "request", pairs)
	}
	verdict := decide(s.config, pairs)
	if verdict == allowed && s.config.callout != nil {
		headers, ok := s.config.callout.forwarded(pairs)
		if !ok {
			return s.refuse(malformed)
		}
		if s.config.callout.ask(headers, s.onReply) {
			s.state = waiting
			return ActionPause
		}
		verdict = unanswered
	}
	return s.end(verdict)
}

// OnHttpRequestBody keeps a refused request held: Continue would release its headers if the reply could not be sent.
func (s *stream) OnHttpRequestBody(int, bool) Action { return s.held() }

func (s *stream) OnHttpRequestTrailers(int) Action { return s.held() }

func (s *stream) held() Action {
	if s.state != open {
		return ActionPause
	}
	return ActionContinue
}

// onReply answers for a request that waits. The SDK does not call it for one that is gone.
func (s *stream) onReply(headers, trailers int) {
	if s.state != waiting || !setEffectiveContext(s.id) {
		return
	}
	verdict := s.config.callout.judge(readReply(&s.headers, headers, trailers))
	s.headers = answer{}
	if s.end(verdict) == ActionContinue && continueRequest() {
		s.state = open
	}
}

// end lets a request go on, or refuses it.
func (s *stream) end(verdict verdict) Action {
	if verdict == unanswered {
		s.metrics.count(countCalloutErrors)
		if s.config.callout.allowOnError {
			verdict = allowed
		}
	}
	if verdict == allowed && !changeRequest(s.config) {
		verdict = malformed
	}
	if verdict != allowed {
		return s.refuse(verdict)
	}
	s.metrics.count(countAllowed)
	return ActionContinue
}

func (s *stream) refuse(verdict verdict) Action {
	s.state = refused
	log(levelDebug, verdict.line())
	if verdict == rateLimited {
		s.limited = true
		s.metrics.count(countRateLimited)
		sendLocalResponse(s.config.rateLimit.deny)
		return ActionPause
	}
	s.metrics.count(countDenied)
	sendLocalResponse(s.config.deny)
	return ActionPause
}

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
