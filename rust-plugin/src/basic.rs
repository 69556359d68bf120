// basic.rs: the key `basic`, HTTP Basic (RFC 7617) in place of `header` and `values`. Twin: basic.go.

use crate::auth::Verdict;
use crate::fault::{Fault, NO_ITEM, NOT_PASSWORD, NOT_REALM, NOT_USER, REQUIRED, UNKNOWN_KEY, fault_at, member};
use crate::headers::{Pair, has_control, is_value, same_name};
use crate::value::{Value, read_legal, read_object};

pub const CREDENTIALS_HEADER: &str = "authorization";

pub struct Basic {
    pub credentials: Vec<String>, // NAME:PASSWORD of each user, at least one
    pub realm: String,
}

pub fn read_basic(path: &str, v: Value) -> Result<Basic, Fault> {
    let mut b = Basic { credentials: Vec::new(), realm: "header-auth".to_owned() };
    read_object(path, v, |path, key, v| {
        match key {
            "users" => b.credentials = read_users(path, v)?,
            "realm" => b.realm = read_legal(path, v, is_realm, NOT_REALM)?,
            _ => return Err(fault_at(path, UNKNOWN_KEY)),
        }
        Ok(())
    })?;
    if b.credentials.is_empty() {
        return Err(fault_at(&member(path, "users"), REQUIRED));
    }
    Ok(b)
}

fn read_users(path: &str, v: Value) -> Result<Vec<String>, Fault> {
    let mut credentials = Vec::new();
    read_object(path, v, |path, user, v| {
        if !is_user(user) {
            return Err(fault_at(path, NOT_USER));
        }
        let password = read_legal(path, v, is_password, NOT_PASSWORD)?;
        credentials.push(user.to_owned() + ":" + &password);
        Ok(())
    })?;
    if credentials.is_empty() {
        return Err(fault_at(path, NO_ITEM));
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
        Pair { name: "www-authenticate".to_owned(), value: "Basic realm=\"".to_owned() + &self.realm + "\"" }
    }

    /// Compares with every user, and each time all that was sent: the time tells nothing of what is right.
    pub fn check(&self, authorization: &[u8]) -> Verdict {
        let Some(sent) = basic_credentials(authorization) else {
            return Verdict::Malformed;
        };
        let mut same = false;
        for credentials in &self.credentials {
            same |= same_secret(&sent, credentials.as_bytes());
        }
        if same { Verdict::Allowed } else { Verdict::Mismatch }
    }
}

/// Gives NAME:PASSWORD of a header `Basic BASE64`.
fn basic_credentials(authorization: &[u8]) -> Option<Vec<u8>> {
    const SCHEME: &str = "basic ";
    let (scheme, rest) = authorization.split_at_checked(SCHEME.len())?;
    if !same_name(scheme, SCHEME) {
        return None;
    }
    let blanks = rest.iter().take_while(|&&c| c == b' ').count();
    let decoded = decode_base64(rest.get(blanks..)?)?;
    decoded.contains(&b':').then_some(decoded)
}

/// Takes a time that depends on the size of sent alone. The secret is not empty.
pub fn same_secret(sent: &[u8], secret: &[u8]) -> bool {
    let mut different = sent.len() ^ secret.len();
    for (a, b) in sent.iter().zip(secret.iter().cycle()) {
        different |= usize::from(a ^ b);
    }
    different == 0
}

/// Strict: RFC 4648 section 4 with its padding, no other byte, no bits left over.
pub fn decode_base64(text: &[u8]) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let digits = text.strip_suffix(b"=").unwrap_or(text);
    let digits = digits.strip_suffix(b"=").unwrap_or(digits);
    let mut decoded = Vec::with_capacity(digits.len());
    let (mut bits, mut count) = (0u32, 0);
    for &c in digits {
        (bits, count) = (bits << 6 | base64_digit(c)?, count + 6);
        if count >= 8 {
            count -= 8;
            decoded.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    (bits == 0).then_some(decoded)
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
