// lib_test.rs: the callbacks against a stand-in for the host: what is called, what is returned, what a failing host
// function leads to. Twin: main_test.go.

use proxy_wasm::traits::{HttpContext, RootContext};
use proxy_wasm::types::Action;

use crate::Plugin;
use crate::abi::host::{NativeCall, NativeHost, STAND_IN};
use crate::headers_test::encoded;

#[test]
fn allowed() {
    let mut s = started("");
    s.expect_headers(&allowing(), Action::Continue);
    s.expect_rest(Action::Continue);
    expect_calls(&[]);
}

#[test]
fn refused() {
    let mut s = started("");
    s.expect_headers(&refusing(), Action::Pause);
    expect_calls(&[debug("refused: mismatch"), reply()]);
}

#[test]
fn refused_once() {
    let mut s = started("");
    s.expect_headers(&refusing(), Action::Pause);
    s.expect_headers(&allowing(), Action::Pause);
    s.expect_rest(Action::Pause);
    expect_calls(&[debug("refused: mismatch"), reply()]);
}

#[test]
fn reply_as_configured() {
    let mut s = started(r#"{"deny":{"status":401,"body":"","headers":[]}}"#);
    s.expect_headers(b"", Action::Pause);
    let reply = NativeCall::LocalResponse {
        code: 401,
        details: b"header_auth_refused".to_vec(),
        body: vec![],
        pairs: vec![0; 4],
        grpc_status: 16,
    };
    expect_calls(&[debug("refused: missing"), reply]);
}

#[test]
fn malformed_map() {
    let mut s = started("");
    let pairs = allowing();
    s.expect_headers(&pairs[..pairs.len() - 1], Action::Pause);
    expect_calls(&[debug("refused: malformed"), reply()]);
}

#[test]
fn headers_fail() {
    for status in [1, 2, 6, 10, 12, u32::MAX] {
        let mut s = started("");
        STAND_IN.with_borrow_mut(|host| host.headers_status = status);
        s.expect_headers(&allowing(), Action::Pause);
        expect_calls(&[debug("refused: malformed"), reply()]);
    }
}

#[test]
fn log_and_reply_fail() {
    let mut s = started("");
    STAND_IN.with_borrow_mut(|host| host.other_status = 10);
    s.expect_headers(&refusing(), Action::Pause);
    s.expect_rest(Action::Pause);
    expect_calls(&[debug("refused: mismatch"), reply()]);
}

#[test]
fn configuration_refused() {
    let (p, ok) = configured(r#"{"values":[]}"#, 0);
    assert!(!ok);
    Test::on(&p).expect_headers(&allowing(), Action::Pause);
    expect_calls(&[failure("values: at least one item expected"), debug("refused: mismatch"), reply()]);
}

#[test]
fn configuration_fails() {
    for status in [2, 6, 10, 12, u32::MAX] {
        let (_, ok) = configured("{}", status);
        assert!(!ok);
        expect_calls(&[failure("could not be read")]);
    }
}

#[test]
fn configuration_not_found() {
    let (p, ok) = configured("", 1);
    assert!(ok);
    Test::on(&p).expect_headers(&allowing(), Action::Continue);
    expect_calls(&[]);
}

#[test]
fn configuration_too_long() {
    let (_, ok) = configured(&" ".repeat(1 << 20), 0);
    assert!(!ok);
    expect_calls(&[failure("longer than 65536 bytes")]);
}

/// A stream keeps the configuration it began with; what comes later has the new one, or none at all.
#[test]
fn update() {
    let (mut p, _) = configured("", 0);
    let mut before = Test::on(&p);
    STAND_IN.with_borrow_mut(|host| host.configuration = br#"{"values":["false"]}"#.to_vec());
    p.on_configure(0);
    let mut after = Test::on(&p);
    STAND_IN.with_borrow_mut(|host| host.configuration = b"[]".to_vec());
    p.on_configure(0);
    let mut last = Test::on(&p);

    before.expect_headers(&allowing(), Action::Continue);
    after.expect_headers(&refusing(), Action::Continue);
    expect_calls(&[failure("expected an object")]);
    last.expect_headers(&refusing(), Action::Pause);
}

#[test]
fn not_configured() {
    Test::on(&Plugin::new()).expect_headers(&allowing(), Action::Pause);
}

fn allowing() -> Vec<u8> {
    encoded(&[(b"allow", b"true")])
}

fn refusing() -> Vec<u8> {
    encoded(&[(b"allow", b"false")])
}

fn reply() -> NativeCall {
    NativeCall::LocalResponse {
        code: 403,
        details: b"header_auth_refused".to_vec(),
        body: b"Forbidden by ASM Wasm Plugin".to_vec(),
        pairs: encoded(&[(b"content-type", b"text/plain")]),
        grpc_status: 7,
    }
}

/// One stream under test.
struct Test(Box<dyn HttpContext>);

fn started(configuration: &str) -> Test {
    let (p, ok) = configured(configuration, 0);
    assert!(ok);
    Test::on(&p)
}

/// Starts a plugin on a new stand-in.
fn configured(configuration: &str, configuration_status: u32) -> (Plugin, bool) {
    let configuration = configuration.as_bytes().to_vec();
    STAND_IN.set(NativeHost { configuration, configuration_status, ..NativeHost::default() });
    let mut p = Plugin::new();
    let ok = p.on_configure(0);
    (p, ok)
}

impl Test {
    fn on(p: &Plugin) -> Self {
        Test(p.create_http_context(2).unwrap())
    }

    #[track_caller]
    fn expect_headers(&mut self, pairs: &[u8], want: Action) {
        STAND_IN.with_borrow_mut(|host| host.headers = pairs.to_vec());
        assert_eq!(self.0.on_http_request_headers(0, true), want);
    }

    /// What may still arrive; the response always goes on, since it may be the refusal.
    #[track_caller]
    fn expect_rest(&mut self, want: Action) {
        assert_eq!(self.0.on_http_request_body(1, false), want);
        assert_eq!(self.0.on_http_request_trailers(1), want);
        assert_eq!(self.0.on_http_response_headers(1, false), Action::Continue);
        assert_eq!(self.0.on_http_response_body(1, true), Action::Continue);
        self.0.on_log();
    }
}

#[track_caller]
fn expect_calls(want: &[NativeCall]) {
    STAND_IN.with_borrow(|host| assert_eq!(host.calls, want));
}

fn debug(line: &str) -> NativeCall {
    NativeCall::Log { level: 1, text: line.as_bytes().to_vec() }
}

fn failure(fault: &str) -> NativeCall {
    NativeCall::Log { level: 4, text: ("configuration refused: ".to_owned() + fault).into_bytes() }
}
