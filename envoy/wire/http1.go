package wire

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/header-auth/header-auth/host/headermap"
)

// Client is one exchange from the client's side. The stream of HTTP/2 is 1.
type Client interface {
	Headers(stream uint32, headers []headermap.Header, end bool) error
	Data(stream uint32, data []byte, end bool) error
	Reset(stream uint32) error
	Read(Events)
	Close() error
}

// writeTime is how long a write may take: a peer that reads no more must not hold up everything.
const writeTime = 10 * time.Second

// HTTP1 is a client over HTTP/1.1, for header lists that are too long for HTTP/2: Envoy takes few CONTINUATION frames.
// Its responses' headers are in no order, so it is for those of which one header says all.
type HTTP1 struct {
	net.Conn
	method string
	sent   bool // headers were
	body   bool // follows, in chunks
}

// DialHTTP1 connects to a Unix socket.
func DialHTTP1(path string) (*HTTP1, error) {
	c, err := net.Dial("unix", path)
	if err != nil {
		return nil, err
	}
	return &HTTP1{Conn: c}, nil
}

// Headers sends the request's head, with the pseudo-headers of HTTP/2, or trailers.
func (c *HTTP1) Headers(_ uint32, headers []headermap.Header, end bool) error {
	var b strings.Builder
	if c.sent {
		b.WriteString("0\r\n")
	} else {
		pseudo := map[string]string{}
		for _, h := range headers {
			pseudo[h.Name] = h.Value
		}
		c.sent, c.body, c.method = true, !end, pseudo[":method"]
		fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nhost: %s\r\n", c.method, pseudo[":path"], pseudo[":authority"])
		if !end {
			b.WriteString("transfer-encoding: chunked\r\n")
		}
	}
	for _, h := range headers {
		if !strings.HasPrefix(h.Name, ":") {
			b.WriteString(h.Name + ": " + h.Value + "\r\n")
		}
	}
	b.WriteString("\r\n")
	return c.write(b.String())
}

// Data sends a chunk.
func (c *HTTP1) Data(_ uint32, data []byte, end bool) error {
	text := ""
	if len(data) > 0 {
		text = fmt.Sprintf("%x\r\n%s\r\n", len(data), data)
	}
	if end {
		text += "0\r\n\r\n"
	}
	return c.write(text)
}

func (c *HTTP1) write(text string) error {
	if err := c.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
		return err
	}
	_, err := io.WriteString(c.Conn, text)
	return err
}

// Reset ends the connection.
func (c *HTTP1) Reset(uint32) error { return c.Close() }

// Read hands over the response.
func (c *HTTP1) Read(e Events) {
	defer e.Closed()
	defer c.Close()
	in := bufio.NewReader(c.Conn)
	if _, err := in.Peek(1); err != nil { // the method is known once something was sent
		return
	}
	response, err := http.ReadResponse(in, &http.Request{Method: c.method})
	if err != nil {
		return
	}
	headers := headermap.Of(":status", fmt.Sprintf("%03d", response.StatusCode))
	e.Headers(1, append(headers, ordered(response.Header)...), false)
	for part := make([]byte, 32<<10); ; {
		n, err := response.Body.Read(part)
		if n > 0 {
			e.Data(1, part[:n], false)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return
		}
	}
	if len(response.Trailer) > 0 {
		e.Headers(1, ordered(response.Trailer), true)
		return
	}
	e.Data(1, nil, true)
}

func ordered(h http.Header) (all []headermap.Header) {
	for name, values := range h {
		for _, v := range values {
			all = append(all, headermap.Header{Name: strings.ToLower(name), Value: v})
		}
	}
	return all
}
