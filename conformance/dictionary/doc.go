// Package dictionary finds the words in a module: texts in its data, texts that its compiler has turned into numbers
// in the code, and texts that it passes to the host while it runs. A module with a hidden door compares a name, a
// path or a value with what a client sends. That text is among the words, unless the module computes it, for instance
// from a hash.
//
// The bytes do not show where a text begins and ends, because compilers store constants without a gap. Code and data
// show it: they refer to a text by its address and its length.
package dictionary
