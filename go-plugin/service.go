// service.go: another service that is asked, what the keys `token` and `callout` have in common. Twin: service.rs.

package main

import "strings"

type service struct {
	cluster, authority, path string
	timeout                  uint32 // milliseconds
}

func newService() service { return service{timeout: 5000} }

// readMember reads one of the common keys.
func (s *service) readMember(at *place, key string, v jsonValue) (err error) {
	switch key {
	case "cluster":
		s.cluster, err = readLegal(at, v, isCluster, notCluster)
	case "authority":
		s.authority, err = readLegal(at, v, isAuthority, notAuthority)
	case "path":
		s.path, err = readLegal(at, v, isPath, notPath)
	case "timeout_ms":
		s.timeout, err = readInteger(at, v, 1, 3_600_000)
	default:
		err = faultAt(at, unknownKey)
	}
	return err
}

// complete says which key is missing: none of them may be empty.
func (s *service) complete(at *place) error {
	switch "" {
	case s.cluster:
		return required(at, "cluster")
	case s.authority:
		return required(at, "authority")
	case s.path:
		return required(at, "path")
	}
	return nil
}

func isCluster(s string) bool { return s != "" }

func isAuthority(s string) bool { return s != "" && isValue(s) }

func isPath(s string) bool {
	return strings.HasPrefix(s, "/") && !strings.Contains(s, " ") && !hasControl(s)
}

// ask sends a GET. The reply comes later, or never when this fails.
func (s *service) ask(forward [][2]string, onReply func(headers, trailers int)) bool {
	headers := append([][2]string{{":method", "GET"}, {":path", s.path}, {":authority", s.authority}}, forward...)
	return httpCall(s.cluster, headers, s.timeout, onReply)
}

// reply is what came back: the pairs of the answer, unless there was none.
type reply struct {
	status   string // empty when it could not be read
	pairs    string
	answered bool
}

// readReply takes some statuses for no answer, because Envoy makes them: 503 when it could not connect, 504 when it has
// waited too long, 502 when the service did not speak HTTP. A service may answer 502 too, so that one is looked at more
// closely. To a call that looks like gRPC, Envoy says all of these with status 200 and a gRPC status.
func readReply(a *answer, headers, trailers int) reply {
	if headers == 0 {
		return reply{}
	}
	pairs, ok := replyHeaders(a)
	if !ok || !isWellFormed(pairs) {
		return reply{answered: true}
	}
	if trailers > 0 {
		after, ok := replyTrailers(a)
		if !ok || !isWellFormed(after) {
			return reply{answered: true}
		}
		if hasGRPCError(after) {
			return reply{}
		}
	}
	status, found := findOne(pairs, ":status")
	switch {
	case status == "503" || status == "504" || status == "502" && isMadeByEnvoy(pairs) || hasGRPCError(pairs):
		return reply{}
	case found != allowed || !isStatus(status):
		return reply{answered: true}
	}
	return reply{status, pairs, true}
}

// isMadeByEnvoy says whether an answer is one that Envoy makes: a text, without the time that Envoy notes on every
// answer of a service.
func isMadeByEnvoy(buffer string) bool {
	contentType, _ := findOne(buffer, "content-type")
	_, found := findOne(buffer, "x-envoy-upstream-service-time")
	return contentType == "text/plain" && found == missing
}

// hasGRPCError says whether there is a gRPC status other than 0, which is OK.
func hasGRPCError(buffer string) bool {
	for pairs := readPairs(buffer); pairs.next(); {
		if sameName(pairs.name, "grpc-status") && pairs.value != "0" {
			return true
		}
	}
	return false
}

func isStatus(s string) bool {
	return len(s) == 3 && strings.Trim(s, "0123456789") == ""
}
