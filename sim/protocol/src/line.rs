//! The plain TCP connections of a terminal beside its link.

/// What a plain TCP connection of a terminal is for. None of them carries a byte of the link, nor it of theirs (CON-03).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Line {
    /// The classic primary port: a POS calls.
    Primary,
    /// The classic secondary port: a POS calls.
    Secondary,
    /// Where a POS listens for notices: the terminal calls.
    Notices,
    /// The payment host: the terminal calls.
    Host,
    /// The estate host: the terminal calls.
    Estate,
}

impl Line {
    /// Whether the terminal is the one who calls.
    #[must_use]
    pub fn is_called_by_terminal(self) -> bool {
        !matches!(self, Self::Primary | Self::Secondary)
    }
}
