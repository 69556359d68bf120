//! auth_test.rs: the decision on every row of testdata/requests.txt. Twin: auth_test.go.

use crate::auth::decide;
use crate::config::{Config, parse_config};
use crate::pairs_test::encoded;
use crate::testdata_test::{REQUESTS, read_rows, text};
use crate::verdict::{Refusal, Verdict};

#[test]
fn requests() {
    for row in read_rows(REQUESTS) {
        let config = parse_config(&row[1]).unwrap();
        let got = decide(&config, &encoded(&pairs_of(&row[3..])));
        assert_eq!(name(got), text(&row[2]), "{}", text(&row[0]));
    }
}

#[test]
fn last() {
    let mut pairs = vec![(&b"x"[..], &b"y"[..]); 10000];
    pairs.push((b"allow", b"true"));
    assert_eq!(decide(&Config::default(), &encoded(&pairs)), Ok(()));
}

#[test]
fn closed() {
    for value in ["true", ""] {
        let got = decide(&Config::closed(), &encoded(&[(b"allow", value.as_bytes())]));
        assert_eq!(got, Err(Refusal::Mismatch), "{value}");
    }
}

/// A map with a fault further on is not believed in its good part either.
#[test]
fn malformed_first() {
    let whole = encoded(&[(b"allow", b"true"), (b"allow", b"true"), (b"a", b"b")]);
    let longer = [&whole[..], b"\0"].concat();
    for buffer in [&whole[..whole.len() - 1], &longer] {
        assert_eq!(decide(&Config::default(), buffer), Err(Refusal::Malformed), "{buffer:?}");
    }
}

fn pairs_of(fields: &[Vec<u8>]) -> Vec<(&[u8], &[u8])> {
    fields.chunks(2).map(|pair| (&pair[0][..], &pair[1][..])).collect()
}

/// As testdata/requests.txt says it.
fn name(verdict: Verdict) -> String {
    verdict.map_or_else(|refusal| format!("{refusal:?}").to_lowercase(), |()| "allowed".to_owned())
}
