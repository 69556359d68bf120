//! lib_test.rs: the callbacks against a stand-in for the host: what is called, what is returned, what a failing host
//! function leads to. Twin: main_test.go.

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::Action;

use crate::Plugin;
use crate::abi::host::{NativeCall, NativeHost, STAND_IN};
use crate::pairs_test::encoded;

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

#[test]
fn rate_limited() {
    let mut s = started(r#"{"rate_limit":{"tokens":1,"refill_ms":1},"log_headers":true,"metrics":true}"#);
    s.expect_headers(&allowing(), Action::Continue);
    with_host(|host| (host.now, host.calls) = (1_000_000, vec![]));
    s.expect_headers(&allowing(), Action::Pause);
    s.expect_rest(Action::Pause);
    let reply = NativeCall::LocalResponse {
        code: 403,
        details: b"header_auth_refused".to_vec(),
        body: b"rate limited, wait and retry.".to_vec(),
        pairs: encoded(&[(b"powered-by", b"header-auth")]),
        grpc_status: 7,
    };
    expect_calls(&[debug("refused: rate limited"), other("increment", 12, "", ""), reply]);
}

#[test]
fn refilled() {
    let (p, _) = configured(r#"{"rate_limit":{"tokens":1,"refill_ms":1}}"#, 0);
    for (now, want) in [
        (100, Action::Continue),
        (1_000_000, Action::Pause),
        (99, Action::Pause),
        (1_000_001, Action::Continue),
        (2_000_001, Action::Pause),
        (0, Action::Pause),
        (2_000_002, Action::Continue),
    ] {
        with_host(|host| host.now = now);
        Test::on(&p).expect_headers(&allowing(), want);
    }
}

#[test]
fn clock_fails() {
    let mut s = started(r#"{"rate_limit":{"tokens":1,"refill_ms":1}}"#);
    with_host(|host| (host.failing, host.failure) = ("clock", 10));
    s.expect_headers(&allowing(), Action::Pause);
    expect_calls(&[debug("refused: malformed"), reply()]);
}

#[test]
fn request_headers() {
    let mut s = started(r#"{"request_headers":[["A","1"],["b",""]]}"#);
    s.expect_headers(&allowing(), Action::Continue);
    expect_calls(&[other("replace", 0, "a", "1"), other("replace", 0, "b", "")]);
    with_host(|host| (host.failing, host.failure, host.calls) = ("replace", 2, vec![]));
    s.expect_headers(&allowing(), Action::Pause);
    expect_calls(&[other("replace", 0, "a", "1"), debug("refused: malformed"), reply()]);
}

#[test]
fn response() {
    let configuration = r#"{"config_header":"c","response_headers":[["a","1"],["a","2"]],"log_headers":true}"#;
    let mut s = started(&("\n".to_owned() + configuration + "\t"));
    with_host(|host| host.headers = encoded(&[(b"x", b"\ny"), (b"cookie", b"z")]));
    s.0.on_http_response_headers(1, false);
    s.0.on_http_response_headers(1, false);
    expect_calls(&[
        line(2, "response header x: ?y"),
        line(2, "response header cookie: ***"),
        other("add", 2, "a", "1"),
        other("add", 2, "a", "2"),
        other("replace", 2, "c", configuration),
    ]);
}

/// All lines are made in one buffer: a short line after a long one has nothing of it.
#[test]
fn logged_lines() {
    let mut s = started(r#"{"log_headers":true,"header":"b"}"#);
    let long = "v".repeat(257);
    s.expect_headers(&encoded(&[(b"a", long.as_bytes()), (b"\x7fc", b"\x80 "), (b"B", b"x")]), Action::Pause);
    expect_calls(&[
        line(2, &("request header a: ".to_owned() + &long[1..])),
        line(2, "request header ?c: ? "),
        line(2, "request header B: ***"),
        debug("refused: mismatch"),
        reply(),
    ]);
}

/// A counter that the host did not define is not counted.
#[test]
fn counters_not_defined() {
    let configuration = br#"{"metrics":true}"#.to_vec();
    STAND_IN.set(NativeHost { configuration, failing: "define", failure: 10, ..NativeHost::default() });
    let mut p = Plugin::new();
    assert!(p.on_configure(0));
    with_host(|host| host.calls = vec![]);
    Test::on(&p).expect_headers(&allowing(), Action::Continue);
    expect_calls(&[]);
}

#[test]
fn token() {
    let (mut p, ok) = configured(r#"{"token":{"cluster":"c","authority":"a","path":"/p","period_ms":7}}"#, 0);
    assert!(ok);
    expect_calls(&[other("tick", 7, "", "")]);
    let asked = || other("call", 5000, "c", ":method=GET :path=/p :authority=a ");
    let answers: [(Pairs, &str); 11] = [
        (&[], "token: no answer"),
        (&[(b":status", b"503")], "token: no answer"),
        (&[(b":status", b"200"), (b"grpc-status", b"14")], "token: no answer"),
        (&[(b":status", b"502"), (b"content-type", b"text/plain")], "token: no answer"),
        (&[(b":status", b"404")], "token: status 404"),
        (&[(b":status", b"2000")], "token: status unreadable"),
        (&[(b"a", b"b")], "token: status unreadable"),
        (&[(b":status", b"200")], "token: no value"),
        (&[(b":status", b"200"), (b"authorization", b"")], "token: no value"),
        (&[(b":status", b"200"), (b"authorization", b"a\n")], "token: no value"),
        (&[(b":status", b"200"), (b"authorization", b"a"), (b"authorization", b"a")], "token: no value"),
    ];
    for (headers, warning) in answers {
        with_host(|host| (host.headers, host.calls) = (encoded(headers), vec![]));
        p.on_tick();
        p.on_http_call_response(4, headers.len(), 0, 0);
        expect_calls(&[asked(), line(3, warning)]);
    }
    with_host(|host| {
        (host.headers, host.calls) = (encoded(&[(b":status", b"200"), (b"authorization", b"good")]), vec![]);
    });
    p.on_tick();
    p.on_http_call_response(4, 2, 0, 0);
    Test::on(&p).0.on_http_response_headers(1, true);
    expect_calls(&[asked(), other("replace", 2, "x-auth", "good")]);
    with_host(|host| (host.failing, host.failure, host.calls) = ("call", 2, vec![]));
    p.on_tick();
    expect_calls(&[asked(), line(3, "token: not asked")]);
}

#[test]
fn no_ticks() {
    let configuration = br#"{"token":{"cluster":"c","authority":"a","path":"/"}}"#.to_vec();
    STAND_IN.set(NativeHost { configuration, failing: "tick", failure: 10, ..NativeHost::default() });
    assert!(!Plugin::new().on_configure(0));
    expect_calls(&[other("tick", 15000, "", ""), line(4, "token: the host gives no ticks")]);
}

#[test]
fn callout() {
    let asked = || other("call", 5000, "c", ":method=GET :path=/p :authority=a allow=true ");
    let replaced = || other("replace", 0, "r", "1");
    let continued = || other("continue", 0, "", "");
    for (name, on_error, failing, status, want, rest) in [
        ("200", "deny", "", "200", vec![replaced(), continued()], Action::Continue),
        ("201", "allow", "", "201", vec![debug("refused: callout"), reply()], Action::Pause),
        ("503", "deny", "", "503", vec![debug("refused: callout unanswered"), reply()], Action::Pause),
        ("503 allowed", "allow", "", "503", vec![replaced(), continued()], Action::Continue),
        ("continue fails", "deny", "continue", "200", vec![replaced(), continued()], Action::Pause),
        (
            "replace fails",
            "deny",
            "replace",
            "200",
            vec![replaced(), debug("refused: malformed"), reply()],
            Action::Pause,
        ),
    ] {
        let callout = r#"{"callout":{"cluster":"c","authority":"a","path":"/p","forward":["allow"],"on_error":""#;
        let mut s = started(&(callout.to_owned() + on_error + r#""},"request_headers":[["r","1"]]}"#));
        s.expect_headers(&allowing(), Action::Pause);
        s.expect_headers(&allowing(), Action::Pause);
        with_host(|host| (host.failing, host.failure) = (failing, 2));
        with_host(|host| host.headers = encoded(&[(b":status", status.as_bytes())]));
        s.0.on_http_call_response(4, 1, 0, 0);
        STAND_IN.with_borrow(|host| assert_eq!(host.calls, [vec![asked()], want].concat(), "{name}"));
        s.expect_rest(rest);
    }
}

#[test]
fn callout_not_asked() {
    let mut s = started(r#"{"callout":{"cluster":"c","authority":"a","path":"/p","on_error":"allow"},"metrics":true}"#);
    with_host(|host| (host.failing, host.failure, host.calls) = ("call", 10, vec![]));
    s.expect_headers(&allowing(), Action::Continue);
    let asked = other("call", 5000, "c", ":method=GET :path=/p :authority=a ");
    expect_calls(&[asked, other("increment", 16, "", ""), other("increment", 4, "", "")]);
}

#[test]
fn callout_forwards_too_much() {
    let asked = ":method=GET :path=/p :authority=a a= ".to_owned() + &"b= ".repeat(999);
    for (pairs, want) in
        [(1000, vec![other("call", 5000, "c", &asked)]), (1001, vec![debug("refused: malformed"), reply()])]
    {
        let callout =
            r#"{"callout":{"cluster":"c","authority":"a","path":"/p","forward":["a","b"],"on_error":"allow"}}"#;
        let mut s = started(callout);
        let mut headers: Vec<(&[u8], &[u8])> = vec![(b"b", b""); pairs - 1];
        headers.extend([(&b"a"[..], &b""[..]), (b"allow", b"true")]);
        s.expect_headers(&encoded(&headers), Action::Pause);
        expect_calls(&want);
    }
}

fn with_host(change: impl FnOnce(&mut NativeHost)) {
    STAND_IN.with_borrow_mut(change);
}

fn other(function: &'static str, number: i64, name: &str, value: &str) -> NativeCall {
    NativeCall::Other { function, number, name: name.into(), value: value.into() }
}

fn line(level: i32, text: &str) -> NativeCall {
    NativeCall::Log { level, text: text.into() }
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

type Pairs = &'static [(&'static [u8], &'static [u8])];

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
    let tokens = STAND_IN.with_borrow(|host| host.tokens); // the SDK takes none twice
    STAND_IN.set(NativeHost { configuration, configuration_status, tokens, ..NativeHost::default() });
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
