package abi

// StreamType names the direction that proxy_continue_stream and proxy_close_stream are about.
type StreamType uint32

const (
	StreamRequest StreamType = iota
	StreamResponse
	StreamDownstream
	StreamUpstream
)

func (t StreamType) String() string {
	return NameOf(uint32(t), "Request", "Response", "Downstream", "Upstream")
}

// Valid says whether the ABI has this number.
func (t StreamType) Valid() bool { return t <= StreamUpstream }
