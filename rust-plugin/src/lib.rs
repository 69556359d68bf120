// lib.rs: the wiring between the SDK's callbacks and the plugin's logic, and nothing else. Twin: main.go.

//! header-auth, a Proxy-Wasm plugin that lets a request pass when one header has an accepted value.
//! conformance/README.md is its contract; go-plugin/ is the same plugin in Go, file by file.

#![cfg_attr(not(test), deny(clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing))]

mod abi;
mod auth;
mod basic;
mod callout;
mod config;
mod deny;
mod document;
mod fault;
mod headers;
mod log_headers;
mod metrics;
mod ratelimit;
mod response;
mod service;
mod token;
mod value;

#[cfg(test)]
mod auth_test;
#[cfg(test)]
mod config_test;
#[cfg(test)]
mod headers_test;
#[cfg(test)]
mod lib_test;
#[cfg(test)]
mod testdata_test;

use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType};

use auth::{Verdict, decide};
use callout::judge;
use config::{Config, parse_config};
use log_headers::log_headers;
use metrics::{Metrics, count};
use response::{change_request, change_response};
use service::read_reply;

proxy_wasm::main! {{
    start_logger();
    proxy_wasm::set_root_context(|_| Box::new(Plugin::new()));
}}

/// The SDK's own logger would trap on a status it does not expect.
fn start_logger() {
    if log::set_logger(&abi::Logger).is_ok() {
        log::set_max_level(log::LevelFilter::Trace);
    }
}

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
        let Some(document) = abi::plugin_configuration() else {
            log::error!("configuration refused: could not be read");
            return false;
        };
        let config = match parse_config(&document) {
            Ok(config) => config,
            Err(fault) => {
                log::error!("configuration refused: {}", fault.0);
                return false;
            }
        };
        if let Some(rate_limit) = &config.rate_limit {
            let Some(now) = abi::current_time() else {
                log::error!("rate_limit: the host gives no time");
                return false;
            };
            rate_limit.fill(now);
        }
        if config.token.as_ref().is_some_and(|token| !abi::set_tick_period(token.period)) {
            log::error!("token: the host gives no ticks");
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
        if let Some(rate_limit) = &self.config.rate_limit {
            let Some(now) = abi::current_time() else {
                return self.refuse(Verdict::Malformed);
            };
            if !rate_limit.take(now) {
                return self.refuse(Verdict::RateLimited);
            }
        }
        let Some(pairs) = abi::request_headers() else {
            return self.refuse(Verdict::Malformed);
        };
        if self.config.log_headers {
            log_headers(&self.config, "request", &pairs);
        }
        let mut verdict = decide(&self.config, &pairs);
        if verdict == Verdict::Allowed
            && let Some(callout) = &self.config.callout
        {
            let Some(headers) = callout.forwarded(&pairs) else {
                return self.refuse(Verdict::Malformed);
            };
            if callout.service.ask(&headers) {
                self.state = State::Waiting;
                return Action::Pause;
            }
            verdict = Verdict::Unanswered;
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
    fn held(&self) -> Action {
        if self.state == State::Open { Action::Continue } else { Action::Pause }
    }

    /// Lets a request go on, or refuses it.
    fn end(&mut self, mut verdict: Verdict) -> Action {
        if verdict == Verdict::Unanswered {
            count(self.metrics.callout_errors);
            if self.config.callout.as_ref().is_some_and(|callout| callout.allow_on_error) {
                verdict = Verdict::Allowed;
            }
        }
        if verdict == Verdict::Allowed && !change_request(&self.config) {
            verdict = Verdict::Malformed;
        }
        if verdict != Verdict::Allowed {
            return self.refuse(verdict);
        }
        count(self.metrics.allowed);
        Action::Continue
    }

    fn refuse(&mut self, verdict: Verdict) -> Action {
        self.state = State::Refused;
        log::debug!("{}", verdict.line());
        if let (Verdict::RateLimited, Some(rate_limit)) = (verdict, &self.config.rate_limit) {
            self.limited = true;
            count(self.metrics.rate_limited);
            abi::send_local_response(&rate_limit.deny);
            return Action::Pause;
        }
        count(self.metrics.denied);
        abi::send_local_response(&self.config.deny);
        Action::Pause
    }
}
