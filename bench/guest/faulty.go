package guest

import (
	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/wasmtest"
)

// The guests below are the floor of typical/allow, and one thing more in on_request_headers. Requests are counted from 1.

// Work takes n rounds longer for each request: a round loads a word of memory, changes it and stores it, a few
// nanoseconds that the next round has to wait for. So of two guests with different n one is slower by what can be
// calibrated, whatever the machine.
func Work(n int) []byte {
	const word = 512 // an address that nothing else uses
	const left = 3   // local
	g := plugin()
	g.Do(onRequestHeaders,
		wasmtest.I32(n), wasmtest.Set(left),
		wasmtest.Block, wasmtest.Loop,
		wasmtest.Get(left), wasmtest.Eqz, wasmtest.BrIf(1),
		wasmtest.I32(word), wasmtest.I32(word), wasmtest.Load(0), wasmtest.I32(31), wasmtest.Mul, wasmtest.Get(left),
		wasmtest.Add, wasmtest.Store(0),
		wasmtest.Get(left), wasmtest.I32(1), wasmtest.Sub, wasmtest.Set(left),
		wasmtest.Br(0), wasmtest.End, wasmtest.End)
	allow(g)
	return g.Bytes()
}

// Leak takes so many bytes for each request, writes into them and never gives them back. Memory grows by what is
// missing, in whole pages, up to the host's limit; then the guest traps.
func Leak(bytesPerRequest int) []byte {
	pages := max(1, (bytesPerRequest+pageBytes-1)/pageBytes)
	g := plugin()
	end := g.Global(heapAt) // of what is taken
	g.Do(onRequestHeaders,
		wasmtest.GetGlobal(end), wasmtest.I32(bytesPerRequest), wasmtest.Add, wasmtest.SetGlobal(end),
		wasmtest.MemorySize, wasmtest.I32(pageBytes), wasmtest.Mul, wasmtest.GetGlobal(end), wasmtest.LtU, wasmtest.If,
		growing(pages),
		wasmtest.End,
		wasmtest.GetGlobal(end), wasmtest.I32(4), wasmtest.Sub, wasmtest.GetGlobal(end), wasmtest.Store(0))
	allow(g)
	return g.Bytes()
}

// Grow takes so many pages (64 KiB each) with the first request after so many others, and nothing ever again: what a
// table that has found its size looks like.
func Grow(after, pages int) []byte {
	g := plugin()
	whenRequest(g, wasmtest.Eq, after+1)
	g.Do(onRequestHeaders, growing(pages), wasmtest.End)
	allow(g)
	return g.Bytes()
}

// WrongAfter refuses the nth request and all that follow.
func WrongAfter(n int) []byte { return wrong(wasmtest.GeU, n) }

// WrongOnce refuses the nth request and no other.
func WrongOnce(n int) []byte { return wrong(wasmtest.Eq, n) }

// wrong refuses the requests whose number compares so with n.
func wrong(compare wasmtest.Code, n int) []byte {
	g := plugin()
	allow(g)
	whenRequest(g, compare, n)
	unauthorized(g)
	g.Do(onRequestHeaders, returning(abi.Pause), wasmtest.End)
	return g.Bytes()
}

// whenRequest counts requests and begins a block for those whose number compares so with n.
func whenRequest(g *wasmtest.Guest, compare wasmtest.Code, n int) {
	count := g.Global(0)
	g.Do(onRequestHeaders,
		wasmtest.GetGlobal(count), wasmtest.I32(1), wasmtest.Add, wasmtest.SetGlobal(count),
		wasmtest.GetGlobal(count), wasmtest.I32(n), compare, wasmtest.If)
}

// growing is code that grows memory, or traps when the host gives no more.
func growing(pages int) wasmtest.Code {
	return wasmtest.Join(wasmtest.I32(pages), wasmtest.MemoryGrow, wasmtest.I32(-1), wasmtest.Eq, wasmtest.If,
		wasmtest.Unreachable, wasmtest.End)
}
