//! One row of the register.

/// One choice that no page decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assumption {
    /// Its id, for ever.
    pub id: &'static str,
    /// What we assume.
    pub says: &'static str,
    /// The settings that change it; none where it is a row of a table.
    pub settings: &'static [&'static str],
    /// Why this choice.
    pub reason: &'static str,
}

/// A row, by its columns.
pub(super) const fn on(
    id: &'static str,
    says: &'static str,
    settings: &'static [&'static str],
    reason: &'static str,
) -> Assumption {
    Assumption { id, says, settings, reason }
}
