package envoy

import (
	"context"
	"fmt"
	"net"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/envoy/proxy"
	"github.com/header-auth/header-auth/envoy/wire"
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

// setClusters makes the clusters that there are the given ones; empty ones have no host, silent
// ones make no connection.
func (l *lane) setClusters(ctx context.Context, clusters []table.Cluster, filter *proxy.Filter) error {
	all := l.upstreamClusters()
	for _, c := range clusters {
		if c.State == table.Unknown {
			continue
		}
		cluster := proxy.Cluster{Name: c.Name, Silent: silent(c), Filter: filter}
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
