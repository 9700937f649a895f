//! The row type of the fault table.

/// One kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaultRow {
    /// The name of the kind.
    pub kind: &'static str,
    /// How a scenario writes it; the first scenario of the evidence contains this text.
    pub says: &'static str,
    /// How the harness makes it.
    pub made_of: &'static str,
    /// Whether sockets can play it.
    pub on_the_wire: bool,
    /// The first clause that it tests.
    pub clause: &'static str,
    /// The scenarios that show the terminal's reaction, below `scenarios/`, or tests.
    pub evidence: &'static [&'static str],
}

/// A kind that sockets can play.
pub(super) const fn row(
    kind: &'static str,
    says: &'static str,
    made_of: &'static str,
    clause: &'static str,
    evidence: &'static [&'static str],
) -> FaultRow {
    FaultRow { kind, says, made_of, on_the_wire: true, clause, evidence }
}

/// A kind that only the memory network can play: latency, jitter and bandwidth cannot be set on real sockets.
pub(super) const fn memory(
    kind: &'static str,
    says: &'static str,
    made_of: &'static str,
    clause: &'static str,
    evidence: &'static [&'static str],
) -> FaultRow {
    FaultRow { on_the_wire: false, ..row(kind, says, made_of, clause, evidence) }
}
