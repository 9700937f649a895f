//! The pause before a redial.

use std::time::Duration;

use sca_protocol::chance::Stream;
use sca_protocol::settings::RetryRules;

/// The pause before the next attempt: it grows exponentially with `level`, has a random jitter, and is bounded by the
/// cap. It is never shorter than the broker's Retry-After, which has a cap of its own.
///
/// ```
/// # use std::time::Duration;
/// # use sca_protocol::{Chance, settings::TerminalSettings};
/// let rules = TerminalSettings::default().retry;
/// let pause = sca_core::retry_pause(&rules, 2, None, &mut Chance::new(1).stream("retry", &[0, 2]));
/// assert!((4..=8).contains(&pause.as_secs()));
/// ```
#[must_use]
pub fn retry_pause(rules: &RetryRules, level: u32, retry_after: Option<u64>, chance: &mut Stream) -> Duration {
    let ms = |d: Duration| u64::try_from(d.as_millis()).unwrap_or(u64::MAX);
    let cap_ms = ms(rules.cap);
    // The cap bounds the pause including its jitter, so the base leaves room for the jitter.
    let base_max_ms = cap_ms * 100 / (100 + rules.jitter_percent);
    let growth = rules.growth.checked_pow(level).unwrap_or(u64::MAX);
    let base_ms = ms(rules.first).saturating_mul(growth).min(base_max_ms);
    let jitter_ms = chance.below(base_ms * rules.jitter_percent / 100);
    let asked_ms = retry_after.map_or(0, |s| s.saturating_mul(1_000).min(ms(rules.retry_after_max)));
    Duration::from_millis(base_ms.max(asked_ms) + jitter_ms)
}
