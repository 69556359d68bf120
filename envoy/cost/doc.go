// Package cost measures what a plugin costs on a real Envoy, beside Envoy without a filter, other ways of
// doing the same check, and guests that do one thing each. It measures and judges nothing:
// evidence.OnEnvoy is what it writes down.
//
// All contestants are listeners of one Envoy with one worker. They are sent requests in turns, in a new order
// each round, over connections that stay open; the cost of a request is the processor time of the worker's
// thread, as the kernel counts it, by the number of requests. Where there are two processors or more, the worker
// has one of them for itself.
package cost
