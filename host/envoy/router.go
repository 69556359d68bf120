package envoy

import (
	"slices"
	"strconv"
	"strings"

	"github.com/header-auth/header-auth/host/headermap"
)

// Refusal is a reply that the router makes in place of sending a request on. Status 0 is no refusal.
type Refusal struct {
	Status        int
	Body, Details string
}

const missingRequestHeader = "filter_removed_required_request_headers"

// Route is what the router decides about a request whose headers a filter has changed, for a virtual host with one
// route for every path: whether a route still fits, and whether the headers can be sent (Envoy,
// source/common/router/router.cc, Filter::decodeHeaders, and source/common/http/header_utility.cc,
// checkRequiredRequestHeaders and checkValidRequestHeaders). hadForwardedProto says that x-forwarded-proto was there
// before the filter. The pseudo-headers that a codec does not know are removed.
func Route(m *headermap.Map, hadForwardedProto bool) Refusal {
	if path, ok := m.Get(":path"); !ok || path == "" {
		return Refusal{404, "", "route_not_found"}
	}
	if _, ok := m.Get("x-forwarded-proto"); !ok && hadForwardedProto {
		return Refusal{404, "", "route_not_found"}
	}
	if _, ok := m.Get(":method"); !ok {
		return Refusal{503, "missing required header: :method",
			missingRequestHeader + "{missing_required_header:_:method}"}
	}
	if fault := m.Fault(); fault != "" {
		return Refusal{503, fault, missingRequestHeader}
	}
	m.KeepPseudoHeaders(":authority", ":method", ":path", ":scheme", ":protocol")
	return Refusal{}
}

// CheckResponse is what the connection manager decides about a response whose headers a filter has changed: one whose
// :status is no number is answered with 502 (Envoy, source/common/http/filter_manager.cc,
// FilterManager::encodeHeaders).
func CheckResponse(m *headermap.Map) Refusal {
	if value, _ := m.Get(":status"); Number(value) == 0 && value != "0" {
		return Refusal{502, "missing required header: :status",
			"filter_removed_required_response_headers{missing_required_header:_:status}"}
	}
	return Refusal{}
}

// TakeRouterHeaders takes out of a call's headers what the router reads and does not send on, and returns the call's
// time-out in milliseconds, which one of these headers may set (Envoy, source/common/router/router.cc,
// FilterUtility::finalTimeout, and source/common/router/retry_state_impl.cc). What the others ask for, such as a second
// try, is not done.
func TakeRouterHeaders(m *headermap.Map, timeout int) int {
	const prefix = "x-envoy-"
	m.Entries = slices.DeleteFunc(m.Entries, func(h headermap.Header) bool {
		if !strings.HasPrefix(h.Name, prefix) {
			return false
		}
		switch h.Name[len(prefix):] {
		case "upstream-rq-timeout-ms":
			if n, err := strconv.ParseUint(strings.TrimSpace(h.Value), 10, 31); err == nil {
				timeout = int(n)
			}
			return true
		case "hedge-on-per-try-timeout", "max-retries", "retriable-header-names", "retriable-status-codes",
			"retry-grpc-on", "retry-on", "upstream-alt-stat-name", "upstream-rq-per-try-timeout-ms",
			"upstream-rq-timeout-alt-response",
			"upstream-stream-duration-ms":
			return true
		}
		return false
	})
	return timeout
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
