// deny.go: the key `deny`, the reply to a refused request. Twin: deny.rs.

package main

type deny struct {
	status  uint32
	body    string
	pairs   []pair
	headers string // the pairs, serialized
}

func defaultDeny() *deny {
	return &deny{status: 403, body: "Forbidden by ASM Wasm Plugin", pairs: []pair{{"content-type", "text/plain"}}}
}

// The two gRPC statuses of a refusal, by the gRPC status codes: https://grpc.io/docs/guides/status-codes/
const (
	grpcPermissionDenied = 7
	grpcUnauthenticated  = 16
)

// readDeny reads what is given over the defaults in d.
func readDeny(path string, v value, d *deny) error {
	return readObject(path, v, func(path, key string, v value) (err error) {
		switch key {
		case "status":
			d.status, err = readStatus(path, v)
		case "body":
			d.body, err = readString(path, v)
		case "headers":
			d.pairs, err = readHeaderPairs(path, v)
		default:
			err = faultAt(path, unknownKey)
		}
		return err
	})
}

// readStatus reads a status that is no success and may have a body.
func readStatus(path string, v value) (uint32, error) {
	status, err := readInteger(path, v, 300, 599)
	if err == nil && status == 304 {
		err = faultAt(path, notWithBody)
	}
	return uint32(status), err
}

// encode makes ready what is sent, once all is read.
func (d *deny) encode() { d.headers = encodePairs(d.pairs) }

func (d *deny) grpcStatus() int32 {
	if d.status == 401 {
		return grpcUnauthenticated
	}
	return grpcPermissionDenied
}
