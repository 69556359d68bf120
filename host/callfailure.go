package host

import (
	"github.com/header-auth/header-auth/host/envoy"
	"github.com/header-auth/header-auth/host/headermap"
)

// CallFailure is how a call fails after proxy_http_call has returned Ok. Envoy then answers the call itself, and the
// plugin cannot distinguish that answer from one of the service; only CallBrokenOff looks different. A cluster without
// a healthy host, or with its circuit breaker open, fails earlier: see ClusterEmpty.
type CallFailure uint8

const (
	CallAnswered       CallFailure = iota // it does not fail
	CallRefused                           // the host refuses the connection: 503
	CallConnectTimeout                    // the connection takes longer than the cluster's connect_timeout: 503
	CallClosed                            // the connection ends before the answer's headers: 503
	CallProtocolError                     // what comes is no HTTP, or headers that are cut off or too large: 502
	CallTimedOut                          // no answer within the call's time-out: 504
	CallBrokenOff                         // the answer ends after its headers and before its end: the plugin gets no headers
)

// failed is Envoy's own answer to a call that failed (Envoy, source/common/router/router.cc, Filter::onUpstreamReset).
func (c *Call) failed(f CallFailure) CallAnswer {
	const reset = "upstream connect error or disconnect/reset before headers. reset reason: "
	switch f {
	case CallRefused:
		return c.envoyAnswer(503, reset+"remote connection failure")
	case CallConnectTimeout:
		return c.envoyAnswer(503, reset+"connection timeout")
	case CallClosed:
		return c.envoyAnswer(503, reset+"connection termination")
	case CallProtocolError:
		return c.envoyAnswer(502, reset+"protocol error")
	}
	return c.envoyAnswer(504, "upstream request timeout")
}

// envoyAnswer is a local reply to the call (Envoy, source/common/http/async_client_impl.cc,
// AsyncStreamImpl::sendLocalReply). A call that looks like gRPC gets status 200 and no body.
func (c *Call) envoyAnswer(status uint32, text string) CallAnswer {
	grpc, head := false, false
	for _, h := range c.Headers {
		switch h.Name {
		case ":method":
			head = h.Value == "HEAD"
		case "content-type":
			grpc = envoy.IsGRPC(h.Value)
		}
	}
	var headers headermap.Map
	body := []byte(text)
	if end := (envoy.LocalReply{Status: status, GRPCStatus: -1, Body: body}).Compose(&headers, grpc, head); end {
		body = nil
	}
	return CallAnswer{Headers: headers.Entries, Body: body, byEnvoy: true}
}
