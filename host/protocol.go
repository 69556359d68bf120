package host

import "github.com/header-auth/header-auth/host/abi"

// Protocol is the version of HTTP that the client uses.
type Protocol uint8

const (
	HTTP1 Protocol = iota // a body without trailers ends with a piece of its own, which is empty
	HTTP2                 // the last piece of a body carries the end
)

func (p Protocol) String() string { return abi.NameOf(uint32(p), "HTTP/1.1", "HTTP/2") }
