package host

import (
	"strings"
	"testing"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/wasmtest"
)

func TestQueues(t *testing.T) {
	g := wasmtest.NewGuest("0_2_1")
	g.Call(configure, "proxy_register_shared_queue", "q", out1)
	g.Call(reqHead, "proxy_enqueue_shared_queue", 1, "item")
	g.Call(reqHead, "proxy_log", 2, "enqueued")
	item := g.Call("proxy_on_queue_ready", "proxy_dequeue_shared_queue", wasmtest.Param(1), out)
	empty := g.Call("proxy_on_queue_ready", "proxy_dequeue_shared_queue", wasmtest.Param(1), out)
	g.Call("proxy_on_queue_ready", "proxy_log", 2, "ready")
	b := mustStart(t, g, setup{})
	b.exchange()
	if got := b.output(item); got != "item" || b.status(empty) != abi.StatusEmpty {
		t.Errorf("item %q, then %v", got, b.status(empty))
	}
	if got := strings.Join(b.lines, "|"); got != "info: enqueued|info: ready" {
		t.Errorf("order %s", got)
	}
}
