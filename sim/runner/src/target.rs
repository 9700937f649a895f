//! Where a broker is found, and what the clock shows where a scenario says nothing.

use sca_protocol::UnixTime;
use sca_protocol::settings::BrokerSettings;
use sca_terminal::Target;

/// The true time at the start of a scenario that names none: 2026-01-15T09:00:00Z.
pub(crate) const CLOCK: UnixTime = UnixTime(1_768_467_600);

/// Where a broker's url leads. The url has been checked by then.
pub(crate) fn target(settings: &BrokerSettings) -> Target {
    parse_url(&settings.url).unwrap_or(Target { host: settings.url.clone(), port: 443, secure: true })
}

/// Reads `ws://host[:port]` or `wss://host[:port]`.
#[must_use]
pub fn parse_url(url: &str) -> Option<Target> {
    let (secure, host, port) = sca_protocol::settings::read_url(url)?;
    Some(Target { host, port, secure })
}
