package envoy

import (
	"strconv"
	"strings"

	"github.com/header-auth/header-auth/envoy/proxy"
)

const accepted = "accepted"

const (
	clusterVerdict = "clusters"
	filterVerdict  = "filter"
)

// line is given each line of Envoy's log.
func (l *lane) line(line proxy.Line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case line.Logger == "lua":
		if _, n, ok := strings.Cut(line.Text, "marker /"); ok {
			l.marked, _ = strconv.Atoi(n)
		}
		l.wake()
		return
	case line.Logger == "wasm" && line.Level == "debug" && l.living(line.Text):
	case line.Logger == "wasm" && line.Main:
		l.main.line(line)
	case line.Logger == "wasm":
		l.worker.line(line)
	case line.Logger == "upstream" || line.Logger == "config":
		l.verdict(line.Text)
	}
	l.activity++
	l.wake()
}

// living reads how many VMs there are: "Thread-Local Wasm created 3 now active", "~Wasm 2 remaining active".
func (l *lane) living(text string) bool {
	for _, end := range []string{" now active", " remaining active"} {
		if rest, ok := strings.CutSuffix(text, end); ok && !strings.HasPrefix(text, "wasm log") {
			n, err := strconv.Atoi(rest[strings.LastIndexByte(rest, ' ')+1:])
			if err == nil {
				l.vms = n
			}
			return true
		}
	}
	return false
}

// verdict reads what Envoy says of a listener, a filter or the clusters:
//
//	lds: add/update listener 'NAME'
//	Filesystem config update rejected: Error adding/updating listener(s) NAME: REASON\n
//	Filesystem config update rejected: REASON
//	cds: added/updated 1 cluster(s) …
func (l *lane) verdict(text string) {
	if name, ok := strings.CutPrefix(text, "lds: add/update listener '"); ok {
		l.verdicts[strings.TrimSuffix(name, "'")] = accepted
	} else if strings.HasPrefix(text, "cds: added/updated ") {
		l.verdicts[clusterVerdict] = accepted
	} else if rest, ok := strings.CutPrefix(text, "Filesystem config update rejected: "); ok {
		list, ok := strings.CutPrefix(rest, "Error adding/updating listener(s) ")
		if !ok {
			l.verdicts[filterVerdict] = rest
			return
		}
		for line := range strings.Lines(list) {
			name, reason, _ := strings.Cut(strings.TrimSpace(line), ": ")
			l.verdicts[name] = reason
		}
	}
}
