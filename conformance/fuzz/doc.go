// Package fuzz makes configurations and requests up, runs them on every build and on the model of the contract, and turns
// whatever differs into the smallest case that shows it, as a file for the request table.
//
// The model runs beside the dice, so that what is drawn can be done: streams are carried on that are open, calls answered
// that wait, and headers sent that a context lets pass. Never drawn is what the model can't know or a case can't say:
//   - traps and what Envoy does after one: no clause lets a plugin trap, so any trap is a difference;
//   - failures of proxy_http_call and proxy_set_effective_context that Envoy does not give, on which the Rust SDK traps;
//   - a success of proxy_http_call, proxy_define_metric or the clock that hands nothing over: no clause says what it means;
//   - the 2nd of several reads of the configuration: how often it is read is nobody's business;
//   - the response of an upstream that has not got its request, memory, and steps that are done many times.
package fuzz
