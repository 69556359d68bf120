// Package model is what the contract says, as a program: slow, plain, and written from conformance/README.md without a
// look at either plugin. Table, plugins and model are three accounts of one thing; where two of them differ, one is wrong.
package model
