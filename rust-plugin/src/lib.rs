// lib.rs: the wiring between the SDK's callbacks and the plugin's logic, and nothing else. Twin: main.go.

//! header-auth, a Proxy-Wasm plugin that lets a request pass when one header has an accepted value.
//! conformance/README.md is its contract; go-plugin/ is the same plugin in Go, file by file.

#![cfg_attr(not(test), deny(clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing))]

mod abi;
mod auth;
mod config;
mod deny;
mod document;
mod fault;
mod headers;
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
use config::{Config, parse_config};

proxy_wasm::main! {{
    proxy_wasm::set_root_context(|_| Box::new(Plugin::new()));
}}

/// One configuration of the plugin: a root context.
struct Plugin {
    config: Rc<Config>,
}

impl Plugin {
    fn new() -> Self {
        Plugin { config: Rc::new(Config::closed()) }
    }
}

impl Context for Plugin {}

impl RootContext for Plugin {
    fn on_configure(&mut self, _size: usize) -> bool {
        self.config = Rc::new(Config::closed());
        let Some(document) = abi::plugin_configuration() else {
            abi::log(abi::LEVEL_ERROR, "configuration refused: could not be read");
            return false;
        };
        match parse_config(&document) {
            Ok(config) => {
                self.config = Rc::new(config);
                true
            }
            Err(fault) => {
                abi::log(abi::LEVEL_ERROR, &("configuration refused: ".to_owned() + &fault.0));
                false
            }
        }
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }

    fn create_http_context(&self, _id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Stream { config: Rc::clone(&self.config), refused: false }))
    }
}

/// One HTTP exchange. It keeps the configuration it began with.
struct Stream {
    config: Rc<Config>,
    refused: bool,
}

impl Context for Stream {}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        if self.refused {
            return Action::Pause;
        }
        let verdict = match abi::request_headers() {
            Some(pairs) => decide(&self.config, &pairs),
            None => Verdict::Malformed,
        };
        if verdict == Verdict::Allowed {
            return Action::Continue;
        }
        self.refuse(verdict)
    }

    /// Keeps a refused request held: Continue would release its headers if the reply could not be sent.
    fn on_http_request_body(&mut self, _size: usize, _end_of_stream: bool) -> Action {
        self.held()
    }

    fn on_http_request_trailers(&mut self, _count: usize) -> Action {
        self.held()
    }
}

impl Stream {
    fn held(&self) -> Action {
        if self.refused { Action::Pause } else { Action::Continue }
    }

    fn refuse(&mut self, verdict: Verdict) -> Action {
        self.refused = true;
        abi::log(abi::LEVEL_DEBUG, verdict.line());
        abi::send_local_response(&self.config.deny);
        Action::Pause
    }
}
