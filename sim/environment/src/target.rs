//! The address of a broker, and the default time of the clock.

use sca_core::Target;
use sca_protocol::UnixTime;
use sca_protocol::settings::BrokerSettings;

/// The true time at the start of a scenario without `clock`: 2026-01-15T09:00:00Z.
pub const CLOCK: UnixTime = UnixTime(1_768_467_600);

/// The address in the broker's url, which has been checked before.
pub fn target(settings: &BrokerSettings) -> Target {
    parse_url(&settings.url).unwrap_or(Target { host: settings.url.clone(), port: 443, secure: true })
}

/// Parses `ws://host[:port]` or `wss://host[:port]`; `None` for other texts.
#[must_use]
pub fn parse_url(url: &str) -> Option<Target> {
    let (secure, host, port) = sca_protocol::settings::parse_broker_url(url)?;
    Some(Target { host, port, secure })
}
