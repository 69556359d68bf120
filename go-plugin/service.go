// service.go: another service that is asked, what the keys `token` and `callout` have in common. Twin: service.rs.

package main

import "strings"

type service struct {
	cluster, authority, path string
	timeout                  uint32 // milliseconds
}

// readMember reads one of the common keys.
func (s *service) readMember(path, key string, v value) (err error) {
	switch key {
	case "cluster":
		s.cluster, err = readLegal(path, v, isCluster, notCluster)
	case "authority":
		s.authority, err = readLegal(path, v, isAuthority, notAuthority)
	case "path":
		s.path, err = readLegal(path, v, isPath, notPath)
	case "timeout_ms":
		var timeout int64
		timeout, err = readInteger(path, v, 1, 3_600_000)
		s.timeout = uint32(timeout)
	default:
		err = faultAt(path, unknownKey)
	}
	return err
}

// complete says which key is missing: none of them may be empty.
func (s *service) complete(path string) error {
	switch "" {
	case s.cluster:
		return faultAt(member(path, "cluster"), required)
	case s.authority:
		return faultAt(member(path, "authority"), required)
	case s.path:
		return faultAt(member(path, "path"), required)
	}
	return nil
}

func isCluster(s string) bool { return s != "" }

func isAuthority(s string) bool { return s != "" && isValue(s) }

func isPath(s string) bool {
	return strings.HasPrefix(s, "/") && !strings.Contains(s, " ") && !hasControl(s)
}

// ask sends a GET. The reply comes later, or never when this fails.
func (s *service) ask(forward [][2]string, reply func(headers, trailers int)) bool {
	headers := append([][2]string{{":method", "GET"}, {":path", s.path}, {":authority", s.authority}}, forward...)
	return httpCall(s.cluster, headers, s.timeout, reply)
}

// reply is what came back: the pairs of the answer, unless there was none.
type reply struct {
	status   string // empty when it could not be read
	pairs    string
	answered bool
}

// readReply holds a status 503 or 504 for no answer: so Envoy says that it could not connect, or has waited too long; and
// 502 when Envoy made it, for a service that did not speak HTTP. To a call that looks like gRPC, Envoy says all of these
// with a status of 200 and a gRPC status.
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

// isMadeByEnvoy says whether an answer is one that Envoy makes: a text, without the time that Envoy notes on every answer
// of a service.
func isMadeByEnvoy(buffer string) bool {
	contentType, _ := findOne(buffer, "content-type")
	_, time := findOne(buffer, "x-envoy-upstream-service-time")
	return contentType == "text/plain" && time == missing
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
