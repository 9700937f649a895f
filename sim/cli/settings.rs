//! `settings` and `assumptions`: print the tables of settings and of assumptions.

use clap::Args;
use sca_protocol::assumptions;
use sca_protocol::settings::{BrokerSettings, EstateSettings, HostSettings, Place, Settings, TerminalSettings};

use crate::console::say;
use crate::exit::Exit;

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
    for a in assumptions::all() {
        say!("{}  {}\n      {}", a.id, a.says, a.reason);
        for name in a.settings {
            let of_terminal = TerminalSettings::row(name).map(|row| row.default);
            let default = of_terminal.or_else(|_| BrokerSettings::row(name).map(|row| row.default)).unwrap_or_default();
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
        let idle = match row.place {
            Place::Everywhere => String::new(),
            Place::Scenarios(instead) => format!("; in scenarios only: {instead}"),
            Place::Open(instead) => format!("; on real sockets only: {instead}"),
        };
        say!("  {:<26} {:<24} takes {}{idle}", "", "", row.kind.expected());
    }
}
