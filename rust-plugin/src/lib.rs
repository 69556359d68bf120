//! lib.rs: header-auth, a Proxy-Wasm plugin that lets a request pass when one header has an accepted value. This file
//! is the wiring between the SDK's callbacks and the plugin's logic, and nothing else. Twin: main.go.
//!
//! conformance/README.md is the plugin's contract; go-plugin/ is the same plugin in Go, file by file.

#![cfg_attr(not(test), deny(clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing))]

mod abi;
mod auth;
mod basic;
mod callout;
mod config;
mod config_header;
mod deny;
mod document;
mod fault;
mod headers;
mod log_headers;
mod metrics;
mod pairs;
mod place;
mod ratelimit;
mod response;
mod service;
mod token;
mod value;
mod verdict;

#[cfg(test)]
mod auth_test;
#[cfg(test)]
mod config_test;
#[cfg(test)]
mod lib_test;
#[cfg(test)]
mod pairs_test;
#[cfg(test)]
mod place_test;
#[cfg(test)]
mod testdata_test;

use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType};

use abi::Level;
use auth::decide;
use callout::judge;
use config::{Config, parse_config};
use document::DOCUMENT_BYTES_MAX;
use log_headers::log_headers;
use metrics::Metrics;
use response::{change_request, change_response};
use service::read_reply;
use verdict::{Refusal, Verdict};

proxy_wasm::main! {{
    proxy_wasm::set_root_context(|_| Box::new(Plugin::new()));
}}

/// One configuration of the plugin: a root context.
struct Plugin {
    config: Rc<Config>,
    metrics: Metrics,
}

impl Plugin {
    fn new() -> Self {
        Plugin { config: Rc::new(Config::closed()), metrics: Metrics::default() }
    }
}

impl Context for Plugin {
    fn on_http_call_response(&mut self, _token: u32, headers: usize, _body_size: usize, trailers: usize) {
        if let Some(token) = &self.config.token {
            token.learn(headers, trailers);
        }
    }
}

impl RootContext for Plugin {
    fn on_configure(&mut self, _size: usize) -> bool {
        *self = Plugin::new();
        // One byte more than is read shows that there are too many.
        let Some(document) = abi::plugin_configuration(DOCUMENT_BYTES_MAX + 1) else {
            abi::log_line(Level::Error, "configuration refused: could not be read");
            return false;
        };
        let config = match parse_config(&document) {
            Ok(config) => config,
            Err(fault) => {
                abi::log_line(Level::Error, format!("configuration refused: {fault}"));
                return false;
            }
        };
        if let Some(rate_limit) = &config.rate_limit {
            let Some(now) = abi::current_time() else {
                abi::log_line(Level::Error, "rate_limit: the host gives no time");
                return false;
            };
            rate_limit.fill(now);
        }
        if config.token.as_ref().is_some_and(|token| !abi::set_tick_period(token.period)) {
            abi::log_line(Level::Error, "token: the host gives no ticks");
            return false;
        }
        if config.metrics {
            self.metrics = Metrics::define();
        }
        self.config = Rc::new(config);
        true
    }

    fn on_tick(&mut self) {
        if let Some(token) = &self.config.token {
            token.fetch();
        }
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }

    fn create_http_context(&self, _id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Stream {
            config: Rc::clone(&self.config),
            metrics: self.metrics,
            state: State::Open,
            limited: false,
            answered: false,
        }))
    }
}

/// One HTTP exchange. It keeps the configuration it began with.
struct Stream {
    config: Rc<Config>,
    metrics: Metrics,
    state: State,
    limited: bool,  // its refusal is the rate limit's
    answered: bool, // its response headers were seen
}

#[derive(PartialEq, Eq)]
enum State {
    Open,
    Waiting,
    Refused,
}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        if self.state != State::Open {
            return Action::Pause;
        }
        let verdict = self.check_request();
        if self.state == State::Waiting {
            return Action::Pause;
        }
        self.end(verdict)
    }

    /// Keeps a refused request held: Continue would release its headers if the reply could not be sent.
    fn on_http_request_body(&mut self, _size: usize, _end_of_stream: bool) -> Action {
        self.held()
    }

    fn on_http_request_trailers(&mut self, _count: usize) -> Action {
        self.held()
    }

    fn on_http_response_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        if self.answered {
            return Action::Continue;
        }
        self.answered = true;
        if self.config.log_headers
            && !self.limited
            && let Some(pairs) = abi::response_headers()
        {
            log_headers(&self.config, "response", &pairs);
        }
        change_response(&self.config);
        Action::Continue
    }
}

impl Context for Stream {
    /// Answers for a request that waits. The SDK does not call it for one that is gone.
    fn on_http_call_response(&mut self, _token: u32, headers: usize, _body_size: usize, trailers: usize) {
        if self.state != State::Waiting {
            return;
        }
        let verdict = judge(&read_reply(headers, trailers));
        if self.end(verdict) == Action::Continue && abi::continue_request() {
            self.state = State::Open;
        }
    }
}

impl Stream {
    /// Takes the decision, in the order of clause 2.7 of the contract. When a service has to be asked, the stream waits
    /// for its answer.
    fn check_request(&mut self) -> Verdict {
        if let Some(rate_limit) = &self.config.rate_limit {
            let now = abi::current_time().ok_or(Refusal::Malformed)?;
            if !rate_limit.take(now) {
                return Err(Refusal::RateLimited);
            }
        }
        let pairs = abi::request_headers().ok_or(Refusal::Malformed)?;
        if self.config.log_headers {
            log_headers(&self.config, "request", &pairs);
        }
        decide(&self.config, &pairs)?;
        if let Some(callout) = &self.config.callout {
            if !callout.service.ask(&callout.forwarded(&pairs)?) {
                return Err(Refusal::Unanswered);
            }
            self.state = State::Waiting;
        }
        Ok(())
    }

    fn held(&self) -> Action {
        if self.state == State::Open { Action::Continue } else { Action::Pause }
    }

    /// Lets a request go on, or refuses it.
    fn end(&mut self, verdict: Verdict) -> Action {
        let verdict = verdict.or_else(|refusal| self.on_error(refusal)).and_then(|()| change_request(&self.config));
        if let Err(refusal) = verdict {
            return self.refuse(refusal);
        }
        self.metrics.allowed.count();
        Action::Continue
    }

    /// Applies the key `on_error` to a call-out without an answer.
    fn on_error(&self, refusal: Refusal) -> Verdict {
        if refusal != Refusal::Unanswered {
            return Err(refusal);
        }
        self.metrics.callout_errors.count();
        if self.config.callout.as_ref().is_some_and(|callout| callout.allow_on_error) { Ok(()) } else { Err(refusal) }
    }

    fn refuse(&mut self, refusal: Refusal) -> Action {
        self.state = State::Refused;
        abi::log_line(Level::Debug, refusal.line());
        if let (Refusal::RateLimited, Some(rate_limit)) = (refusal, &self.config.rate_limit) {
            self.limited = true;
            self.metrics.rate_limited.count();
            rate_limit.deny.send();
        } else {
            self.metrics.denied.count();
            self.config.deny.send();
        }
        Action::Pause
    }
}
