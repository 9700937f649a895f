//! The row type of the fault table.

use super::kinds::kind_row;

/// One kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaultRow {
    /// The name of the kind.
    pub kind: &'static str,
    /// How a scenario writes it; the first scenario of the evidence contains this text.
    pub says: &'static str,
    /// How the harness makes it.
    pub made_of: &'static str,
    /// The first clause that it tests.
    pub clause: &'static str,
    /// The scenarios that show the terminal's reaction, below `scenarios/`, or tests.
    pub evidence: &'static [&'static str],
}

impl FaultRow {
    /// Whether sockets can play it: all but the kinds of `fault …` whose row says otherwise, and what only a test in
    /// memory shows.
    #[must_use]
    pub fn on_the_wire(&self) -> bool {
        let word = self.says.strip_prefix("fault ").and_then(|rest| rest.split(' ').next());
        let only_in_tests = self.evidence.iter().all(|name| name.starts_with("tests/"));
        word.and_then(kind_row).is_none_or(|row| row.on_sockets) && !only_in_tests
    }
}

/// The row of a kind.
pub(super) const fn row(
    kind: &'static str,
    says: &'static str,
    made_of: &'static str,
    clause: &'static str,
    evidence: &'static [&'static str],
) -> FaultRow {
    FaultRow { kind, says, made_of, clause, evidence }
}
