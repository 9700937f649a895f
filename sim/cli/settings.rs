//! `settings` and `assumptions`: the closed tables, and what no page decides.

use clap::Args;
use sca_protocol::assumptions::ASSUMPTIONS;
use sca_protocol::settings::{BrokerSettings, EstateSettings, HostSettings, Settings, TerminalSettings};

use crate::Exit;
use crate::terms::say;

#[derive(Debug, Args)]
pub(crate) struct Arguments {}

pub(crate) fn run(_: &Arguments) -> Exit {
    table::<TerminalSettings>("terminal");
    say!("");
    table::<BrokerSettings>("broker");
    say!("");
    table::<HostSettings>("host");
    say!("");
    table::<EstateSettings>("vhq");
    Exit::Good
}

pub(crate) fn assumptions() -> Exit {
    for a in ASSUMPTIONS {
        say!("{}  {}\n      {}", a.id, a.says, a.reason);
        for name in a.settings {
            let default = TerminalSettings::row(name).map_or("", |row| row.default);
            say!("      setting: {name} {}", if default.is_empty() { "-" } else { default });
        }
    }
    Exit::Good
}

fn table<T: Settings>(party: &str) {
    say!("{party}");
    for row in T::table() {
        let default = if row.default.is_empty() { "-" } else { row.default };
        say!("  {:<26} {:<24} {}  [{}]", row.name, default, row.meaning, row.source);
        say!("  {:<26} {:<24} takes {}", "", "", row.kind.expected());
    }
}
