//! Where a node of the syntax tree lies in its file.

use std::ops::Range;

use syn::spanned::Spanned;

/// The bytes of a node in its file.
pub fn range(node: &impl Spanned) -> Range<usize> {
    node.span().byte_range()
}

/// The bytes from the start of a node to the end of another.
pub fn between(first: &impl Spanned, last: &impl Spanned) -> Range<usize> {
    range(first).start..range(last).end
}

/// What is wrong with a file, as FILE:LINE:COLUMN: FAULT, both counted from 1.
pub fn fault(file: &str, error: &syn::Error) -> String {
    let place = error.span().start();
    format!("{file}:{}:{}: {error}", place.line, place.column + 1)
}
