//! place.rs: where a value stands in the configuration. Twin: place.go.

use std::fmt::{self, Display, Formatter, Write};

const SHOWN_KEY_BYTES_MAX: usize = 64;

/// Built on the way down to a value. It becomes text, such as `deny.headers[1][0]`, only when a fault is found there.
pub enum Place<'a> {
    Document,
    Member(&'a Place<'a>, &'a str),
    Item(&'a Place<'a>, usize),
}

impl<'a> Place<'a> {
    pub fn member(&'a self, key: &'a str) -> Self {
        Place::Member(self, key)
    }

    pub fn item(&'a self, i: usize) -> Self {
        Place::Item(self, i)
    }
}

impl Display for Place<'_> {
    /// A key comes from outside: it reaches the log with its odd bytes replaced, and cut.
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        match self {
            Place::Document => Ok(()),
            Place::Member(parent, key) => {
                parent.fmt(f)?;
                if !matches!(parent, Place::Document) {
                    f.write_char('.')?;
                }
                let mut shown = key.bytes().take(SHOWN_KEY_BYTES_MAX);
                shown.try_for_each(|c| f.write_char(if is_shown(c) { char::from(c) } else { '?' }))
            }
            Place::Item(parent, i) => write!(f, "{parent}[{i}]"),
        }
    }
}

fn is_shown(c: u8) -> bool {
    c.is_ascii_alphanumeric() || b"_.-".contains(&c)
}
