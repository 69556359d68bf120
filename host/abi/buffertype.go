package abi

// BufferType names one of the buffers a plugin may ask for.
type BufferType uint32

const (
	RequestBody BufferType = iota
	ResponseBody
	DownstreamData
	UpstreamData
	HttpCallResponseBody
	GrpcReceiveBuffer
	VMConfiguration
	PluginConfiguration
	CallData
)

func (t BufferType) String() string {
	return NameOf(uint32(t), "RequestBody", "ResponseBody", "DownstreamData", "UpstreamData", "HttpCallResponseBody",
		"GrpcReceiveBuffer", "VmConfiguration", "PluginConfiguration", "CallData")
}

// Valid says whether the ABI has this number.
func (t BufferType) Valid() bool { return t <= CallData }
