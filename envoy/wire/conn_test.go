package wire

import (
	"fmt"
	"net"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/header-auth/header-auth/host/headermap"
)

// recorder passes on what it is told.
type recorder struct{ told chan any }

type data struct {
	stream uint32
	text   string
	end    bool
}

type block struct {
	stream  uint32
	headers []headermap.Header
	end     bool
}

func (r recorder) Headers(stream uint32, headers []headermap.Header, end bool) {
	r.told <- block{stream, headers, end}
}
func (r recorder) Data(stream uint32, d []byte, end bool) { r.told <- data{stream, string(d), end} }
func (r recorder) Reset(stream uint32)                    { r.told <- stream }
func (r recorder) Closed()                                { close(r.told) }

func TestWhatIsSentArrives(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	server := recorder{make(chan any, 100)}
	go func() {
		raw, err := listener.Accept()
		if err != nil {
			return
		}
		c, err := Accept(raw)
		if err != nil {
			return
		}
		c.Read(server)
	}()
	client, err := Dial(path)
	if err != nil {
		t.Fatal(err)
	}
	go client.Read(recorder{make(chan any, 100)})
	// Order, repetition, letter case, any byte, and a list that needs several frames.
	headers := headermap.Of(":path", "/", "b", "1", "A", "\x00\xff", "b", "1", "long", strings.Repeat("\x01", 100_000))
	send := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	send(client.Headers(1, headers, false))
	send(client.Data(1, []byte(strings.Repeat("x", 20_000)), false))
	send(client.Headers(1, headermap.Of("t", "v"), true))
	send(client.Headers(3, headers[:1], true))
	send(client.Reset(3))
	var got []any
	for range 6 {
		got = append(got, <-server.told)
	}
	client.Close()
	if e, more := <-server.told; more {
		t.Errorf("after the last: %v", e)
	}
	want := []any{block{1, headers, false},
		data{1, strings.Repeat("x", 16384), false}, data{1, strings.Repeat("x", 20_000-16384), false},
		block{1, headermap.Of("t", "v"), true}, block{3, headers[:1], true}, uint32(3)}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %.300q, expected %.300q", fmt.Sprint(got), fmt.Sprint(want))
	}
}
