package host

// Chain is one HTTP exchange and the plugins of a filter chain in it. A request goes through them in order, a response
// in reverse; a plugin gets what the one before it lets go on, as that has changed it. A local reply goes through the
// response callbacks of all plugins that have seen the request, as in Envoy. At the end all get proxy_on_log, in order,
// and then each its proxy_on_done and proxy_on_delete (Envoy, source/common/http/filter_manager.cc).
//
// The methods are those of Stream, and those of each of Streams do the same: only Actions, RequestHeld,
// ResponseHeld and ContextID are of one plugin. The plugins may be in one VM or in several, which one
// goroutine at a time may use then.
type Chain struct{ streams []*Stream }

// NewChain begins an exchange with these plugins, at least one.
func NewChain(c StreamConfig, plugins ...*Plugin) *Chain {
	for _, p := range plugins {
		if p.vm.failure != nil {
			p.reload() // before a stream is made in the VM that it replaces
		}
	}
	chain := &Chain{streams: make([]*Stream, len(plugins))}
	for i, p := range plugins {
		chain.streams[i] = p.NewStream(c)
	}
	first := chain.streams[0]
	for i, s := range chain.streams {
		s.exchange, s.chain, s.quick = &first.own, chain.streams, false
		if i > 0 {
			s.response.next = &chain.streams[i-1].response
			chain.streams[i-1].request.next = &s.request
		}
	}
	return chain
}

// Streams are the plugins' parts of the exchange: their contexts, and what they hold.
func (c *Chain) Streams() []*Stream { return c.streams }

func (c *Chain) first() *Stream { return c.streams[0] }

func (c *Chain) last() *Stream { return c.streams[len(c.streams)-1] }

// RequestHeaders, RequestBody, RequestTrailers, ResponseHeaders, ResponseBody, ResponseTrailers, FailUpstream and Close
// are the events of Stream.

func (c *Chain) RequestHeaders(h []Header, end bool) { c.first().RequestHeaders(h, end) }

func (c *Chain) RequestBody(data []byte, end bool) { c.first().RequestBody(data, end) }

func (c *Chain) RequestTrailers(h []Header) { c.first().RequestTrailers(h) }

func (c *Chain) ResponseHeaders(h []Header, end bool) { c.last().ResponseHeaders(h, end) }

func (c *Chain) ResponseBody(data []byte, end bool) { c.last().ResponseBody(data, end) }

func (c *Chain) ResponseTrailers(h []Header) { c.last().ResponseTrailers(h) }

func (c *Chain) FailUpstream(f CallFailure) { c.last().FailUpstream(f) }

func (c *Chain) Close() { c.first().Close() }

// Release is Stream.Release for each of Streams.
func (c *Chain) Release() {
	for _, s := range c.streams {
		s.Release()
	}
}

// Upstream is what has left towards the upstream, behind the last plugin.
func (c *Chain) Upstream() *Message { return c.first().Upstream() }

// Downstream is what has left towards the client.
func (c *Chain) Downstream() *Message { return c.first().Downstream() }

// Details, Flags and Reply are the exchange's, as of Stream.

func (c *Chain) Details() string { return c.first().Details() }

func (c *Chain) Flags() uint64 { return c.first().Flags() }

func (c *Chain) Reply() *LocalReply { return c.first().Reply() }

// first and last are the ends of the stream's chain: the one at the client and the one at the router.
func (s *Stream) first() *Stream { return s.chain[0] }

func (s *Stream) last() *Stream { return s.chain[len(s.chain)-1] }

// abort says that a local reply takes the place of what would follow in the request, or in the response.
func (s *Stream) abort(response bool) {
	for _, t := range s.chain {
		if response {
			t.response.aborted = true
		} else {
			t.request.aborted = true
		}
	}
}

// furthest is the direction that has got the message as it is now: all plugins of a chain have one header map in Envoy.
func (s *Stream) furthest(response bool) *direction {
	if response {
		for _, t := range s.chain {
			if t.response.hasHeaders {
				return &t.response
			}
		}
		return &s.response
	}
	for i := len(s.chain) - 1; i > 0; i-- {
		if t := s.chain[i]; t.request.hasHeaders {
			return &t.request
		}
	}
	return &s.first().request
}

// passHeaders gives headers to the next plugin.
func (d *direction) passHeaders(end bool) {
	n := d.next
	if !n.hasHeaders {
		n.headers.LoadKnown(d.headers.Entries, 0)
		n.headersChanged, n.routeUnsure = d.headersChanged, d.routeUnsure
	}
	if n.response && d.stream.Downstream().HeadersSent {
		// They come once more, which proxy_continue_stream does with nothing held. Envoy has put a date into them on their
		// way to the client.
		n.headers.Set("date", d.stream.vm.now().UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT"))
	}
	defer n.entered()()
	n.receiveHeaders(end)
}

// passBody gives bytes of a body, the chunk or the buffer, to the next plugin.
func (d *direction) passBody(data *[]byte, end bool) {
	defer d.next.entered()()
	if data == &d.buffer {
		d.next.receiveBuffer(*data, end)
	} else {
		d.next.receiveData(*data, end)
	}
}

// passLast gives trailers to the next plugin.
func (d *direction) passLast() {
	n := d.next
	if n.trailers.Kind() != d.trailers.Kind() {
		n.trailers.Reset(d.trailers.Kind())
	}
	if !n.hasTrailers {
		n.trailers.LoadKnown(d.trailers.Entries, 0)
	}
	defer n.entered()()
	n.receiveTrailers()
}

// entered begins an event in the VM of the direction. The result ends it.
func (d *direction) entered() (leave func()) {
	vm := d.stream.vm
	vm.enter()
	return func() {
		vm.recordPanic(recover(), "Chain")
		d.stream.leaveVM()
	}
}
