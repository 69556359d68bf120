//! place_test.rs: what a place reads as. Twin: place_test.go.

use crate::place::Place;

#[test]
fn places() {
    let root = Place::Document;
    let headers = root.member("deny");
    let headers = headers.member("headers");
    let pair = headers.item(1);
    assert_eq!(pair.item(0).to_string(), "deny.headers[1][0]");
    assert_eq!(pair.member("").to_string(), "deny.headers[1].");
}

#[test]
fn shown_keys() {
    for (key, want) in [
        ("", "".to_owned()),
        ("Az_09.-", "Az_09.-".to_owned()),
        ("a b\n[é", "a?b????".to_owned()),
        (&"k".repeat(65), "k".repeat(64)),
    ] {
        assert_eq!(Place::Document.member(key).to_string(), want, "{key:?}");
    }
}
