// Package model is the contract as a program. It is slow and plain, and was written from conformance/README.md without
// looking at the plugins. The table, the plugins and the model describe the same behaviour independently of each other:
// where two of them differ, one is wrong.
package model
