//! Moments of a run as people read them.

use std::time::Duration;

/// A moment as people read it in messages.
pub(crate) fn stamp(at: Duration) -> String {
    format!("{}.{:03} s", at.as_secs(), at.subsec_millis())
}
