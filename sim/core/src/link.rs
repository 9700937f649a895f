//! The state of the link as the client core knows it.

use std::time::Duration;

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
