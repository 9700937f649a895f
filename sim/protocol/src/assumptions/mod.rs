//! The register of assumptions: what the pages leave open, the choice made here, and the settings that change it.

mod assumption;
mod register;

pub use assumption::Assumption;
pub use register::all;

/// The assumption with this id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Assumption> {
    all().find(|a| a.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{BrokerSettings, Settings, TerminalSettings};

    #[test]
    fn every_setting_of_the_register_exists_and_names_it_back() {
        for assumption in all() {
            for setting in assumption.settings {
                let of_terminal = TerminalSettings::row(setting).map(|row| row.source);
                let source = of_terminal.or_else(|_| BrokerSettings::row(setting).map(|row| row.source));
                assert_eq!(source.expect("the setting exists"), assumption.id, "{setting}");
            }
        }
    }

    #[test]
    fn every_assumption_a_row_names_is_registered() {
        let of_broker = BrokerSettings::table().iter().map(|row| row.source);
        let named = TerminalSettings::table().iter().map(|row| row.source).chain(of_broker);
        let named = named.filter(|s| s.starts_with("A-"));
        let coded = crate::codes::DEVICE.iter().chain(crate::codes::PLATFORM).filter_map(|code| code.assumption);
        for id in named.chain(coded) {
            assert!(find(id).is_some(), "{id}");
        }
    }
}
