//! Indexes of terminals, and number ranges of their attempts or connections.

/// Index of a terminal in the cast, from 0.
pub type TerminalIndex = usize;

/// A range of attempts (counted since the link was last up) or of connections (counted over the run); both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// Whether connections are counted rather than attempts.
    pub of_connections: bool,
    /// The first number of the range.
    pub from: u32,
    /// The last number of the range, inclusive.
    pub to: u32,
}
