//! A change, and the tables of replacements for operators, methods and values.

use serde_json::{Value, json};

/// A kind of change, as Operator in ../../mutant.go names and describes it.
pub type Operator = &'static str;

pub const COMPARISON: Operator = "comparison";
pub const BOUNDARY: Operator = "boundary";
pub const LOGIC: Operator = "and, or";
pub const CONDITION: Operator = "condition";
pub const NUMBER: Operator = "number";
pub const TEXT: Operator = "text";
pub const NAME: Operator = "named value";
pub const RETURN: Operator = "return";
pub const HOST_CALL: Operator = "host call";
pub const ARITHMETIC: Operator = "arithmetic";
pub const ARM: Operator = "arm";
pub const STATEMENT: Operator = "statement";

pub struct Change {
    pub file: String,
    pub function: String,
    pub operator: Operator,
    pub line: usize,
    pub start: usize,
    pub end: usize,
    pub before: String,
    pub after: String,
}

impl Change {
    pub fn json(&self) -> Value {
        json!({
            "file": self.file, "function": self.function, "operator": self.operator, "line": self.line,
            "start": self.start, "end": self.end, "before": self.before, "after": self.after,
        })
    }
}

/// Words, each with its replacement.
pub struct Replacements(&'static [&'static str]);

impl Replacements {
    pub fn of(&self, word: &str) -> Option<&'static str> {
        let pairs = self.0.iter().flat_map(|line| line.split_whitespace()).filter_map(|pair| pair.split_once('→'));
        pairs.into_iter().find(|(from, _)| *from == word).map(|(_, to)| to)
    }
}

/// The comparison that holds exactly when the given one does not.
pub const NEGATED: Replacements = Replacements(&["==→!= !=→== <→>= <=→> >→<= >=→<"]);

/// The comparison that differs only where both sides are equal.
pub const SHIFTED: Replacements = Replacements(&["<→<= <=→< >→>= >=→>"]);

/// Another operation on the same operands.
pub const OPPOSED: Replacements = Replacements(&["+→- -→+ *→/ /→* %→* <<→>> >>→<< |→& &→| ^→&"]);

/// A method with the same arguments and another result.
pub const METHODS: Replacements = Replacements(&[
    "min→max max→min any→all all→any is_some→is_none is_none→is_some is_ok→is_err is_err→is_ok",
    "starts_with→ends_with ends_with→starts_with strip_prefix→strip_suffix strip_suffix→strip_prefix",
    "saturating_sub→saturating_add saturating_add→saturating_sub",
    "checked_mul→checked_add checked_add→checked_sub checked_sub→checked_add",
    "trim_start→trim_end trim_end→trim_start trim_start_matches→trim_end_matches trim_end_matches→trim_start_matches",
    "to_ascii_lowercase→to_ascii_uppercase find→rfind split_once→rsplit_once",
]);

/// What the host does with a stream. The SDK declares these values, so they are not among the crate's declarations.
pub const ACTIONS: Replacements = Replacements(&["Action::Pause→Action::Continue Action::Continue→Action::Pause"]);
