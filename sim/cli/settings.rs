//! `settings`: the closed tables.

use clap::Args;
use sca_protocol::assumptions::ASSUMPTIONS;
use sca_protocol::settings::{BrokerSettings, Settings, TerminalSettings};

use crate::Exit;
use crate::terms::say;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Print the register of assumptions instead: what the pages do not say, and the setting that chooses otherwise
    #[arg(long)]
    assumptions: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Exit {
    if arguments.assumptions {
        for a in ASSUMPTIONS {
            say!("{}  {}\n      {}", a.id, a.says, a.reason);
            if !a.settings.is_empty() {
                say!("      setting: {}", a.settings.join(", "));
            }
        }
        return Exit::Good;
    }
    table::<TerminalSettings>("terminal");
    say!("");
    table::<BrokerSettings>("broker");
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
