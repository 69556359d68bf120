package host

import "github.com/header-auth/header-auth/host/envoy"

// repliedLocally follows each callback. It sends the reply that was asked for in a request callback, and reports
// whether a local reply has taken the place of this message.
func (d *direction) repliedLocally() bool {
	if r := d.stream.pendingReply; r != nil && !d.response {
		d.stream.pendingReply = nil
		d.stream.replyThroughChain(r)
	}
	return d.aborted || d.stream.closing
}

// forwardHeaders passes headers on to the router, or to the client.
func (d *direction) forwardHeaders(end bool) {
	if d.afterEnd() || d.next == nil && (d.headersChanged || d.routeUnsure) && !d.routable() {
		return
	}
	if d.out.HeadersSent { // nothing was held: Envoy sends them once more
		d.out.Repeated = append(d.out.Repeated, end)
	}
	d.out.HeadersSent = true
	d.end(end)
	if d.next != nil {
		d.passHeaders(end)
	}
}

// routable checks headers that the plugin has changed as Envoy does behind the filter. When they do not pass, it sends
// Envoy's reply and reports false.
func (d *direction) routable() bool {
	var refusal envoy.Refusal
	if d.response {
		refusal = envoy.CheckResponse(&d.headers)
	} else {
		refusal = envoy.Route(&d.headers, d.stream.hadForwardedProto, d.stream.hadScheme)
	}
	if refusal.Status == 0 {
		return true
	}
	if refusal.Details == envoy.RouteNotFound {
		d.stream.flags |= noRouteFound
	}
	d.stream.sendEnvoyReply(uint32(refusal.Status), refusal.Body, refusal.Details)
	return false
}

// forwardData passes data on, which is the chunk or the buffer.
func (d *direction) forwardData(data *[]byte, end bool) {
	if d.afterEnd() || !d.out.HeadersSent || d.out.Ended || d.out.Reset {
		return
	}
	d.sendData(*data)
	d.end(end)
	if d.next != nil {
		d.passBody(data, end)
	}
}

// sendData lets bytes of a body leave; the answer to a HEAD request has none.
func (d *direction) sendData(data []byte) {
	if !(d.response && d.stream.headRequest) {
		d.out.body = append(d.out.body, data...)
	}
}

func (d *direction) forwardTrailers() {
	if d.afterEnd() || !d.out.HeadersSent || d.out.Ended && d.next == nil || d.out.Reset {
		return
	}
	d.out.trailersSent = true
	d.end(true)
	if d.next != nil {
		d.passLast()
	}
}

// afterEnd is asked before something goes on. It ends the VM when it is a response that has gone on to its end, which
// proxy_continue_stream does in a callback that then continues too: Envoy has given the stream up by then.
func (d *direction) afterEnd() bool {
	if !d.response {
		return false
	}
	if client := d.stream.Downstream(); !client.Ended || client.Reset {
		return false
	}
	d.stream.vm.crash("proxy_continue_stream(Response) has sent the response to its end, and the callback goes on: " +
		"Envoy dies of SIGSEGV")
	d.stream.reset()
	return true
}

func (d *direction) end(end bool) { d.out.Ended = d.out.Ended || end }

// held reports that the plugin holds the message back.
func (d *direction) held() bool {
	return d.hasHeaders && d.state != iterating && !d.aborted && !d.stream.closing && !d.out.Reset
}
