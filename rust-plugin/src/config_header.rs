//! config_header.rs: the key `config_header`, a response header that shows the configuration. Twin: config_header.go.

use crate::fault::Fault;
use crate::pairs::Pair;
use crate::place::Place;
use crate::value::{JsonValue, read_name_to_set};

const CONFIG_HEADER_BYTES_MAX: usize = 4096;

/// Reads the name of the header. There is no header when nothing is left of the configuration.
pub fn read_config_header(at: &Place, v: JsonValue, document: &[u8]) -> Result<Option<Pair>, Fault> {
    let name = read_name_to_set(at, v)?;
    let value = config_text(document);
    Ok((!value.is_empty()).then_some(Pair { name, value }))
}

/// A configuration made safe for a header.
fn config_text(document: &[u8]) -> String {
    let safe = |&c: &u8| match c {
        0..b' ' => ' ',
        0x7f.. => '?',
        _ => char::from(c),
    };
    let text: String = document.iter().take(CONFIG_HEADER_BYTES_MAX).map(safe).collect();
    text.trim_matches(' ').to_owned()
}
