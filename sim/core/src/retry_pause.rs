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

/// The shortest and the longest pause that the rules allow after this many pauses in a row, each with a millisecond for
/// rounding. It is computed otherwise than [`retry_pause`], so that a mistake in one shows against the other.
///
/// ```
/// # use std::time::Duration;
/// # use sca_protocol::settings::TerminalSettings;
/// let (least, most) = sca_core::pause_bounds(&TerminalSettings::default().retry, 0, Some(30));
/// assert!(least > Duration::from_secs(29) && most < Duration::from_secs(32));
/// ```
#[must_use]
pub fn pause_bounds(rules: &RetryRules, pauses: u32, retry_after: Option<u64>) -> (Duration, Duration) {
    let percent = u32::try_from(rules.jitter_percent).unwrap_or(100);
    let mut base = rules.first;
    let growth = u32::try_from(rules.growth).unwrap_or(1);
    for _ in 0..pauses.min(64) {
        base = base.saturating_mul(growth).min(rules.cap);
    }
    let base = base.min(rules.cap * 100 / (100 + percent));
    let asked = Duration::from_secs(retry_after.unwrap_or(0)).min(rules.retry_after_max);
    let least = base.max(asked);
    let rounding = Duration::from_millis(1);
    (least.saturating_sub(rounding), least + base * percent / 100 + rounding)
}
