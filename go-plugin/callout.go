// callout.go: the key `callout`, a service that is asked before a request goes on. Twin: callout.rs.

package main

import "strings"

// Envoy drops all pairs of a call when there are more than 1024, or 1 MiB of them; the call then fails, and on_error
// may allow the request. The bytes are twice what Envoy lets pass by default; half a megabyte takes the slowest build
// more than two milliseconds.
const (
	forwardedPairsMax = 1000
	forwardedBytesMax = 131072 // of names and values
)

type callout struct {
	service
	forward      []string // lower case
	allowOnError bool
}

func readCallout(at *place, v jsonValue) (*callout, error) {
	c := &callout{service: newService()}
	err := readObject(at, v, func(at *place, key string, v jsonValue) (err error) {
		switch key {
		case "forward":
			c.forward, err = readForward(at, v)
		case "on_error":
			var onError string
			onError, err = readLegal(at, v, isOnError, notOnError)
			c.allowOnError = onError == "allow"
		default:
			err = c.readMember(at, key, v)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return c, c.complete(at)
}

// readForward reads the names of headers whose values a client chooses. With content-type it could make Envoy take the
// call for gRPC; with the headers of Envoy itself it could choose how long Envoy waits for the answer, and how often it
// asks.
func readForward(at *place, v jsonValue) ([]string, error) {
	items, err := readHeaders(at, v)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(items))
	for i, item := range items {
		if names[i], err = readNameToSet(at.item(i), item); err != nil {
			return nil, err
		}
		if names[i] == "content-type" || strings.HasPrefix(names[i], "x-envoy-") {
			return nil, faultAt(at.item(i), notToBeSet)
		}
	}
	return names, nil
}

func isOnError(s string) bool { return s == "deny" || s == "allow" }

// forwarded are, name by name, all the request's headers that the service is to see, unless they are too many.
func (c *callout) forwarded(buffer string) (headers [][2]string, ok bool) {
	if len(c.forward) == 0 {
		return nil, true
	}
	all := allPairs(buffer)
	sum := 0
	for _, name := range c.forward {
		for _, p := range all {
			if !sameName(p.name, name) {
				continue
			}
			sum += len(name) + len(p.value)
			if len(headers) == forwardedPairsMax || sum > forwardedBytesMax {
				return nil, false
			}
			headers = append(headers, [2]string{name, p.value})
		}
	}
	return headers, true
}

// judge says what an answer means for the request that waits for it.
func judge(r reply) verdict {
	switch {
	case !r.answered:
		return unanswered
	case r.status == "200":
		return allowed
	}
	return calloutRefused
}
