// Package fuzz makes up configurations and requests, runs them on every build and on the model of the contract, and
// reduces each difference to the smallest case that shows it, as a file for the request table.
//
// FuzzConfiguration and FuzzRequests draw from bytes that Go's fuzzing engine changes. Sweep, which is parity fuzz,
// tries the words of a module (package dictionary) as names, values, paths, methods, queries, cookies, credentials,
// trailers and configuration keys. It finds a hidden door that opens for x-debug-allow: 1, because a module has some
// thousand words; random bytes would never contain this one. Sixty requests share a VM, and each has eighty words,
// so that Sweep has tried all words of a build within a quarter of a minute. Then it tries them again under other
// configurations and in drawn cases. It does not find a door whose word the module computes, or one that needs a name
// together with a value that is neither common (such as 1 or true) nor near the name in the code.
//
// TableSweeper does the same with a table alone, without a model. It can only find that a request which a case
// refuses is allowed when it contains words that the table does not mention, and refused with a meaningless word in
// the same place.
//
// The model runs while a case is drawn, so that each step is possible: only open streams continue, only waiting calls
// are answered, and only headers that a context allows are sent on. Some things are never drawn, because the model
// can't know the result or a case can't express them:
//   - traps, and what Envoy does after one: no clause allows a trap, so every trap is a difference;
//   - failures of proxy_http_call and proxy_set_effective_context that Envoy does not give: the Rust SDK traps on them;
//   - a success of proxy_http_call, proxy_define_metric or the clock without a result: no clause says what it means;
//   - a fault in the second of several reads of the configuration: a plugin may read it as often as it likes;
//   - gRPC calls, responses that fail, and chains: no clause speaks of them;
//   - the response of an upstream that has not received its request, memory, and steps that are repeated many times.
package fuzz
