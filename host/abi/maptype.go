package abi

// MapType names one of the header maps a plugin may ask for.
type MapType uint32

const (
	RequestHeaders MapType = iota
	RequestTrailers
	ResponseHeaders
	ResponseTrailers
	GrpcReceiveInitialMetadata
	GrpcReceiveTrailingMetadata
	HttpCallResponseHeaders
	HttpCallResponseTrailers
)

func (t MapType) String() string {
	return NameOf(uint32(t), "RequestHeaders", "RequestTrailers", "ResponseHeaders", "ResponseTrailers",
		"GrpcReceiveInitialMetadata", "GrpcReceiveTrailingMetadata", "HttpCallResponseHeaders",
		"HttpCallResponseTrailers")
}

// Valid says whether the ABI has this number.
func (t MapType) Valid() bool { return t <= HttpCallResponseTrailers }
