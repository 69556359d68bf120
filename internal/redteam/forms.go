package redteam

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	wasm "github.com/header-auth/header-auth/host/wasmtest"
)

// Form is a module whose form is the harm, and not what it does: there is a million of something,
// or a part of it is wrong.
type Form struct {
	Name  string
	Write func() []byte
}

// Identifiers of sections.
const (
	typeSection = iota + 1
	importSection
	functionSection
	tableSection
	memorySection
	globalSection
	exportSection
	startSection
	elementSection
	codeSection
	dataSection
	customSection = 0
)

func section(id byte, parts ...[]byte) []byte {
	body := slices.Concat(parts...)
	return slices.Concat([]byte{id}, leb(uint32(len(body))), body)
}

func text(s string) []byte { return append(leb(uint32(len(s))), s...) }

// many are n entries.
func many(n int, entry func(i int) []byte) []byte {
	out := leb(uint32(n))
	for i := range n {
		out = append(out, entry(i)...)
	}
	return out
}

func always(entry ...byte) func(int) []byte { return func(int) []byte { return entry } }

// plugin is a small one, in which a section is replaced or added. The section's own entries must not need the others.
func plugin(replaced ...[]byte) []byte {
	parts := map[byte][]byte{
		typeSection:     section(typeSection, []byte{3, 0x60, 0, 0, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 2, 0x7f, 0x7f, 1, 0x7f}),
		functionSection: section(functionSection, []byte{3, 0, 1, 2}),
		memorySection:   section(memorySection, []byte{1, 0, 1}),
		exportSection: section(exportSection, []byte{4}, text("memory"), []byte{2, 0}, text("proxy_abi_version_0_2_1"),
			[]byte{0, 0}, text("malloc"), []byte{0, 1}, text("proxy_on_vm_start"), []byte{0, 2}),
		codeSection: section(codeSection, []byte{3, 2, 0, 0x0b, 4, 0, 0x41, 0, 0x0b, 4, 0, 0x41, 1, 0x0b}),
	}
	custom := [][]byte{}
	for _, r := range replaced {
		if r[0] == customSection {
			custom = append(custom, r)
		} else {
			parts[r[0]] = r
		}
	}
	out := []byte("\x00asm\x01\x00\x00\x00")
	for id := byte(typeSection); id <= dataSection; id++ {
		out = append(out, parts[id]...)
	}
	return append(out, slices.Concat(custom...)...)
}

// exportsAnd are the exports of plugin with n more.
func exportsAnd(n int, entry func(i int) []byte) []byte {
	return section(exportSection, leb(uint32(n+4)), text("memory"), []byte{2, 0}, text("proxy_abi_version_0_2_1"),
		[]byte{0, 0}, text("malloc"), []byte{0, 1}, text("proxy_on_vm_start"), []byte{0, 2},
		many(n, entry)[len(leb(uint32(n))):])
}

// Forms are all that are known.
func Forms() []Form {
	const million = 1_000_000
	return []Form{
		{"a million imports of a million modules", func() []byte {
			return plugin(section(importSection,
				many(million, func(i int) []byte { return slices.Concat(text(fmt.Sprint(i)), text(""), []byte{0, 0}) })))
		}},
		{"a million missing imports", func() []byte {
			return plugin(section(importSection,
				many(million, func(i int) []byte { return slices.Concat(text("env"), text(fmt.Sprint(i)), []byte{0, 0}) })))
		}},
		{"a million wrong imports", func() []byte {
			return plugin(section(importSection,
				many(million, func(i int) []byte { return slices.Concat(text("env"), text("proxy_log"), []byte{0, 0}) })))
		}},
		{"the same import again and again", func() []byte {
			return plugin(section(typeSection, []byte{4, 0x60, 0, 0, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 2, 0x7f, 0x7f, 1, 0x7f, 0x60,
				0, 1, 0x7f}),
				section(importSection,
					many(900_000, func(i int) []byte { return slices.Concat(text("env"), text("proxy_done"), []byte{0, 3}) })))
		}},
		{"a million exports", func() []byte {
			return plugin(exportsAnd(million-4, func(i int) []byte { return append(text(fmt.Sprintf("proxy_%d", i)), 0, 0) }))
		}},
		{"a million versions of the ABI", func() []byte {
			return plugin(section(exportSection,
				many(million, func(i int) []byte { return append(text(fmt.Sprintf("proxy_abi_version_%d", i)), 0, 0) })))
		}},
		{"names that control a terminal", func() []byte {
			name := text("\x1b]0;owned\x07\x1b[2J\r\u009b31m")
			return plugin(section(importSection, []byte{1}, name, name, []byte{0, 0}),
				exportsAnd(1, func(int) []byte { return append(name, 0, 0) }), section(customSection, name))
		}},
		{"a type with a million parameters", func() []byte {
			params := append(leb(million), bytes.Repeat([]byte{0x7f}, million)...)
			return plugin(section(typeSection, []byte{4, 0x60, 0, 0, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 2, 0x7f, 0x7f, 1, 0x7f, 0x60},
				params, []byte{0}),
				section(importSection,
					many(1000, func(i int) []byte {
						return slices.Concat(text("env"), text("proxy_log"), []byte{0, 3})
					})))
		}},
		{"functions of a thousand parameters and results", func() []byte {
			many1000 := append(leb(1000), bytes.Repeat([]byte{0x7f}, 1000)...)
			body := slices.Concat([]byte{0}, bytes.Repeat([]byte{0x41, 0}, 1000), repeat(300, wasm.Code{0x10}, leb(3)),
				[]byte{0x0b})
			code := slices.Concat([]byte{23, 2, 0, 0x0b, 4, 0, 0x41, 0, 0x0b, 4, 0, 0x41, 1, 0x0b},
				bytes.Repeat(append(leb(uint32(len(body))), body...), 20))
			return plugin(section(typeSection, []byte{4, 0x60, 0, 0, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 2, 0x7f, 0x7f, 1, 0x7f, 0x60},
				many1000, many1000), section(functionSection, []byte{23, 0, 1, 2}, bytes.Repeat([]byte{3}, 20)),
				section(codeSection, code))
		}},
		{"a million types", func() []byte {
			return plugin(section(typeSection, leb(million), []byte{0x60, 0, 0, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 2, 0x7f,
				0x7f, 1, 0x7f}, bytes.Repeat([]byte{0x60, 3, 0x7e, 0x7d, 0x7c, 0}, million-3)))
		}},
		{"a million custom sections", func() []byte {
			return plugin(bytes.Repeat(section(customSection, text("a")), million))
		}},
		{"a custom section with a long name", func() []byte {
			return plugin(section(customSection, text(strings.Repeat("x", 20<<20))))
		}},
		{"ten thousand tables", func() []byte {
			return plugin(section(tableSection, many(10_000, always(0x70, 0, 0x80, 0xad, 0xe2, 4))))
		}},
		{"a million empty tables", func() []byte { return plugin(section(tableSection, many(million, always(0x70, 0, 0)))) }},
		{"a million globals", func() []byte {
			return plugin(section(globalSection, many(million, always(0x7e, 1, 0x42, 0, 0x0b))))
		}},
		{"a million element segments", func() []byte {
			return plugin(section(elementSection, many(million, always(1, 0, 0))))
		}},
		{"an element segment of a million functions", func() []byte {
			return plugin(section(elementSection,
				many(20, func(int) []byte { return slices.Concat([]byte{1, 0}, many(million, always(0))) })))
		}},
		{"a million data segments", func() []byte {
			return plugin(section(dataSection, many(million, always(0, 0x41, 0, 0x0b, 0))))
		}},
		{"sixty million bytes of data", func() []byte {
			return plugin(section(memorySection, []byte{1, 0}, leb(1000)),
				section(dataSection, []byte{1, 0, 0x41, 0, 0x0b}, text(strings.Repeat("a", 60_000_000))))
		}},
		{"memory of 4 GiB", func() []byte { return plugin(section(memorySection, []byte{1, 0}, leb(65536))) }},
		{"a thousand memories", func() []byte { return plugin(section(memorySection, many(1000, always(0, 1)))) }},
		{"names of a million functions", func() []byte {
			return plugin(section(customSection, text("name"), section(1,
				many(million, func(i int) []byte { return append(leb(uint32(i)), text("a")...) }))))
		}},
		{"names of locals of locals", func() []byte {
			return plugin(section(customSection, text("name"), section(2, many(300_000, func(i int) []byte {
				return slices.Concat(leb(uint32(i)), many(3, func(j int) []byte { return append(leb(uint32(j)), text("a")...) }))
			}))))
		}},
		{"producers without end", func() []byte {
			return plugin(section(customSection, text("producers"),
				many(300_000, func(int) []byte { return slices.Concat(text("language"), []byte{1}, text("a"), text("b")) })))
		}},
		{"debug information that is none", func() []byte {
			return plugin(section(customSection, text(".debug_info"), bytes.Repeat([]byte{0xff}, 1<<20)),
				section(customSection, text(".debug_line"),
					bytes.Repeat([]byte{0xff}, 1<<20)), section(customSection, text(".debug_abbrev"), bytes.Repeat([]byte{1}, 1<<20)))
		}},
		{"host functions as callbacks", func() []byte {
			return plugin(section(typeSection, []byte{4, 0x60, 0, 0, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 2, 0x7f, 0x7f, 1, 0x7f, 0x60,
				3, 0x7f, 0x7f, 0x7f, 1, 0x7f}), section(importSection, []byte{2}, text("env"), text("proxy_log"), []byte{0, 3},
				text("env"), text("proxy_set_tick_period_milliseconds"), []byte{0, 1}),
				section(exportSection, []byte{6}, text("memory"), []byte{2, 0}, text("proxy_abi_version_0_2_1"), []byte{0, 2},
					text("malloc"), []byte{0, 1}, text("proxy_on_vm_start"), []byte{0, 4}, text("proxy_on_request_headers"),
					[]byte{0, 0}, text("proxy_on_done"), []byte{0, 1}))
		}},
		{"a million locals in pieces", func() []byte {
			body := slices.Concat(many(50_000, always(1, 0x7f)), []byte{0x0b})
			code := slices.Concat([]byte{3}, bytes.Repeat(append(leb(uint32(len(body))), body...), 1),
				[]byte{4, 0, 0x41, 0, 0x0b, 4, 0, 0x41, 1, 0x0b})
			return plugin(section(codeSection, code))
		}},
		{"four thousand million locals", func() []byte {
			body := []byte{2, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f, 0x0b}
			return plugin(section(codeSection, []byte{3, byte(len(body))}, body,
				[]byte{4, 0, 0x41, 0, 0x0b, 4, 0, 0x41, 1, 0x0b}))
		}},
		{"zeros", func() []byte { return make([]byte, 60<<20) }},
		{"a header and zeros", func() []byte { return append([]byte("\x00asm\x01\x00\x00\x00"), make([]byte, 60<<20)...) }},
	}
}
