//! The state of the link as the terminal knows it, and the retry pauses.

use std::time::Duration;

use sca_protocol::chance::Stream;
use sca_protocol::settings::RetryRules;

use crate::connection::ConnectionId;

/// The state of the link. Only states that can have a connection hold one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Link {
    /// Not started.
    Off,
    /// Started; the first attempt waits for the device to start up.
    Booting {
        /// When the first attempt begins.
        until: Duration,
    },
    /// Waiting for the next attempt.
    Down {
        /// When it begins.
        next: Duration,
    },
    /// An attempt to connect.
    Dialling {
        /// Its connection.
        connection: ConnectionId,
        /// The step in progress.
        step: Step,
        /// When this step times out.
        until: Duration,
    },
    /// The link is up.
    Up {
        /// The connection.
        connection: ConnectionId,
        /// The state of the keep-alive by pings.
        ping: Ping,
    },
}

/// The step of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Waiting for TCP.
    Connecting,
    /// Waiting for TLS.
    Securing,
    /// Waiting for the response to the upgrade request with this key.
    Upgrading {
        /// Sec-WebSocket-Key.
        key: String,
    },
}

/// The state of the keep-alive by pings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ping {
    /// No pings: WEBSOCKETPINGINTERVAL_1 is 0.
    Never,
    /// The next ping is sent at this time.
    Next(Duration),
    /// A ping has been sent and its pong is awaited.
    Awaited {
        /// The payload that the pong must carry.
        payload: Vec<u8>,
        /// When the link is closed as dead if no pong has arrived.
        until: Duration,
        /// When the next ping is due.
        next: Duration,
    },
}

impl Link {
    pub(crate) fn connection(&self) -> Option<ConnectionId> {
        match self {
            Self::Dialling { connection, .. } | Self::Up { connection, .. } => Some(*connection),
            Self::Off | Self::Booting { .. } | Self::Down { .. } => None,
        }
    }

    pub(crate) fn deadline(&self) -> Option<Duration> {
        match self {
            Self::Off => None,
            Self::Booting { until } | Self::Dialling { until, .. } => Some(*until),
            Self::Down { next } => Some(*next),
            Self::Up { ping, .. } => match ping {
                Ping::Never => None,
                Ping::Next(at) => Some(*at),
                Ping::Awaited { until, .. } => Some(*until),
            },
        }
    }
}

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
