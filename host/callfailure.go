package host

import (
	"strings"

	"github.com/header-auth/header-auth/host/envoy"
	"github.com/header-auth/header-auth/host/headermap"
	"github.com/header-auth/header-auth/host/profile"
)

// CallFailure is how a call that a plugin has made, or the request of a stream, fails on its way to the cluster or
// back. Envoy then answers in the cluster's place. A plugin cannot distinguish that answer to its call from one of the
// service; only CallBrokenOff looks different.
type CallFailure uint8

const (
	CallAnswered       CallFailure = iota // it does not fail
	CallRefused                           // the host refuses the connection: 503
	CallConnectTimeout                    // the connection takes longer than the cluster's connect_timeout: 503
	CallClosed                            // the connection ends before the answer's headers: 503
	CallProtocolError                     // what comes is no HTTP, or headers that are cut off or too large: 502
	CallTimedOut                          // no answer within the time-out of the call, or of the route: 504
	// the answer ends after its headers and before its end: the plugin gets no headers
	CallBrokenOff
	CallReset // the host resets the HTTP/2 stream: 503
	// a stream's cluster has no healthy host: 503; a call fails earlier, see ClusterEmpty
	CallNoHost
)

// Response flags (Envoy, envoy/stream_info/stream_info.h, CoreResponseFlag).
const (
	noHealthyUpstream             = 1 << 1
	upstreamRequestTimeout        = 1 << 2
	upstreamRemoteReset           = 1 << 4
	upstreamConnectionFailure     = 1 << 5
	upstreamConnectionTermination = 1 << 6
	noRouteFound                  = 1 << 8
	downstreamDisconnect          = 1 << 14
	upstreamProtocolError         = 1 << 23
	downstreamRemoteReset         = 1 << 28
)

// refusedReason is what the socket says about a connection that was refused.
const refusedReason = "delayed connect error: Connection refused"

// failureAnswer is Envoy's own answer in the place of a cluster's.
type failureAnswer struct {
	status        uint32
	text, details string
	flag          uint64
}

// answer is Envoy's answer to a failure before the response's headers, or with started after them (Envoy,
// source/common/router/router.cc, Filter::onUpstreamReset and Filter::onUpstreamAbort).
func (f CallFailure) answer(started bool, rules *profile.Rules) failureAnswer {
	var a failureAnswer
	var reason string
	switch f {
	case CallNoHost:
		return failureAnswer{503, "no healthy upstream", "no_healthy_upstream", noHealthyUpstream}
	case CallRefused:
		a, reason = failureAnswer{status: 503, flag: upstreamConnectionFailure}, "remote connection failure"
	case CallConnectTimeout:
		a, reason = failureAnswer{status: 503, flag: upstreamConnectionFailure}, "connection timeout"
	case CallClosed, CallBrokenOff:
		a, reason = failureAnswer{status: 503, flag: upstreamConnectionTermination}, "connection termination"
	case CallReset:
		a, reason = failureAnswer{status: 503, flag: upstreamRemoteReset}, "remote reset"
	case CallProtocolError:
		a, reason = failureAnswer{status: 502, flag: upstreamProtocolError}, "protocol error"
	default:
		return failureAnswer{504, "upstream request timeout", "response_timeout", upstreamRequestTimeout}
	}
	a.text = "upstream connect error or disconnect/reset before headers. reset reason: " + reason
	inDetails := reason
	if f == CallRefused {
		inDetails += "|" + refusedReason
		if !rules.ShortRefusal {
			a.text += ", transport failure reason: " + refusedReason
		}
	}
	when := "before"
	if started {
		when = "after"
	}
	a.details = "upstream_reset_" + when + "_response_started{" + strings.ReplaceAll(inDetails, " ", "_") + "}"
	return a
}

// failed is Envoy's own answer to a call that failed.
func (c *Call) failed(f CallFailure) CallAnswer {
	a := f.answer(false, c.plugin.vm.module.options.Profile.Rules())
	return c.envoyAnswer(a.status, a.text)
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
