// Package dictionary finds the words that a module knows: texts in its data, texts that its compiler turned into
// numbers in the code, and texts that it hands to the host while it runs. A name, path or value that opens a hidden
// door must be compared with what a client sends, so it is among them, unless the module computes it (a hash, a text
// put together).
//
// Where a text begins and ends, the bytes don't say: compilers lay constants end to end. Code and data do, in the
// pairs of address and length with which they refer to a text.
package dictionary
