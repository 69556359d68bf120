// deny.go: the key `deny`, the reply to a refused request. Twin: deny.rs.

package main

type deny struct {
	status     uint32
	grpcStatus int32
	body       string
	headers    string // serialized pairs
}

func defaultDeny() *deny {
	return &deny{
		status:     403,
		grpcStatus: grpcPermissionDenied,
		body:       "Forbidden by ASM Wasm Plugin",
		headers:    encodePairs([]pair{{"content-type", "text/plain"}}),
	}
}

// The two gRPC statuses of a refusal, by the gRPC status codes: https://grpc.io/docs/guides/status-codes/
const (
	grpcPermissionDenied = 7
	grpcUnauthenticated  = 16
)

func readDeny(path string, v value) (*deny, error) {
	d := defaultDeny()
	err := readObject(path, v, func(path, key string, v value) (err error) {
		switch key {
		case "status":
			var status int64
			status, err = readInteger(path, v, 300, 599)
			d.status = uint32(status)
		case "body":
			d.body, err = readString(path, v)
		case "headers":
			var pairs []pair
			pairs, err = readHeaderPairs(path, v)
			d.headers = encodePairs(pairs)
		default:
			err = faultAt(path, unknownKey)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if d.status == 401 {
		d.grpcStatus = grpcUnauthenticated
	}
	return d, nil
}
