// callout.go: the key `callout`, a service that is asked before a request goes on. Twin: callout.rs.

package main

import "strings"

// Envoy drops a call's pairs when there are more than 1024 of them, or 1 MiB: the call then fails, which on_error may
// allow. Half a megabyte takes the slowest build more than two milliseconds; twice what Envoy lets pass by default does not.
const (
	forwardedPairsMax = 1000
	forwardedBytesMax = 131072 // of names and values
)

type callout struct {
	service
	forward      []string // lower case
	allowOnError bool
}

func readCallout(path string, v value) (*callout, error) {
	c := &callout{service: service{timeout: 5000}}
	err := readObject(path, v, func(path, key string, v value) (err error) {
		switch key {
		case "forward":
			c.forward, err = readForward(path, v)
		case "on_error":
			var onError string
			onError, err = readLegal(path, v, isOnError, notOnError)
			c.allowOnError = onError == "allow"
		default:
			err = c.readMember(path, key, v)
		}
		return err
	})
	if err == nil {
		err = c.complete(path)
	}
	return c, err
}

// readForward reads the names of headers whose values a client chooses. By content-type it would choose that Envoy takes the
// call for gRPC, by those of Envoy itself how long Envoy waits for the answer, and how often it asks.
func readForward(path string, v value) ([]string, error) {
	items, err := readHeaders(path, v)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(items))
	for i, item := range items {
		if names[i], err = readNameToSet(index(path, i), item); err != nil {
			return nil, err
		}
		if names[i] == "content-type" || strings.HasPrefix(names[i], "x-envoy-") {
			return nil, faultAt(index(path, i), notToBeSet)
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
	size := 0
	for _, name := range c.forward {
		for _, p := range all {
			if !sameName(p.name, name) {
				continue
			}
			size += len(name) + len(p.value)
			if len(headers) == forwardedPairsMax || size > forwardedBytesMax {
				return nil, false
			}
			headers = append(headers, [2]string{name, p.value})
		}
	}
	return headers, true
}

// judge says what an answer means for the request that waits for it.
func (c *callout) judge(r reply) verdict {
	switch {
	case !r.answered:
		return unanswered
	case r.status == "200":
		return allowed
	}
	return calloutRefused
}
