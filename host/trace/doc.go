// Package trace is what can be recorded of the border between host and guest: each crossing as text, with its arguments
// and results decoded, and a count of all calls and bytes.
package trace
