//! The exit codes.

/// The exit code of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Success.
    Good = 0,
    /// A scenario failed, or a file is not in canonical format.
    Failed = 1,
    /// Wrong usage: invalid or contradictory arguments.
    Usage = 2,
    /// A scenario file is invalid.
    Invalid = 3,
    /// The harness could not run: a file could not be read, a port could not be opened.
    CannotRun = 4,
    /// Terminated by SIGHUP.
    HungUp = 129,
    /// Terminated by SIGINT.
    Interrupted = 130,
    /// Terminated by SIGTERM.
    Terminated = 143,
}
