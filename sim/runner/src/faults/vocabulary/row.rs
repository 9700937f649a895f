//! A row of the vocabulary of faults.

/// One kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaultRow {
    /// What happens.
    pub kind: &'static str,
    /// How a scenario says it; these very words stand in the first scenario of the evidence.
    pub says: &'static str,
    /// What it is made of.
    pub made_of: &'static str,
    /// Whether sockets play it too.
    pub on_the_wire: bool,
    /// The clause it tries first.
    pub clause: &'static str,
    /// Scenarios that show the terminal's reaction, below `scenarios/`, or tests.
    pub evidence: &'static [&'static str],
}

/// A kind that sockets play too.
pub(super) const fn row(
    kind: &'static str,
    says: &'static str,
    made_of: &'static str,
    clause: &'static str,
    evidence: &'static [&'static str],
) -> FaultRow {
    FaultRow { kind, says, made_of, on_the_wire: true, clause, evidence }
}

/// What only the memory network can play: nothing slows a real line as a scenario wants it.
pub(super) const fn memory(
    kind: &'static str,
    says: &'static str,
    made_of: &'static str,
    clause: &'static str,
    evidence: &'static [&'static str],
) -> FaultRow {
    FaultRow { on_the_wire: false, ..row(kind, says, made_of, clause, evidence) }
}
