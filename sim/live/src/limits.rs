//! What a party that listens takes in at most, and how it says that it can take in nobody.

use std::time::Duration;

/// Limits of a party that listens on a real port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Maximum number of connections at one time.
    pub connections: usize,
    /// Maximum number of buffered bytes: read and not passed on, or not accepted by the receiver.
    pub memory: usize,
    /// How long a connection may stay idle.
    pub patience: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 1_000, memory: 16 << 20, patience: Duration::from_secs(15) }
    }
}

/// Reports once that connections cannot be accepted, until one is accepted again.
#[derive(Debug, Default)]
pub struct Shortage {
    is_told: bool,
}

impl Shortage {
    /// The log line for this error; `None` if the shortage was reported already.
    pub fn of(&mut self, error: &std::io::Error) -> Option<String> {
        let is_new = !std::mem::replace(&mut self.is_told, true);
        is_new.then(|| format!("cannot accept connections for now: {error}"))
    }

    /// Records that a connection was accepted.
    pub fn is_over(&mut self) {
        self.is_told = false;
    }
}

/// The pause after a failed accept; without it, a lasting error would make the accept loop spin.
pub const SHORTAGE_PAUSE: Duration = Duration::from_millis(50);
