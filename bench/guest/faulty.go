package guest

import (
	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/wasmtest"
)

// The guests below are the floor of typical/allow with an addition in on_request_headers. Requests are counted from 1.

// Work does n rounds of work in each request: a round loads a word of memory, changes it and stores it. That takes a
// few nanoseconds, and the next round has to wait for them. So a guest can be made slower than another by a known
// share, on any machine, once a round has been timed there.
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

// Leak takes that many bytes in each request, writes to them and never frees them. Memory grows by whole pages, as
// many as are needed, up to the host's limit; then the guest traps.
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

// Grow grows memory once, by that many pages of 64 KiB, in the first request after that many others: as a table does
// that reaches its final size.
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

// wrong refuses the requests whose number, compared with n, gives true.
func wrong(compare wasmtest.Code, n int) []byte {
	g := plugin()
	allow(g)
	whenRequest(g, compare, n)
	unauthorized(g)
	g.Do(onRequestHeaders, returning(abi.Pause), wasmtest.End)
	return g.Bytes()
}

// whenRequest counts requests and begins a block for those whose number, compared with n, gives true.
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
