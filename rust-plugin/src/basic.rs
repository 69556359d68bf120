//! basic.rs: the key `basic`, HTTP Basic (RFC 7617) in place of `header` and `values`. Twin: basic.go.

use crate::fault::{Fault, NO_ITEM, NOT_PASSWORD, NOT_REALM, NOT_USER, UNKNOWN_KEY, fault_at, required};
use crate::headers::{has_control, is_value, same_name};
use crate::pairs::Pair;
use crate::place::Place;
use crate::value::{JsonValue, read_legal, read_object};
use crate::verdict::{Refusal, Verdict};

pub const CREDENTIALS_HEADER: &str = "authorization";

pub struct Basic {
    credentials: Vec<String>, // NAME:PASSWORD of each user, at least one
    longest: usize,           // bytes of one of them
    realm: String,
}

pub fn read_basic(at: &Place, v: JsonValue) -> Result<Basic, Fault> {
    let (mut users, mut realm) = (None, "header-auth".to_owned());
    read_object(at, v, |at, key, v| {
        match key {
            "users" => users = Some(read_users(at, v)?),
            "realm" => realm = read_legal(at, v, is_realm, NOT_REALM)?,
            _ => return Err(fault_at(at, UNKNOWN_KEY)),
        }
        Ok(())
    })?;
    let credentials = users.ok_or_else(|| required(at, "users"))?;
    let longest = credentials.iter().map(String::len).max().unwrap_or_default();
    Ok(Basic { credentials, longest, realm })
}

fn read_users(at: &Place, v: JsonValue) -> Result<Vec<String>, Fault> {
    let mut credentials = Vec::new();
    read_object(at, v, |at, user, v| {
        if !is_user(user) {
            return Err(fault_at(at, NOT_USER));
        }
        let password = read_legal(at, v, is_password, NOT_PASSWORD)?;
        credentials.push(format!("{user}:{password}"));
        Ok(())
    })?;
    if credentials.is_empty() {
        return Err(fault_at(at, NO_ITEM));
    }
    Ok(credentials)
}

fn is_user(s: &str) -> bool {
    !s.is_empty() && !s.contains(':') && !has_control(s)
}

fn is_password(s: &str) -> bool {
    !has_control(s)
}

/// What can stand between quotes without a backslash, RFC 9110 section 5.6.4.
fn is_realm(s: &str) -> bool {
    is_value(s.as_bytes()) && !s.contains(['"', '\\'])
}

impl Basic {
    /// The header that ends a refusal.
    pub fn challenge(&self) -> Pair {
        Pair { name: "www-authenticate".to_owned(), value: format!("Basic realm=\"{}\"", self.realm) }
    }

    /// Compares what was sent with the credentials of every user, and all bytes of each. So the time depends on the
    /// configuration alone: it tells a client nothing, and does not grow with what is sent.
    pub fn check(&self, authorization: &[u8]) -> Verdict {
        let mut sent = vec![0; self.longest];
        let size = basic_credentials(authorization, &mut sent).ok_or(Refusal::Malformed)?;
        let mut same = false;
        for credentials in &self.credentials {
            same |= same_secret(&sent, size, credentials.as_bytes());
        }
        if same { Ok(()) } else { Err(Refusal::Mismatch) }
    }
}

/// Puts NAME:PASSWORD of a header `Basic BASE64` into a buffer, as much as fits, and says how many bytes there are.
fn basic_credentials(authorization: &[u8], into: &mut [u8]) -> Option<usize> {
    const SCHEME: &str = "basic ";
    let (scheme, rest) = authorization.split_at_checked(SCHEME.len())?;
    if !same_name(scheme, SCHEME) {
        return None;
    }
    let blanks = rest.iter().take_while(|&&c| c == b' ').count();
    let (size, colon) = decode_base64(rest.get(blanks..)?, into)?;
    colon.then_some(size)
}

/// Takes a time that depends on the size of the secret alone. Sent is what was sent, or its beginning, and has at least
/// as many bytes as the secret; size is that of all that was sent.
pub fn same_secret(sent: &[u8], size: usize, secret: &[u8]) -> bool {
    let mut different = size ^ secret.len();
    for (a, b) in sent.iter().zip(secret) {
        different |= usize::from(a ^ b);
    }
    different == 0
}

/// Strict: RFC 4648 section 4 with its padding, no other byte, no bits left over. Says how many bytes there are and
/// whether a colon is among them, and puts into the buffer as many as fit. The base64 crate is as strict, but it needs
/// memory for all that was sent: a request is 8 % slower with it, and the module 4 KB larger.
pub fn decode_base64(text: &[u8], into: &mut [u8]) -> Option<(usize, bool)> {
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let digits = text.strip_suffix(b"=").unwrap_or(text);
    let digits = digits.strip_suffix(b"=").unwrap_or(digits);
    let (mut bits, mut count) = (0u32, 0);
    let (mut size, mut colon) = (0, false);
    for &c in digits {
        (bits, count) = (bits << 6 | base64_digit(c)?, count + 6);
        if count >= 8 {
            count -= 8;
            let c = (bits >> count) as u8;
            if let Some(place) = into.get_mut(size) {
                *place = c;
            }
            size += 1;
            colon |= c == b':';
            bits &= (1 << count) - 1;
        }
    }
    (bits == 0).then_some((size, colon))
}

fn base64_digit(c: u8) -> Option<u32> {
    Some(u32::from(match c {
        b'A'..=b'Z' => c - b'A',
        b'a'..=b'z' => c - b'a' + 26,
        b'0'..=b'9' => c - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    }))
}
