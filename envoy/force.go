package envoy

import (
	"context"
	"sync"

	"github.com/header-auth/header-auth/envoy/rewrite"
	"github.com/header-auth/header-auth/envoy/wire"
	"github.com/header-auth/header-auth/host/headermap"
)

// force puts a set of faults in force; 0: none.
func (l *lane) force(ctx context.Context, set int) error {
	l.tokens++
	c, err := wire.Dial(l.process.Socket("control"))
	if err != nil {
		return l.gone(err)
	}
	defer c.Close()
	done := &answered{done: make(chan struct{})}
	go c.Read(done)
	if err := c.Headers(1, headermap.Of(":method", "GET", ":path", "/", ":scheme", "http", ":authority", "control",
		rewrite.TokenHeader, rewrite.Token(set, l.tokens)), true); err != nil {
		return l.gone(err)
	}
	select {
	case <-done.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-l.process.Done():
		return l.process.Err()
	}
}

// answered waits for any answer.
type answered struct {
	once sync.Once
	done chan struct{}
}

func (a *answered) Headers(uint32, []headermap.Header, bool) { a.once.Do(func() { close(a.done) }) }
func (a *answered) Data(uint32, []byte, bool)                {}
func (a *answered) Reset(uint32)                             {}
func (a *answered) Closed()                                  { a.once.Do(func() { close(a.done) }) }

// ignore takes no notice.
type ignore struct{}

func (ignore) Headers(uint32, []headermap.Header, bool) {}
func (ignore) Data(uint32, []byte, bool)                {}
func (ignore) Reset(uint32)                             {}
func (ignore) Closed()                                  {}
