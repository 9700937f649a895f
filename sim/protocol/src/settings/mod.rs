//! The settings of every party: one closed table each, with the range, the source and the assumption of each row.

mod peers;
mod rows;
mod rules;
mod setting;
mod terminal;

use std::collections::BTreeMap;

pub use peers::{BrokerSettings, EstateSettings, HostSettings};
pub use rules::{ClassicPorts, CounterRules, KeepAlive, MessageRules, NoticeRules, PaymentRules, RetryRules};
pub use setting::{
    Kind, Place, Row, SettingError, Settings, Value, format_duration, is_parameter, nearest, parse_broker_url,
    parse_host_port, span,
};
pub use terminal::TerminalSettings;

/// The default settings, changed by the settings named in `chosen`.
///
/// # Errors
/// [`SettingError`] of the first setting that does not fit.
pub fn with<T: Settings + Default>(chosen: &BTreeMap<String, String>) -> Result<T, SettingError> {
    let mut made = T::default();
    chosen.iter().try_for_each(|(name, value)| made.set(name, value))?;
    Ok(made)
}
