//! verdict.rs: the outcome of a check. Twin: verdict.go.

/// A request is allowed, or there is a reason to refuse it.
pub type Verdict = Result<(), Refusal>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    Missing,
    Repeated,
    Mismatch,
    Malformed,
    RateLimited,
    Callout,
    Unanswered,
}

impl Refusal {
    /// What is logged: the reason, and nothing of what the client sent.
    pub fn line(self) -> &'static str {
        match self {
            Refusal::Missing => "refused: missing",
            Refusal::Repeated => "refused: repeated",
            Refusal::Mismatch => "refused: mismatch",
            Refusal::Malformed => "refused: malformed",
            Refusal::RateLimited => "refused: rate limited",
            Refusal::Callout => "refused: callout",
            Refusal::Unanswered => "refused: callout unanswered",
        }
    }
}
