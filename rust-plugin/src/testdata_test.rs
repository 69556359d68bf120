//! testdata_test.rs: reads the tables both plugins are tested with. Twin: testdata_test.go.

pub const CONFIGS: &str = include_str!("../../go-plugin/testdata/configs.txt");
pub const REQUESTS: &str = include_str!("../../go-plugin/testdata/requests.txt");

/// Gives the rows of a table: fields between tabs, the first is the row's name. Blank lines and lines that begin
/// with # are left out.
pub fn read_rows(table: &str) -> impl Iterator<Item = Vec<Vec<u8>>> {
    let lines = table.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split('\t').map(unescape).collect())
}

/// Reads %XX, a byte, and %{N*TEXT}, TEXT N times.
fn unescape(s: &str) -> Vec<u8> {
    let Some((plain, rest)) = s.split_once('%') else {
        return s.as_bytes().to_vec();
    };
    let mut bytes = plain.as_bytes().to_vec();
    let rest = if let Some(repetition) = rest.strip_prefix('{') {
        let (repetition, rest) = repetition.split_once('}').unwrap();
        let (times, text) = repetition.split_once('*').unwrap();
        bytes.extend(unescape(text).repeat(times.parse().unwrap()));
        rest
    } else {
        bytes.push(u8::from_str_radix(&rest[..2], 16).unwrap());
        &rest[2..]
    };
    bytes.extend(unescape(rest));
    bytes
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
