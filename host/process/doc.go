// Package process is what all VMs of an Envoy process share: data and queues (Shared) and metrics (Metrics). The types
// may be used by several goroutines at once.
package process
