// Package headermap holds HTTP headers under the rules that Envoy has for them, and reads and writes the form in which
// the Proxy-Wasm ABI passes them between host and plugin.
//
// A Map is a list: the order is kept, a name may occur more than once, and pseudo-headers come first. Its Kind says
// which names cannot occur twice. Pair, ParsePairs and PutPairs are the serialized form (see pairs.go); ValidName and
// ValidValue are the rules of RFC 9110 as Envoy applies them.
//
// The package needs no WebAssembly runtime and imports nothing of this module.
package headermap

// Header is one entry of a header map. Name and Value may hold any bytes; a name that starts with a colon is a
// pseudo-header (":method").
type Header struct{ Name, Value string }

// Of makes a list of headers from names and values in turn: Of(":method", "GET", "accept", "*/*"). It panics when the
// last name has no value.
func Of(namesAndValues ...string) []Header {
	if len(namesAndValues)%2 != 0 {
		panic("headermap.Of: the last name has no value")
	}
	list := make([]Header, len(namesAndValues)/2)
	for i := range list {
		list[i] = Header{Name: namesAndValues[2*i], Value: namesAndValues[2*i+1]}
	}
	return list
}
