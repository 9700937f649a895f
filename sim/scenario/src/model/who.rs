//! Which terminal a step is about, and which of its attempts or connections.

/// A terminal, by its place in the cast.
pub type Who = usize;

/// Attempts since the link was last up, or connections of the run; both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// Connections rather than attempts.
    pub of_connections: bool,
    /// The first.
    pub from: u32,
    /// The last.
    pub to: u32,
}
