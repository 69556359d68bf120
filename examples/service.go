package examples

import (
	"net"
	"net/http"
)

// service is a server on the loopback interface.
type service struct {
	server *http.Server
	port   uint32
}

// serve starts a service that gives the first answer which fits.
func serve(answers []Answer, asked func()) (*service, error) {
	at, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &service{port: uint32(at.Addr().(*net.TCPAddr).Port)}
	s.server = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer asked()
		answer(answers, r.Header).write(w)
	})}
	go s.server.Serve(at) //nolint:errcheck // it ends with Close
	return s, nil
}

// answer is the first that fits the headers of a request. When none does, there is an empty 404.
func answer(answers []Answer, headers http.Header) Answer {
	for _, a := range answers {
		if a.fits(headers) {
			return a
		}
	}
	return Answer{Status: http.StatusNotFound}
}

func (a Answer) fits(headers http.Header) bool {
	for name, value := range a.When {
		if got := headers.Values(name); len(got) != 1 || got[0] != value {
			return false
		}
	}
	return true
}

func (a Answer) status() int {
	if a.Status == 0 {
		return http.StatusOK
	}
	return a.Status
}

func (a Answer) write(w http.ResponseWriter) {
	for name, value := range a.Headers {
		w.Header().Set(name, value)
	}
	w.WriteHeader(a.status())
	_, _ = w.Write([]byte(a.Body)) // the client may have left
}
