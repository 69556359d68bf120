//! config_test.rs: what is read from a configuration, and what is said against it. Twin: config_test.go.

use crate::config::{Config, parse_config};
use crate::pairs::read_pairs;
use crate::testdata_test::{CONFIGS, read_rows, text};

#[test]
fn configs() {
    for row in read_rows(CONFIGS) {
        let [name, document, want] = &row[..] else {
            panic!("{}: {} fields, want 3", text(&row[0]), row.len());
        };
        let want = match &text(want)[..] {
            "ok" => "ok ".to_owned() + &describe(&Config::default()),
            want => want.to_owned(),
        };
        assert_eq!(answer_to(document), want, "{}", text(name));
    }
}

#[test]
fn defaults() {
    let want = "allow: true -> 403 7 {content-type: text/plain} Forbidden by ASM Wasm Plugin";
    assert_eq!(describe(&Config::default()), want);
}

fn answer_to(document: &[u8]) -> String {
    match parse_config(document) {
        Ok(c) => "ok ".to_owned() + &describe(&c),
        Err(fault) => fault.to_string(),
    }
}

fn describe(c: &Config) -> String {
    let headers: Vec<String> = read_pairs(&c.deny.headers)
        .map(|pair| pair.expect("deny.headers are malformed"))
        .map(|(name, value)| text(name) + ": " + &text(value))
        .collect();
    let (status, grpc_status) = c.deny.statuses();
    format!(
        "{}: {} -> {} {} {{{}}} {}",
        c.header,
        c.values.join(", "),
        status,
        grpc_status,
        headers.join(", "),
        c.deny.body
    )
}
