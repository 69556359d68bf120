//! Changes of literals: neighbouring numbers and characters, other texts, smaller sets.

use syn::{Lit, LitInt};

use crate::changes;
use crate::reader::Reader;
use crate::spans::range;

impl Reader<'_> {
    pub fn literal(&mut self, literal: &Lit) {
        match literal {
            Lit::Int(number) => self.number(number),
            Lit::Char(c) => {
                let next = char::from_u32(u32::from(c.value()) + 1);
                let previous = char::from_u32(u32::from(c.value()).saturating_sub(1));
                for c in [next, previous].into_iter().flatten() {
                    self.replace(changes::NUMBER, range(literal), format!("'\\u{{{:x}}}'", u32::from(c)));
                }
            }
            Lit::Byte(byte) => {
                for byte in [byte.value().checked_add(1), Some(byte.value().saturating_sub(1))].into_iter().flatten() {
                    self.replace(changes::NUMBER, range(literal), format!("b'\\x{byte:02x}'"));
                }
            }
            Lit::Str(_) | Lit::ByteStr(_) | Lit::CStr(_) => self.text(literal),
            Lit::Bool(b) => self.replace(changes::NAME, range(literal), (!b.value).to_string()),
            _ => {}
        }
    }

    fn number(&mut self, number: &LitInt) {
        let text = number.to_string();
        let digits = text.strip_suffix(number.suffix()).unwrap_or(&text).replace('_', "");
        let Ok(value) = number.base10_parse::<i64>() else {
            return;
        };
        for to in [value + 1, value - 1] {
            let to = match digits.strip_prefix("0x") {
                Some(hex) if to >= 0 => format!("0x{to:0width$x}", width = hex.len()),
                None if digits.starts_with("0b") || digits.starts_with("0o") => return,
                _ => to.to_string(),
            };
            self.replace(changes::NUMBER, range(number), to + number.suffix());
        }
    }

    /// A byte string is usually a set, so each of its bytes is also left out once.
    fn text(&mut self, literal: &Lit) {
        let whole = range(literal);
        let text = &self.source[whole.clone()];
        let Some((before, content)) = text.split_once('"') else {
            return;
        };
        let start = whole.start + before.len() + 1;
        self.replace(changes::TEXT, start..start, foreign_byte(text).to_owned());
        let content = content.strip_suffix('"').unwrap_or(content);
        if before == "b" && content.len() > 1 && !content.contains('\\') {
            for place in start..start + content.len() {
                self.replace(changes::ARM, place..place + 1, String::new());
            }
        }
    }
}

/// A byte that the text does not contain: added to a set it makes another set.
fn foreign_byte(text: &str) -> &'static str {
    ["~", "@", "="].into_iter().find(|c| !text.contains(c)).unwrap_or("§")
}
