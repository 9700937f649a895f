//! The link as the terminal knows it, and the length of its pauses.

use std::time::Duration;

use sca_protocol::chance::Stream;
use sca_protocol::settings::RetryRules;
use sca_protocol::{Reason, UnixTime};

use crate::event::ConnectionId;

/// The state of the link. There is a connection only where there can be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Link {
    /// No power, or a device that does not connect.
    Off,
    /// The device starts up.
    Booting {
        /// When the first attempt begins.
        until: Duration,
    },
    /// Waiting for the next attempt.
    Down {
        /// When it begins.
        next: Duration,
        /// Why the last one failed; nothing after a loss.
        why: Option<Reason>,
        /// What the device's clock shows, where it cannot be right: it has never been set.
        unset_clock: Option<UnixTime>,
    },
    /// An attempt.
    Dialling {
        /// Its connection.
        connection: ConnectionId,
        /// How far it is.
        step: Step,
        /// When this step has taken too long.
        until: Duration,
    },
    /// Up.
    Up {
        /// The connection.
        connection: ConnectionId,
        /// Whether it has carried a POS request.
        served: bool,
        /// The next ping.
        ping: Ping,
    },
}

/// How far an attempt is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Waiting for TCP.
    Connecting,
    /// Waiting for TLS.
    Securing,
    /// Waiting for the answer to the upgrade with this key.
    Upgrading {
        /// Sec-WebSocket-Key.
        key: String,
    },
}

/// The watch on a quiet link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ping {
    /// WEBSOCKETPINGINTERVAL_1 is 0.
    Never,
    /// The next ping leaves then.
    Next(Duration),
    /// A pong is awaited.
    Awaited {
        /// What it must carry.
        payload: Vec<u8>,
        /// When the link counts as lost.
        until: Duration,
        /// When the next ping would leave.
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
            Self::Down { next, .. } => Some(*next),
            Self::Up { ping, .. } => match ping {
                Ping::Never => None,
                Ping::Next(at) => Some(*at),
                Ping::Awaited { until, .. } => Some(*until),
            },
        }
    }
}

/// The pause before the next attempt: it grows with `level`, chance adds to it, the cap bounds it. A Retry-After of
/// the broker is never undercut.
///
/// ```
/// # use std::time::Duration;
/// # use sca_protocol::{Chance, settings::TerminalSettings};
/// let rules = TerminalSettings::default().retry;
/// let pause = sca_terminal::pause(&rules, 2, None, &mut Chance::new(1).stream("retry", &[0, 2]));
/// assert!((4..=8).contains(&pause.as_secs()));
/// ```
#[must_use]
pub fn pause(rules: &RetryRules, level: u32, retry_after: Option<u64>, chance: &mut Stream) -> Duration {
    let ms = |d: Duration| u64::try_from(d.as_millis()).unwrap_or(u64::MAX);
    let cap_ms = ms(rules.cap);
    // The cap bounds the pause with its jitter, so the pause itself stays below it by the jitter's share.
    let base_max_ms = cap_ms * 100 / (100 + rules.jitter_percent);
    let growth = rules.growth.checked_pow(level).unwrap_or(u64::MAX);
    let base_ms = ms(rules.first).saturating_mul(growth).min(base_max_ms);
    let jitter_ms = chance.below(base_ms * rules.jitter_percent / 100);
    let asked_ms = retry_after.map_or(0, |s| s.saturating_mul(1_000).min(ms(rules.retry_after_max)));
    Duration::from_millis(base_ms.max(asked_ms) + jitter_ms)
}
