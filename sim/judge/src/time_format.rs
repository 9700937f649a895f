//! The format of times in messages.

use std::time::Duration;

/// Scenario time in seconds with milliseconds, such as `1.016 s`.
pub fn stamp(at: Duration) -> String {
    format!("{}.{:03} s", at.as_secs(), at.subsec_millis())
}
