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
	config *config
}

func (p *plugin) OnPluginStart(int) OnPluginStartStatus {
	p.config = closedConfig()
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
	p.config = config
	return OnPluginStartStatusOK
}

func (p *plugin) NewHttpContext(uint32) HttpContext { return &stream{config: p.config} }

// stream is one HTTP exchange. It keeps the configuration it began with.
type stream struct {
	DefaultHttpContext
	config  *config
	refused bool
	headers answer // here and not on the stack, so that a request allocates nothing
}

func (s *stream) OnHttpRequestHeaders(int, bool) Action {
	if s.refused {
		return ActionPause
	}
	verdict := malformed
	if pairs, ok := requestHeaders(&s.headers); ok {
		verdict = decide(s.config, pairs)
	}
	s.headers = answer{}
	if verdict == allowed {
		return ActionContinue
	}
	return s.refuse(verdict)
}

// OnHttpRequestBody keeps a refused request held: Continue would release its headers if the reply could not be sent.
func (s *stream) OnHttpRequestBody(int, bool) Action { return s.held() }

func (s *stream) OnHttpRequestTrailers(int) Action { return s.held() }

func (s *stream) held() Action {
	if s.refused {
		return ActionPause
	}
	return ActionContinue
}

func (s *stream) refuse(verdict verdict) Action {
	s.refused = true
	log(levelDebug, verdict.line())
	sendLocalResponse(s.config.deny)
	return ActionPause
}
