package envoy

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/envoy/proxy"
	"github.com/header-auth/header-auth/host/headermap"
)

// grpcCall is a gRPC call or stream that the plugin has made. The lane's lock guards it.
type grpcCall struct {
	table.GRPC // what effects has not given yet
	vm         *machine
	token      int64
	number     int
	fresh      bool // effects has not given it yet
	stream     bool
	cluster    string
	path       string
	timeout    time.Duration // 0: none
	made       time.Duration // steady time
	due        time.Duration // as of a call
	visit      *visit        // at the service; nil: it has not arrived
	begun      bool          // the service has sent something
	half       bool          // the plugin sends no more
	done       bool          // nothing more comes to the plugin
	expected   int           // callbacks that are on their way, or have been made
	callbacks  int           // that have been made
}

// waits says whether something is on its way to the service or to the plugin.
func (c *grpcCall) waits(now time.Duration) bool {
	switch {
	case c.done, c.due > now:
		return false
	case c.visit == nil:
		return true
	}
	return c.expected > c.callbacks
}

// number reads a number that was logged behind a call.
func numberOf(text string) int64 {
	if len(text) != 4 {
		return 0
	}
	return int64(binary.LittleEndian.Uint32([]byte(text)))
}

// makes notes a gRPC call. texts are what rewrite.Logged and rewrite.Numbered say of it.
func (r *run) makes(vm *machine, stream bool, texts []string, timeout int64) {
	number := texts[len(texts)-1]
	c := &grpcCall{vm: vm, stream: stream, token: numberOf(number), fresh: true, number: len(r.grpc) + 1,
		made: r.lane.clock.Steady(), cluster: proxy.GRPCTarget(texts[0]), path: "/" + texts[1] + "/" + texts[2]}
	c.GRPC = table.GRPC{Cluster: c.cluster, Service: texts[1], Method: texts[2], Metadata: pairs(texts[3]), Stream: stream}
	if !stream {
		c.half, c.Messages, c.TimeoutMS = true, [][]byte{[]byte(texts[4])}, int(timeout)
		c.timeout = time.Duration(timeout) * time.Millisecond
	}
	if s := r.answers.Cluster(c.cluster); s != nil && silent(*s) {
		c.due = c.made + proxy.ConnectTimeout
	}
	r.grpc = append(r.grpc, c)
}

func (r *run) grpcByToken(vm *machine, token int64) *grpcCall {
	at := slices.IndexFunc(r.grpc, func(c *grpcCall) bool { return c.vm == vm && c.token == token })
	if at < 0 {
		return nil
	}
	return r.grpc[at]
}

// sends, closes and gives up note what the plugin does on a call.

func (c *grpcCall) sends(message string, last bool) {
	if c.half || c.done {
		return
	}
	c.Messages = append(c.Messages, []byte(message))
	c.half, c.Ended = last, last
}

func (c *grpcCall) closes() {
	if !c.stream {
		c.givesUp()
		return
	}
	c.Ended = c.Ended || !c.half && !c.done
	c.half = true
}

func (c *grpcCall) givesUp() { c.done, c.Cancelled = true, true }

// comes notes a callback of a call.
func (r *run) comes(vm *machine, callback string, token int64) {
	c := r.grpcByToken(vm, token)
	if c == nil {
		return
	}
	c.callbacks++
	if callback == "proxy_on_grpc_close" || callback == "proxy_on_grpc_receive" && !c.stream {
		c.done = true
		if c.visit == nil {
			r.useRefusal(c.cluster)
		}
	}
}

// grpcDone is what the plugin did on gRPC calls since the last time. The lock is held.
func (r *run) grpcDone() (all []table.GRPC) {
	var made []table.GRPC
	for _, c := range r.grpc {
		d := c.GRPC
		c.GRPC = table.GRPC{}
		switch {
		case c.fresh:
			c.fresh = false
			made = append(made, d)
		case len(d.Messages) > 0 || d.Ended || d.Cancelled:
			d.Call = c.number
			all = append(all, d)
		}
	}
	return append(all, made...)
}

// arrivedGRPC finds the call that has come to a service.
func (r *run) arrivedGRPC(cluster string, headers []headermap.Header) *grpcCall {
	for _, c := range r.grpc {
		if c.visit == nil && !c.done && c.cluster == cluster &&
			slices.Contains(headers, headermap.Header{Name: ":path", Value: c.path}) {
			return c
		}
	}
	return nil
}

func isGRPC(headers []headermap.Header) bool {
	return slices.ContainsFunc(headers, func(h headermap.Header) bool {
		return h.Name == "content-type" && strings.HasPrefix(h.Value, "application/grpc")
	})
}

// answerGRPC answers a gRPC call that waits; it says why it could not.
func (r *run) answerGRPC(a *table.Answered) string {
	r.lane.mu.Lock()
	defer r.lane.mu.Unlock()
	for _, c := range r.grpc {
		if !c.done && c.visit != nil && (a.Call == 0 || a.Call == c.number) {
			if !c.stream && len(a.Messages) > 1 {
				return fmt.Sprintf("the gRPC call is no stream, and takes one message, not %d", len(a.Messages))
			}
			c.visit.answerGRPC(&a.Answer)
			return ""
		}
	}
	if a.Call > 0 && a.Call <= len(r.grpc) {
		return "the gRPC call is done already"
	}
	return "no such gRPC call waits"
}

// answerGRPC does what an answer of a case says to a gRPC call. The lock is held.
func (v *visit) answerGRPC(a *table.Answer) {
	c := v.grpc
	if a.Kind == table.TimedOut {
		c.due, c.expected = c.made+c.timeout, c.expected+1
		return
	}
	initial := append(headermap.Of(":status", "200", "content-type", "application/grpc"),
		answerOnWire(a.Headers, nil)...)
	if a.Kind != table.Answers {
		v.ended = true
		switch c.expected++; {
		case c.stream && c.begun:
			c.expected++
		case c.stream:
			c.expected += 2
		}
		if a.Kind == table.Reset && !c.begun {
			_ = v.conn.Headers(v.stream, initial, false)
		}
		if a.Kind == table.Reset {
			_ = v.conn.Reset(v.stream)
			return
		}
		v.fails(a.Kind)
		return
	}
	closes := a.Closes || !c.stream
	end := append(answerOnWire(a.Trailers, nil), headermap.Header{Name: "grpc-status", Value: strconv.Itoa(a.Status)})
	if a.StatusMessage != "" {
		end = append(end, headermap.Header{Name: "grpc-message", Value: a.StatusMessage})
	}
	if c.stream {
		c.expected += len(a.Messages)
		if !c.begun {
			c.expected++
		}
	}
	if closes {
		c.expected++
		v.ended = true
	}
	if closes && c.stream {
		c.expected++ // trailing metadata
	}
	if !c.begun && closes && len(a.Messages) == 0 && a.Headers == nil {
		_ = v.conn.Headers(v.stream, append(initial, end...), true)
		return
	}
	if !c.begun {
		_ = v.conn.Headers(v.stream, initial, false)
	}
	c.begun = true
	for _, m := range a.Messages {
		_ = v.conn.Data(v.stream, framed(m), false)
	}
	if closes {
		_ = v.conn.Headers(v.stream, end, true)
	}
}

// framed is a message as it is on the wire: a byte that says that it is not compressed, and its length.
func framed(message []byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message))), message...)
}
