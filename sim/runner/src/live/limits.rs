//! What a party that listens takes in at most, and how it says that it can take in nobody.

use std::time::Duration;

/// Limits of a party that listens on a real port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at one time.
    pub connections: usize,
    /// Bytes that may wait: read and not passed on, or not taken.
    pub memory: usize,
    /// How long somebody may hold a connection and do nothing with it.
    pub patience: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 1_000, memory: 16 << 20, patience: Duration::from_secs(15) }
    }
}

/// Says once that nobody can be taken in, until somebody is.
#[derive(Debug, Default)]
pub struct Shortage {
    is_told: bool,
}

impl Shortage {
    /// What there is to say of this error.
    pub fn of(&mut self, error: &std::io::Error) -> Option<String> {
        let is_new = !std::mem::replace(&mut self.is_told, true);
        is_new.then(|| format!("nobody can be taken in for now: {error}"))
    }

    /// Somebody was taken in.
    pub fn is_over(&mut self) {
        self.is_told = false;
    }
}

/// After an error that lasts the next try waits, or the loop would spin.
pub const SHORTAGE_PAUSE: Duration = Duration::from_millis(50);
