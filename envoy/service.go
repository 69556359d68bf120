package envoy

import (
	"context"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/envoy/proxy"
	"github.com/header-auth/header-auth/envoy/wire"
	"github.com/header-auth/header-auth/host/headermap"
)

// service is a cluster that plugins call. Each call comes on a connection of its own.
type service struct {
	lane   *lane
	name   string
	socket string

	// Guarded by the lane's lock.
	listener net.Listener // nil: connections are refused
	run      *run
}

// setClusters makes the clusters that there are the given ones; empty ones have no host, silent ones make no connection.
func (l *lane) setClusters(ctx context.Context, clusters []table.Cluster) error {
	all := []proxy.Cluster{{Name: upstreamCluster, Socket: l.process.Socket(upstreamCluster)}}
	for _, c := range clusters {
		if c.State == table.Unknown {
			continue
		}
		cluster := proxy.Cluster{Name: c.Name, Silent: silent(c)}
		if c.State == table.Ready {
			s, err := l.service(c.Name)
			if err != nil {
				return err
			}
			cluster.Socket = s.socket
		}
		all = append(all, cluster)
	}
	l.mu.Lock()
	delete(l.verdicts, clusterVerdict)
	l.mu.Unlock()
	if err := l.process.SetClusters(all...); err != nil {
		return err
	}
	_, err := l.await(ctx, clusterVerdict)
	return err
}

// silent says whether no connection to a cluster is made in time.
func silent(c table.Cluster) bool {
	return len(c.Answers) > 0 && c.Answers[0].Kind == table.NotConnected
}

// service is the one of a cluster, which stays from case to case.
func (l *lane) service(cluster string) (*service, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.services[cluster]
	if s == nil {
		s = &service{lane: l, name: cluster, socket: l.process.Socket(fmt.Sprintf("service%d", len(l.services)))}
		l.services[cluster] = s
	}
	return s, s.listen()
}

// listen and refuse are called with the lock held.

func (s *service) listen() error {
	if s.listener != nil {
		return nil
	}
	listener, err := net.Listen("unix", s.socket)
	if err != nil {
		return err
	}
	s.listener = listener
	go accept(listener, func(c *wire.Conn) wire.Events { return &visit{service: s, conn: c} })
	return nil
}

func (s *service) refuse() {
	if s.listener != nil {
		s.listener.Close() // removes the socket
		s.listener = nil
	}
}

func (s *service) close() {
	s.lane.mu.Lock()
	defer s.lane.mu.Unlock()
	s.refuse()
}

// visit is a call at a service.
type visit struct {
	service *service
	conn    *wire.Conn
	stream  uint32
	call    *call // nil: its headers have not come
	ended   bool  // answered, or broken off by one of the sides
}

func (v *visit) Headers(stream uint32, headers []headermap.Header, end bool) {
	l := v.service.lane
	if v.call == nil {
		// The log says which call this is, and may be read later than the socket.
		var found *call
		_ = l.until(context.Background(), func() bool {
			if v.service.run == nil {
				return true // of a case that has ended
			}
			found = v.service.run.arrived(v.service.name)
			return found != nil
		})
		if found == nil {
			return
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		v.stream, v.call = stream, found
		found.visit, found.Headers = v, withoutScheme(headers, found.Headers)
	} else {
		l.mu.Lock()
		defer l.mu.Unlock()
		v.call.Trailers = headers
	}
	v.end(end)
}

// withoutScheme leaves out the scheme of a call that the plugin has given none: Envoy adds it, for HTTP/2 alone to show.
func withoutScheme(arrived, made []headermap.Header) []headermap.Header {
	isScheme := func(h headermap.Header) bool { return h.Name == ":scheme" }
	if slices.ContainsFunc(made, isScheme) {
		return arrived
	}
	return slices.DeleteFunc(arrived, isScheme)
}

func (v *visit) Data(_ uint32, data []byte, end bool) {
	l := v.service.lane
	l.mu.Lock()
	defer l.mu.Unlock()
	if v.call != nil {
		v.call.body = append(v.call.body, data...)
		v.end(end)
	}
}

func (v *visit) Reset(uint32) { v.Closed() }

func (v *visit) Closed() {
	l := v.service.lane
	l.mu.Lock()
	defer l.mu.Unlock()
	v.ended = true
	l.happened()
}

// end answers a call that has come to its end, when the case has an answer for it.
func (v *visit) end(now bool) {
	if now {
		v.call.Body = v.call.body
		if run := v.service.run; run != nil {
			if a := run.next(v.service.name); a != nil {
				v.answer(a)
			}
		}
	}
	v.service.lane.happened()
}

// answer does what an answer of a case says. The lock is held.
func (v *visit) answer(a *table.Answer) {
	if a.Kind == table.TimedOut { // Envoy gives up once time has passed: see run.settle
		v.call.due = v.call.made + time.Duration(v.call.TimeoutMS)*time.Millisecond
		return
	}
	v.ended = true
	switch a.Kind {
	case table.Answers:
		_ = v.conn.Headers(v.stream, answerOnWire(a.Headers, false), len(a.Body) == 0 && a.Trailers == nil)
		if len(a.Body) > 0 {
			_ = v.conn.Data(v.stream, a.Body, a.Trailers == nil)
		}
		if a.Trailers != nil {
			_ = v.conn.Headers(v.stream, answerOnWire(a.Trailers, false), true)
		}
	case table.Reset:
		_ = v.conn.Headers(v.stream, headermap.Of(":status", "200"), false)
		_ = v.conn.Data(v.stream, []byte("half"), false)
		_ = v.conn.Reset(v.stream)
	case table.Garbage:
		_, _ = v.conn.Write([]byte("garbage that is no HTTP, long enough for the head of a frame\r\n\r\n"))
		_ = v.conn.Close()
	default: // closed; and refused, which a call that has arrived can't be any more
		_ = v.conn.Close()
	}
}

// script is a cluster of a case or step with how far its answers are used up, as in the suite.
type script struct {
	table.Cluster
	next int
}

func scripts(clusters []table.Cluster) []*script {
	all := make([]*script, len(clusters))
	for i, c := range clusters {
		all[i] = &script{Cluster: c}
	}
	return all
}

// find gives the script of a cluster. One of a step gives way once its list is used up.
func (r *run) find(name string) *script {
	at := func(s *script) bool { return s.Name == name }
	if i := slices.IndexFunc(r.ofStep, at); i >= 0 {
		if s := r.ofStep[i]; len(s.Answers) == 0 || s.next < len(s.Answers) {
			return s
		}
	}
	if i := slices.IndexFunc(r.ofCase, at); i >= 0 {
		return r.ofCase[i]
	}
	return nil
}

// next takes the answer to a call from its cluster's script; nil: the call waits.
func (r *run) next(cluster string) *table.Answer {
	s := r.find(cluster)
	if s == nil || s.next >= len(s.Answers) {
		return nil
	}
	a := &s.Answers[s.next]
	if !s.Always {
		s.next++
	}
	r.openOrRefuse(cluster)
	if a.Kind == table.None {
		return nil
	}
	return a
}

// openOrRefuse makes a service ready for the next call, which may be one that finds no service.
func (r *run) openOrRefuse(cluster string) {
	service := r.lane.services[cluster]
	if service == nil {
		return
	}
	s := r.find(cluster)
	if s != nil && s.next < len(s.Answers) && s.Answers[s.next].Kind == table.Refused {
		service.refuse()
		return
	}
	_ = service.listen() // a socket that can't be made shows itself as refused
}
