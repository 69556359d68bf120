// Package fuzz makes configurations and requests up, runs them on every build and on the model of the contract, and
// turns whatever differs into the smallest case that shows it, as a file for the request table.
//
// FuzzConfiguration and FuzzRequests draw from bytes that Go's engine changes. Sweep, which is parity fuzz, tries the
// words that a module knows (package dictionary) as names, values, paths, methods, queries, cookies, credentials,
// trailers and configuration keys: a hidden door that opens for x-debug-allow: 1 is one of some thousand words away,
// and dice would never say it. Sixty requests share a VM and eighty words a request, so that a build has been through
// all its words in a quarter of a minute; after that they are tried again under other configurations and in drawn
// cases. Not found is a door whose word the module computes, or that wants two words neither of which is short or
// near the other.
//
// Foreign does so by a table alone. It says less: that a request which a case refuses is let through with words in it
// that the table does not mention, and refused with a meaningless one in the same part.
//
// The model runs beside the dice, so that what is drawn can be done: streams are carried on that are open, calls
// answered that wait, and headers sent that a context lets pass. Never drawn is what the model can't know or a case
// can't say:
//   - traps and what Envoy does after one: no clause lets a plugin trap, so any trap is a difference;
//   - failures of proxy_http_call and proxy_set_effective_context that Envoy does not give, on which the Rust SDK traps;
//   - a success of proxy_http_call, proxy_define_metric or the clock that hands nothing over: no clause says what it means;
//   - the 2nd of several reads of the configuration: how often it is read is nobody's business;
//   - the response of an upstream that has not got its request, memory, and steps that are done many times.
package fuzz
