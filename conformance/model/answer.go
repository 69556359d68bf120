package model

import (
	"slices"
	"strings"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/headermap"
)

// unanswered decides about a request when the other service gives no answer.
func (p *plugin) unanswered(s *exchange) {
	p.host.reach("callout unanswered, on_error " + p.config.callout.onError)
	p.count("callout_errors")
	if p.config.callout.onError == "allow" {
		p.allow(s)
		return
	}
	p.refuse(s, "callout unanswered")
}

// onAnswer is on_http_call_response. No headers: there was no answer. A stream that was held and now goes on, or is
// refused, is returned.
func (p *plugin) onAnswer(call *httpCall, headers, trailers []headermap.Header) *exchange {
	arrived := len(headers) > 0
	read := func() {
		readable := true
		if headers, readable = p.host.headers(headers); readable && len(trailers) > 0 {
			trailers, readable = p.host.headers(trailers)
		}
		switch {
		case !readable: // without a status
			headers = nil
		default:
			why := unavailable(headers, trailers)
			if arrived = why == ""; !arrived {
				p.host.reach(why)
			}
		}
	}
	if p.secrets[call] {
		delete(p.secrets, call)
		if arrived {
			read()
		}
		p.learn(arrived, headers)
		return nil
	}
	s := p.waiting[call]
	delete(p.waiting, call)
	if s == nil || s.gone {
		p.host.reach("answer for a stream that is gone")
		return nil
	}
	if !p.host.works("proxy_set_effective_context") {
		return nil
	}
	if arrived {
		read()
	}
	status := statusOf(headers)
	switch {
	case !arrived:
		p.host.reach("held request unanswered")
		p.unanswered(s)
	case status == "200":
		p.host.reach("held request allowed")
		p.allow(s)
	default:
		p.host.reach("held request refused")
		p.refuse(s, "callout")
	}
	if s.decision == table.Allow {
		if _, done := p.host.does("proxy_continue_stream"); !done {
			p.host.reach("held request not continued")
			s.decision = table.Hold
		}
	}
	return s
}

const serviceTime = "x-envoy-upstream-service-time"

// unavailable says why an answer counts as none (2.9); "" if it counts.
func unavailable(headers, trailers []headermap.Header) string {
	failed := func(h headermap.Header) bool { return h.Name == "grpc-status" && h.Value != "0" }
	switch status := statusOf(headers); {
	case status == "503" || status == "504":
		return "answer that is none by its status"
	case slices.ContainsFunc(headers, failed):
		return "gRPC error in an answer"
	case slices.ContainsFunc(trailers, failed):
		return "gRPC error in an answer's trailers"
	case status == "502": // Envoy's own, for garbage: a text without the time that stands on a service's answer
		kind := named(headers, "content-type")
		if len(kind) == 1 && kind[0].Value == "text/plain" && len(named(headers, serviceTime)) == 0 {
			return "answer made by Envoy"
		}
	}
	return ""
}

func statusOf(headers []headermap.Header) string {
	if all := named(headers, ":status"); len(all) == 1 {
		return all[0].Value
	}
	return ""
}

// onTick is on_tick.
func (p *plugin) onTick() {
	t := p.config.token
	if t == nil {
		return
	}
	call := &httpCall{Cluster: t.cluster, TimeoutMS: t.timeoutMS,
		Headers: headermap.Of(":method", "GET", ":path", t.path, ":authority", t.authority)}
	if !p.host.call(call) {
		p.host.log("warn", "token: not asked")
		return
	}
	p.secrets[call] = true
}

// learn takes the token from an answer.
func (p *plugin) learn(arrived bool, headers []headermap.Header) {
	status := statusOf(headers)
	take := named(headers, p.config.token.take)
	switch {
	case !arrived:
		p.host.log("warn", "token: no answer")
	case len(status) != 3 || strings.Trim(status, "0123456789") != "":
		p.host.log("warn", "token: status unreadable")
	case status != "200":
		p.host.log("warn", "token: status "+status)
	case len(take) != 1 || take[0].Value == "" || !fieldValue(take[0].Value):
		p.host.log("warn", "token: no value")
	default:
		p.host.reach("token remembered")
		if p.secret != "" && p.secret != take[0].Value {
			p.host.reach("token replaced by another")
		}
		p.secret = take[0].Value
		return
	}
	if p.secret != "" {
		p.host.reach("token kept after a bad answer")
	}
}
