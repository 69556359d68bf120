//! pairs_test.rs: serialized header maps that are right, cut, or lie. Twin: pairs_test.go.

use crate::pairs::{Pair, encode_pairs, read_pairs};
use crate::verdict::Refusal;

type Pairs<'a> = Vec<(&'a [u8], &'a [u8])>;

/// The map {a: bc, "": ""}.
const SAMPLE: &[u8] = b"\x02\0\0\0\x01\0\0\0\x02\0\0\0\0\0\0\0\0\0\0\0a\0bc\0\0\0";

#[test]
fn sample() {
    let pair = |name: &str, value: &str| Pair { name: name.to_owned(), value: value.to_owned() };
    assert_eq!(encode_pairs(&[pair("a", "bc"), pair("", "")]), SAMPLE);
    assert_eq!(decoded(SAMPLE), Ok(vec![(&b"a"[..], &b"bc"[..]), (b"", b"")]));
}

#[test]
fn empty_maps() {
    for buffer in [&b""[..], b"\0\0\0\0"] {
        assert_eq!(decoded(buffer), Ok(vec![]), "{buffer:?}");
    }
}

#[test]
fn cut() {
    for size in 1..SAMPLE.len() {
        assert_eq!(decoded(&SAMPLE[..size]), Err(Refusal::Malformed), "{size}");
    }
}

#[test]
fn lies() {
    for (name, buffer) in [
        ("one pair more", with(0, b"\x03")),
        ("one pair less", with(0, b"\x01")),
        ("no pairs", with(0, b"\0")),
        ("most pairs", with(0, b"\xff\xff\xff\xff")),
        ("count whose sizes overflow 32 bits to 0", with(0, b"\0\0\0\x20")),
        ("count whose sizes overflow 32 bits to 16", with(0, b"\x02\0\0\x20")),
        ("name longer", with(4, b"\x02")),
        ("name shorter", with(4, b"\0")),
        ("value longer", with(8, b"\x03")),
        ("value shorter", with(8, b"\x01")),
        ("longest name", with(4, b"\xff\xff\xff\xff")),
        ("longest value", with(8, b"\xff\xff\xff\xff")),
        ("sizes whose sum overflows 32 bits", with(4, b"\xff\xff\xff\xff\x04\0\0\0")),
        ("name of half the address space", with(4, b"\0\0\0\x80")),
        ("no NUL after the name", with(21, b"x")),
        ("no NUL after the value", with(24, b"x")),
        ("no NUL at the end", with(26, b"x")),
        ("NUL moved", with(20, b"\0a")),
        ("trailing NUL", [SAMPLE, b"\0"].concat()),
        ("trailing text", [SAMPLE, b"x"].concat()),
        ("twice", [SAMPLE, SAMPLE].concat()),
    ] {
        assert_eq!(decoded(&buffer), Err(Refusal::Malformed), "{name}");
    }
}

#[test]
fn any_bytes() {
    let long = vec![0; 70000];
    let want: Pairs = vec![(b"\0", b"a\0b\0"), (b"\xff\r\n", &long)];
    assert_eq!(decoded(&encoded(&want)), Ok(want));
}

#[test]
fn ends_after_an_error() {
    let mut pairs = read_pairs(&SAMPLE[..SAMPLE.len() - 1]);
    assert!(pairs.any(|pair| pair.is_err()));
    assert_eq!(pairs.next(), None);
}

/// Serializes pairs of any bytes, which a request may have and a configuration may not.
pub fn encoded(pairs: &[(&[u8], &[u8])]) -> Vec<u8> {
    let size = |s: &[u8]| (s.len() as u32).to_le_bytes();
    let sizes = pairs.iter().flat_map(|(name, value)| [size(name), size(value)].concat());
    let data = pairs.iter().flat_map(|(name, value)| [name, &b"\0"[..], value, b"\0"].concat());
    (pairs.len() as u32).to_le_bytes().into_iter().chain(sizes).chain(data).collect()
}

/// The sample with some bytes written over.
fn with(at: usize, bytes: &[u8]) -> Vec<u8> {
    [&SAMPLE[..at], bytes, &SAMPLE[at + bytes.len()..]].concat()
}

fn decoded(buffer: &[u8]) -> Result<Pairs<'_>, Refusal> {
    read_pairs(buffer).collect()
}
