//! The exit codes.

/// What the process says when it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All is well.
    Good = 0,
    /// A scenario failed, or a file is not in the one layout.
    Failed = 1,
    /// What was asked for makes no sense.
    Usage = 2,
    /// A scenario is not valid.
    Invalid = 3,
    /// The harness could not run: a file cannot be read, a port not be opened.
    CannotRun = 4,
    /// SIGHUP ended it.
    HungUp = 129,
    /// SIGINT ended it.
    Interrupted = 130,
    /// SIGTERM ended it.
    Terminated = 143,
}
