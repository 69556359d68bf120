package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// patience is how long a server may send nothing. An answer that is not a blob must be whole by then.
	patience = 30 * time.Second
	// longestAnswer is of everything but blobs, in bytes. Registries take no manifest of more than 4 MiB.
	longestAnswer = 8 << 20
	// longestPause is how long a server may ask to wait before the next try.
	longestPause = time.Minute
)

// silentError: a server took the request and sent nothing, or no more.
type silentError struct {
	host  string
	after time.Duration
}

func (e *silentError) Error() string { return fmt.Sprintf("%s sent nothing for %v", e.host, e.after) }

// longError: a server sends more than a registry would.
type longError struct {
	host string
	most int
}

func (e *longError) Error() string { return fmt.Sprintf("%s sends more than %d bytes", e.host, e.most) }

// brokenError: a body did not arrive whole.
type brokenError struct{ err error }

func (e *brokenError) Error() string { return "the answer ended early: " + e.err.Error() }
func (e *brokenError) Unwrap() error { return e.err }

// broken says whether the connection broke, which another try may cure.
func broken(err error) bool {
	var cut *brokenError
	return errors.As(err, &cut) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)
}

// alarm is a timer that calls a function. Tests have their own.
type alarm interface {
	Reset(time.Duration) bool
	Stop() bool
}

// guarded is a transport whose every step ends: with its own limits and with the context, also where the library does
// not pass one on.
type guarded struct {
	inner http.RoundTripper
	ctx   context.Context
	alarm func(time.Duration, func()) alarm
	later atomic.Int64 // what a server asked to wait, in nanoseconds

	challenge atomic.Pointer[http.Header] // of the last 401
}

func (g *guarded) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	unbind := context.AfterFunc(g.ctx, func() { cancel(g.ctx.Err()) })
	silence := g.alarm(patience, func() { cancel(&silentError{req.URL.Host, patience}) })
	end := func() { silence.Stop(); unbind(); cancel(nil) }

	req = req.Clone(ctx)
	if get := req.GetBody; get != nil {
		req.GetBody = func() (io.ReadCloser, error) {
			body, err := get()
			if err != nil {
				return nil, err
			}
			return &sending{body, silence}, nil
		}
		// When a token has expired, the library sends the same request again, with a body that is used up.
		if req.Body != nil {
			req.Body.Close()
		}
		var err error
		if req.Body, err = req.GetBody(); err != nil {
			end()
			return nil, err
		}
	}
	response, err := g.inner.RoundTrip(req)
	if err != nil {
		defer end()
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return nil, err
	}
	if later := retryAfter(response); later > 0 {
		g.later.Store(int64(later))
	}
	if response.StatusCode == http.StatusUnauthorized {
		g.challenge.Store(&response.Header)
	}
	response.Body = &receiving{body: response.Body, host: req.URL.Host, ctx: ctx, silence: silence, end: end,
		blob: isBlob(req)}
	return response, nil
}

// isBlob says whether a blob was asked for, also where the registry sends the client on to a store.
func isBlob(req *http.Request) bool {
	for req.Response != nil && req.Response.Request != nil {
		req = req.Response.Request
	}
	return strings.Contains(req.URL.Path, "/blobs/")
}

// retryAfter is how long a server that can't answer now asks to wait (RFC 9110, 10.2.3); 0 if it does not say.
func retryAfter(r *http.Response) time.Duration {
	text := r.Header.Get("Retry-After")
	if r.StatusCode < 400 || text == "" {
		return 0
	}
	if seconds, err := strconv.Atoi(text); err == nil {
		return time.Duration(max(0, min(seconds, 1<<20))) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}

// sending is the body of a request: each read of it is a sign that the server takes it.
type sending struct {
	io.ReadCloser
	silence alarm
}

func (s *sending) Read(p []byte) (int, error) {
	s.silence.Reset(patience)
	return s.ReadCloser.Read(p)
}

// receiving is the body of an answer.
type receiving struct {
	body    io.ReadCloser
	host    string
	ctx     context.Context
	silence alarm
	end     func()
	blob    bool
	read    int
}

func (r *receiving) Read(p []byte) (int, error) {
	n, err := r.body.Read(p)
	r.read += n
	switch {
	case errors.Is(err, io.EOF):
	case err != nil && context.Cause(r.ctx) != nil:
		err = context.Cause(r.ctx)
	case err != nil:
		err = &brokenError{err}
	case r.blob:
		r.silence.Reset(patience)
	case r.read > longestAnswer:
		err = &longError{r.host, longestAnswer}
	}
	return n, err
}

func (r *receiving) Close() error {
	defer r.end()
	return r.body.Close()
}
