//! The plain TCP connections of a terminal, beside its link.

/// The purpose of a plain TCP connection of a terminal. Link and plain connections never carry each other's bytes
/// (CON-03).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Line {
    /// The classic primary port; a POS connects.
    Primary,
    /// The classic secondary port; a POS connects.
    Secondary,
    /// The port at which a POS listens for notices; the terminal connects.
    Notices,
    /// The payment host; the terminal connects.
    Host,
    /// The estate host; the terminal connects.
    Estate,
}

impl Line {
    /// Whether the terminal opens the connection.
    #[must_use]
    pub fn is_opened_by_terminal(self) -> bool {
        !matches!(self, Self::Primary | Self::Secondary)
    }
}
