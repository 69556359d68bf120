package envoy

import (
	"strconv"
	"strings"

	"github.com/header-auth/header-auth/host/headermap"
)

// Refusal is a reply that the router makes in place of sending a request on. Status 0 is no refusal.
type Refusal struct {
	Status        int
	Body, Details string
}

// RouteNotFound are the details of the reply for a request that no route fits.
const RouteNotFound = "route_not_found"

const missingRequestHeader = "filter_removed_required_request_headers"

// Route is what the router decides about a request, for a virtual host with one route, for every path that begins with
// a slash: whether a route still fits, and whether the headers can be sent (Envoy, source/common/router/router.cc,
// Filter::decodeHeaders, and source/common/http/header_utility.cc, checkRequiredRequestHeaders and
// checkValidRequestHeaders). hadForwardedProto and hadScheme say that x-forwarded-proto and :scheme were there before
// the filter. Pseudo-headers of any name go on, as they do over HTTP/2.
func Route(m *headermap.Map, hadForwardedProto, hadScheme bool) Refusal {
	if path, _ := m.Get(":path"); !strings.HasPrefix(path, "/") {
		return Refusal{404, "", RouteNotFound}
	}
	if proto, _ := m.Get("x-forwarded-proto"); proto == "" && hadForwardedProto {
		return Refusal{404, "", RouteNotFound}
	}
	method, ok := m.Get(":method")
	if !ok {
		return missing(":method")
	}
	if method == "CONNECT" && m.Index(":protocol") < 0 { // with a path it must be one of the extended kind
		return missing(":protocol")
	}
	if fault := m.Fault(); fault != "" {
		return Refusal{503, fault, missingRequestHeader}
	}
	TakeRouterHeaders(m, 0)
	if hadScheme {
		setScheme(m)
	}
	return Refusal{}
}

// setScheme gives a request without a scheme that of x-forwarded-proto, or http (Envoy, source/common/router/router.cc,
// FilterUtility::setUpstreamScheme).
func setScheme(m *headermap.Map) {
	valid := func(s string) bool { return strings.EqualFold(s, "http") || strings.EqualFold(s, "https") }
	if scheme, _ := m.Get(":scheme"); valid(scheme) {
		return
	}
	proto, _ := m.Get("x-forwarded-proto")
	if !valid(proto) {
		proto = "http"
	}
	m.Set(":scheme", proto)
}

func missing(name string) Refusal {
	return Refusal{503, "missing required header: " + name, missingRequestHeader + "{missing_required_header:_" + name +
		"}"}
}

// Concerns says whether the router has to look at a request's headers before they can go on as they are: for the path,
// and for headers that it takes out.
func Concerns(h headermap.Header) bool {
	return h.Name == ":path" && !strings.HasPrefix(h.Value, "/") || strings.HasPrefix(h.Name, "x-envoy-") ||
		h.Name == ":method" && h.Value == "CONNECT"
}

// CheckResponse is what the connection manager decides about a response whose headers a filter has changed: one whose
// :status is no number is answered with 502 (Envoy, source/common/http/filter_manager.cc,
// FilterManager::encodeHeaders).
func CheckResponse(m *headermap.Map) Refusal {
	value, _ := m.Get(":status")
	value = strings.TrimPrefix(strings.Trim(value, " \t\n\v\f\r"), "+")
	if _, err := strconv.ParseUint(value, 10, 64); err != nil {
		return Refusal{502, "missing required header: :status",
			"filter_removed_required_response_headers{missing_required_header:_:status}"}
	}
	return Refusal{}
}

// TakeRouterHeaders takes out of a request's headers what the router reads and does not send on, and returns its
// time-out in milliseconds, which one of these headers may set (Envoy, source/common/router/router.cc,
// FilterUtility::finalTimeout, and source/common/router/retry_state_impl.cc). What the others ask for, such as a second
// try, is not done.
func TakeRouterHeaders(m *headermap.Map, timeout int) int {
	for _, h := range m.Entries {
		if h.Name == routerPrefix+"upstream-rq-timeout-ms" {
			if n, err := strconv.ParseUint(strings.TrimSpace(h.Value), 10, 31); err == nil {
				timeout = int(n)
			}
		}
	}
	m.DeleteFunc(routerReads)
	return timeout
}

const routerPrefix = "x-envoy-"

// routerReads says whether the router takes a header out.
func routerReads(h headermap.Header) bool {
	if !strings.HasPrefix(h.Name, routerPrefix) {
		return false
	}
	switch h.Name[len(routerPrefix):] {
	case "upstream-rq-timeout-ms", "hedge-on-per-try-timeout", "max-retries", "retriable-header-names",
		"retriable-status-codes",
		"retry-grpc-on", "retry-on", "upstream-alt-stat-name", "upstream-rq-per-try-timeout-ms",
		"upstream-rq-timeout-alt-response", "upstream-stream-duration-ms":
		return true
	}
	return false
}

// Number reads a number made of digits alone, 0 for anything else or more than six digits.
func Number(text string) int {
	n := 0
	for i := range len(text) {
		c := text[i]
		if c < '0' || c > '9' || n > 99999 {
			return 0
		}
		n = n*10 + int(c-'0')
	}
	return n
}
