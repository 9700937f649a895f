//! A row of the register of assumptions.

/// A choice that no page of the source decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assumption {
    /// The id, stable for ever, such as `A-07`.
    pub id: &'static str,
    /// The assumption, in one sentence.
    pub says: &'static str,
    /// The settings that change it; empty if it is a row of a table.
    pub settings: &'static [&'static str],
    /// Why this choice was made.
    pub reason: &'static str,
}

/// A row from its columns.
pub(super) const fn on(
    id: &'static str,
    says: &'static str,
    settings: &'static [&'static str],
    reason: &'static str,
) -> Assumption {
    Assumption { id, says, settings, reason }
}
