// Package wire speaks HTTP/2 in frames, as a client and as a server. Header blocks go out and come in as ordered lists
// of pairs of any bytes, which net/http can't do: it sorts, folds and checks names.
package wire

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/header-auth/header-auth/host/headermap"
)

// Events tell what arrives on a connection. Calls do not overlap; the connection's reader waits until they return.
type Events interface {
	Headers(stream uint32, headers []headermap.Header, end bool)
	Data(stream uint32, data []byte, end bool)
	Reset(stream uint32)
	Closed() // the connection has ended; last of all
}

const (
	window    = 1<<31 - 1 // the largest that the protocol has
	listBytes = 64 << 20  // of a header list; Envoy's own limits are lower
)

// Conn is one connection.
type Conn struct {
	net.Conn
	framer *http2.Framer
	decode *hpack.Decoder

	mu     sync.Mutex // of writing
	encode *hpack.Encoder
	block  bytes.Buffer
	frame  int // bytes of a frame at most
}

func newConn(c net.Conn) *Conn {
	w := &Conn{Conn: c, framer: http2.NewFramer(c, c), decode: hpack.NewDecoder(4096, nil), frame: 16384}
	w.encode = hpack.NewEncoder(&w.block)
	w.framer.SetMaxReadFrameSize(1 << 20)
	return w
}

// Dial connects to a Unix socket as a client.
func Dial(path string) (*Conn, error) {
	c, err := net.Dial("unix", path)
	if err != nil {
		return nil, err
	}
	w := newConn(c)
	if _, err := io.WriteString(c, http2.ClientPreface); err != nil {
		c.Close()
		return nil, err
	}
	if err := w.greet(); err != nil {
		c.Close()
		return nil, err
	}
	return w, nil
}

// Accept begins a connection as a server.
func Accept(c net.Conn) (*Conn, error) {
	preface := make([]byte, len(http2.ClientPreface))
	if _, err := io.ReadFull(c, preface); err != nil {
		return nil, err
	}
	if string(preface) != http2.ClientPreface {
		return nil, fmt.Errorf("read HTTP/2's preface: got %q", preface)
	}
	w := newConn(c)
	return w, w.greet()
}

// greet sends the settings; it keeps the peer from waiting for room in a window, or from compressing with a table.
func (c *Conn) greet() error {
	if err := c.framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: window},
		http2.Setting{ID: http2.SettingMaxHeaderListSize, Val: listBytes}); err != nil {
		return err
	}
	return c.framer.WriteWindowUpdate(0, window-65535)
}

// Headers sends a header block, or trailers; end says that nothing follows.
func (c *Conn) Headers(stream uint32, headers []headermap.Header, end bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
		return err
	}
	c.block.Reset()
	for _, h := range headers {
		if err := c.encode.WriteField(hpack.HeaderField{Name: h.Name, Value: h.Value}); err != nil {
			return err
		}
	}
	rest := c.block.Bytes()
	take := func() []byte {
		part := rest[:min(len(rest), c.frame)]
		rest = rest[len(part):]
		return part
	}
	part := take()
	err := c.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: part, EndStream: end,
		EndHeaders: len(rest) == 0})
	for err == nil && len(rest) > 0 {
		part = take()
		err = c.framer.WriteContinuation(stream, len(rest) == 0, part)
	}
	return err
}

// Data sends a piece of a body. Windows are not kept: Envoy's are larger than any body of the table.
func (c *Conn) Data(stream uint32, data []byte, end bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
		return err
	}
	for len(data) > c.frame {
		if err := c.framer.WriteData(stream, false, data[:c.frame]); err != nil {
			return err
		}
		data = data[c.frame:]
	}
	return c.framer.WriteData(stream, end, data)
}

// Reset ends a stream.
func (c *Conn) Reset(stream uint32) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.framer.WriteRSTStream(stream, http2.ErrCodeCancel)
}

// Read hands over what arrives until the connection ends.
func (c *Conn) Read(e Events) {
	defer e.Closed()
	defer c.Close()
	var fragments []byte
	var end bool
	for {
		frame, err := c.framer.ReadFrame()
		if err != nil {
			return
		}
		whole := false
		switch f := frame.(type) {
		case *http2.HeadersFrame:
			fragments, end, whole = append([]byte(nil), f.HeaderBlockFragment()...), f.StreamEnded(), f.HeadersEnded()
		case *http2.ContinuationFrame:
			fragments, whole = append(fragments, f.HeaderBlockFragment()...), f.HeadersEnded()
		case *http2.DataFrame:
			e.Data(f.StreamID, f.Data(), f.StreamEnded())
			err = c.room(len(f.Data()))
		case *http2.RSTStreamFrame:
			e.Reset(f.StreamID)
		case *http2.SettingsFrame:
			err = c.settings(f)
		case *http2.PingFrame:
			err = c.pong(f)
		}
		if err != nil {
			return
		}
		if !whole {
			continue
		}
		headers, err := c.headers(fragments)
		if err != nil {
			return
		}
		e.Headers(frame.Header().StreamID, headers, end)
	}
}

func (c *Conn) headers(block []byte) ([]headermap.Header, error) {
	headers := []headermap.Header{}
	c.decode.SetEmitFunc(func(f hpack.HeaderField) {
		headers = append(headers, headermap.Header{Name: f.Name, Value: f.Value})
	})
	if _, err := c.decode.Write(block); err != nil {
		return nil, err
	}
	return headers, c.decode.Close()
}

func (c *Conn) room(n int) error {
	if n == 0 {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.framer.WriteWindowUpdate(0, uint32(n))
}

func (c *Conn) settings(f *http2.SettingsFrame) error {
	if f.IsAck() {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if size, ok := f.Value(http2.SettingHeaderTableSize); ok {
		c.encode.SetMaxDynamicTableSizeLimit(size)
	}
	return c.framer.WriteSettingsAck()
}

func (c *Conn) pong(f *http2.PingFrame) error {
	if f.IsAck() {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.framer.WritePing(true, f.Data)
}
