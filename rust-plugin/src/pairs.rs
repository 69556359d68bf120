//! pairs.rs: lists of headers, and the serialized form in which they cross the ABI. Twin: pairs.go.

use crate::headers::same_name;
use crate::verdict::Refusal;

pub struct Pair {
    pub name: String,
    pub value: String,
}

/// Walks a serialized header map: u32 count, then for each pair u32 name size and u32 value size, then for each pair
/// name NUL value NUL, all little-endian. No bytes at all are an empty map. The sizes come from outside: each is
/// checked against the buffer before it is used. After an error there is no next pair.
pub struct PairReader<'a> {
    sizes: &'a [u8],
    data: &'a [u8],
    malformed: bool,
}

pub fn read_pairs(buffer: &[u8]) -> PairReader<'_> {
    let malformed = PairReader { sizes: &[], data: &[], malformed: true };
    if buffer.is_empty() {
        return PairReader { malformed: false, ..malformed };
    }
    let Some((count, rest)) = take_u32(buffer) else {
        return malformed;
    };
    let split = count.checked_mul(8).and_then(|size| rest.split_at_checked(size));
    let Some((sizes, data)) = split else {
        return malformed;
    };
    PairReader { sizes, data, malformed: false }
}

impl<'a> PairReader<'a> {
    fn pair(&mut self) -> Option<(&'a [u8], &'a [u8])> {
        let (name_size, sizes) = take_u32(self.sizes)?;
        let (value_size, sizes) = take_u32(sizes)?;
        let (name, data) = take_terminated(self.data, name_size)?;
        let (value, data) = take_terminated(data, value_size)?;
        (self.sizes, self.data) = (sizes, data);
        Some((name, value))
    }
}

impl<'a> Iterator for PairReader<'a> {
    type Item = Result<(&'a [u8], &'a [u8]), Refusal>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.sizes.is_empty() && self.data.is_empty() && !self.malformed {
            return None;
        }
        let pair = self.pair();
        if pair.is_none() {
            *self = PairReader { sizes: &[], data: &[], malformed: false };
        }
        Some(pair.ok_or(Refusal::Malformed))
    }
}

fn take_u32(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((u32::from_le_bytes(*number) as usize, rest))
}

fn take_terminated(bytes: &[u8], size: usize) -> Option<(&[u8], &[u8])> {
    let (text, rest) = bytes.split_at_checked(size)?;
    Some((text, rest.strip_prefix(b"\0")?))
}

/// Looks at every pair.
pub fn is_well_formed(buffer: &[u8]) -> bool {
    read_pairs(buffer).all(|pair| pair.is_ok())
}

/// Gives the value of a header that occurs exactly once. All pairs are read before there is an answer: when there are
/// two, a server behind the proxy may use the second.
pub fn find_one<'a>(buffer: &'a [u8], name: &str) -> Result<&'a [u8], Refusal> {
    let (mut count, mut value) = (0, &[][..]);
    for pair in read_pairs(buffer) {
        let (n, v) = pair?;
        if same_name(n, name) {
            count += 1;
            value = v;
        }
    }
    match count {
        0 => Err(Refusal::Missing),
        1 => Ok(value),
        _ => Err(Refusal::Repeated),
    }
}

/// Serializes pairs, once for each list in the configuration.
pub fn encode_pairs(pairs: &[Pair]) -> Vec<u8> {
    let mut buffer = Vec::new();
    append_u32(&mut buffer, pairs.len());
    for p in pairs {
        append_u32(&mut buffer, p.name.len());
        append_u32(&mut buffer, p.value.len());
    }
    for p in pairs {
        buffer.extend_from_slice(p.name.as_bytes());
        buffer.push(0);
        buffer.extend_from_slice(p.value.as_bytes());
        buffer.push(0);
    }
    buffer
}

fn append_u32(buffer: &mut Vec<u8>, n: usize) {
    buffer.extend_from_slice(&(n as u32).to_le_bytes());
}
