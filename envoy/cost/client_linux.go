package cost

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// answerTime is how long an answer may take.
const answerTime = 20 * time.Second

// client has connections that stay open, and sends a request on each before it reads the answers. The system is called
// as little as possible, so that the worker is what takes the time.
type client struct {
	request []byte
	status  []byte // "HTTP/1.1 200"
	length  int    // of an answer: each is as long as the first
	sockets []int
	buffer  []byte
}

// WrongError is an answer that is not the wanted one.
type WrongError struct{ Wanted, Got string }

func (e *WrongError) Error() string {
	return fmt.Sprintf("an answer: wanted %s, got %s", e.Wanted, e.Got)
}

// dial connects as often as is wanted, and sends a request on each connection.
func dial(path string, connections int, request []byte, status int) (*client, error) {
	c := &client{request: request, status: fmt.Appendf(nil, "HTTP/1.1 %d ", status), buffer: make([]byte, 64<<10)}
	for range connections {
		socket, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			c.close()
			return nil, err
		}
		c.sockets = append(c.sockets, socket)
		limit := unix.NsecToTimeval(answerTime.Nanoseconds())
		err = unix.SetsockoptTimeval(socket, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit)
		if err == nil {
			err = unix.SetsockoptTimeval(socket, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &limit)
		}
		if err == nil {
			err = unix.Connect(socket, &unix.SockaddrUnix{Name: path})
		}
		if err == nil {
			err = c.send(socket)
		}
		if err == nil {
			err = c.learn(socket)
		}
		if err != nil {
			c.close()
			return nil, err
		}
	}
	return c, nil
}

func (c *client) close() {
	for _, socket := range c.sockets {
		_ = unix.Close(socket)
	}
}

func (c *client) send(socket int) error {
	for {
		n, err := unix.Write(socket, c.request)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return fmt.Errorf("send a request: %w", err)
		case n < len(c.request):
			return fmt.Errorf("send a request: %d of %d bytes were taken", n, len(c.request))
		}
		return nil
	}
}

// receive reads once.
func (c *client) receive(socket int, into []byte) (int, error) {
	for {
		n, err := unix.Read(socket, into)
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN:
			return 0, fmt.Errorf("no answer within %v", answerTime)
		case err != nil:
			return 0, fmt.Errorf("read an answer: %w", err)
		case n == 0:
			return 0, fmt.Errorf("read an answer: the connection was closed")
		}
		return n, nil
	}
}

// learn reads an answer of unknown length.
func (c *client) learn(socket int) error {
	got := 0
	for {
		n, err := c.receive(socket, c.buffer[got:])
		if err != nil {
			return err
		}
		got += n
		head, _, whole := bytes.Cut(c.buffer[:got], []byte("\r\n\r\n"))
		if !whole {
			continue
		}
		length := len(head) + 4
		for line := range strings.Lines(strings.ToLower(string(head))) {
			if value, ok := strings.CutPrefix(line, "content-length:"); ok {
				body, err := strconv.Atoi(strings.TrimSpace(value))
				if err != nil {
					return fmt.Errorf("an answer's %q: %w", strings.TrimSpace(line), err)
				}
				length += body
			}
		}
		if got < length {
			continue
		}
		if err := c.right(); err != nil {
			return err
		}
		c.length = length
		return nil
	}
}

// right checks the status of the answer in the buffer.
func (c *client) right() error {
	if bytes.HasPrefix(c.buffer, c.status) {
		return nil
	}
	line, _, _ := bytes.Cut(c.buffer[:min(len(c.buffer), 80)], []byte("\r\n"))
	return &WrongError{strings.TrimSpace(string(c.status)), string(line)}
}

// run sends so many requests, and gives the longest time between sending on all connections and having all the answers.
func (c *client) run(ctx context.Context, requests int) (longest time.Duration, err error) {
	for done := 0; done < requests; done += len(c.sockets) {
		if err := ctx.Err(); err != nil {
			return longest, err
		}
		begin := time.Now()
		for _, socket := range c.sockets {
			if err := c.send(socket); err != nil {
				return longest, err
			}
		}
		for _, socket := range c.sockets {
			for got := 0; got < c.length; {
				n, err := c.receive(socket, c.buffer[got:])
				if err != nil {
					return longest, err
				}
				got += n
				if got > c.length || got < c.length && got >= len(c.status) {
					if err := c.right(); err != nil {
						return longest, err
					}
				}
				if got > c.length {
					return longest, &WrongError{fmt.Sprintf("%d bytes", c.length), fmt.Sprintf("%d bytes", got)}
				}
			}
			if err := c.right(); err != nil {
				return longest, err
			}
		}
		longest = max(longest, time.Since(begin))
	}
	return longest, nil
}
