// headers.rs: header names and values, and the serialized form in which lists of them cross the ABI. Twin: headers.go.

pub struct Pair {
    pub name: String,
    pub value: String,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Malformed;

/// Walks a serialized header map: u32 count, then for each pair u32 name size and u32 value size, then for each pair
/// name NUL value NUL, all little-endian. Nothing at all is an empty map. The sizes come from outside and are
/// believed only after they were held against the buffer. After an error there is no next pair.
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
    type Item = Result<(&'a [u8], &'a [u8]), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.sizes.is_empty() && self.data.is_empty() && !self.malformed {
            return None;
        }
        let pair = self.pair();
        if pair.is_none() {
            *self = PairReader { sizes: &[], data: &[], malformed: false };
        }
        Some(pair.ok_or(Malformed))
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

/// The way back, done once for each list in the configuration.
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

/// Whether a name equals one in lower case. Only ASCII letters fold: Unicode would make the Kelvin sign a k.
pub fn same_name(name: &[u8], lower: &str) -> bool {
    name.eq_ignore_ascii_case(lower.as_bytes())
}

/// A token, RFC 9110 section 5.6.2.
pub fn is_name(s: &str) -> bool {
    !s.is_empty() && s.bytes().all(is_token_byte)
}

fn is_token_byte(c: u8) -> bool {
    c.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&c)
}

/// Names that frame a message or belong to one hop. Envoy sends what a plugin sets under such a name, and its peer then
/// sees another end of the message than Envoy does, or another connection. With grpc-status a refusal could read as OK.
const RESERVED_NAMES: [&str; 11] = [
    "connection",
    "content-length",
    "expect",
    "grpc-status",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Takes a name in lower case.
pub fn is_reserved(name: &str) -> bool {
    RESERVED_NAMES.contains(&name)
}

/// A field-value, RFC 9110 section 5.5, which may be empty.
pub fn is_value(s: &[u8]) -> bool {
    s.iter().all(|&c| c == b'\t' || !c.is_ascii_control()) && ![s.first(), s.last()].into_iter().flatten().any(is_blank)
}

pub fn has_control(s: &str) -> bool {
    s.bytes().any(|c| c.is_ascii_control())
}

fn is_blank(c: &u8) -> bool {
    *c == b' ' || *c == b'\t'
}
