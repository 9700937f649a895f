//! What keeps a core or a terminal from going on.

/// What keeps a core or a terminal from going on. The run ends with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// It has failed: it exited, answered too late, or gave an answer that cannot be read or carried out.
    Failed(String),
    /// It does not support what it was asked for, and says so.
    Unsupported(String),
}
