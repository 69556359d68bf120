// deny.go: the key `deny`, the reply to a refused request. Twin: deny.rs.

package main

type deny struct {
	status  uint32 // 403 when it is 0, which is not given
	body    string
	pairs   []pair
	headers string // the pairs, serialized
}

// The two gRPC statuses of a refusal, by the gRPC status codes: https://grpc.io/docs/guides/status-codes/
const (
	grpcPermissionDenied = 7
	grpcUnauthenticated  = 16
)

func defaultDeny() *deny {
	return &deny{body: "Forbidden by ASM Wasm Plugin", pairs: []pair{{"content-type", "text/plain"}}}
}

// readDeny reads what is given over the defaults in d.
func readDeny(at *place, v jsonValue, d *deny) error {
	return readObject(at, v, func(at *place, key string, v jsonValue) (err error) {
		switch key {
		case "status":
			d.status, err = readStatus(at, v)
		case "body":
			d.body, err = readString(at, v)
		case "headers":
			d.pairs, err = readHeaderPairs(at, v)
		default:
			err = faultAt(at, unknownKey)
		}
		return err
	})
}

// readStatus reads a status that is no success and may have a body.
func readStatus(at *place, v jsonValue) (uint32, error) {
	status, err := readInteger(at, v, 300, 599)
	if err == nil && status == 304 {
		err = faultAt(at, notWithBody)
	}
	return status, err
}

// encode makes ready what is sent, once all is read.
func (d *deny) encode() { d.headers = encodePairs(d.pairs) }

// statuses are the HTTP status and the gRPC status.
func (d *deny) statuses() (uint32, int32) {
	switch d.status {
	case 0:
		return 403, grpcPermissionDenied
	case 401:
		return 401, grpcUnauthenticated
	}
	return d.status, grpcPermissionDenied
}

// send sends the reply.
func (d *deny) send() {
	status, grpcStatus := d.statuses()
	sendLocalResponse(status, d.body, d.headers, grpcStatus)
}
