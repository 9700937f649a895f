//! `faults`: lists every kind of fault, its scenario syntax, and the scenarios that show the terminal's reaction.

use clap::Args;
use sca_model::fault_table;
use sca_model::fault_table::FAMILIES;

use crate::console::say;
use crate::exit::Exit;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Print the documentation page in Markdown
    #[arg(long)]
    markdown: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Exit {
    if arguments.markdown {
        say!("{}", fault_table::page().trim_end());
        return Exit::Good;
    }
    for family in FAMILIES {
        say!("{}", family.name);
        for row in family.kinds {
            let sockets = if row.on_the_wire() { "" } else { "  (in memory only)" };
            say!("  {:<50} {}{sockets}", row.kind, row.says);
            say!("  {:<50} {}  [{}]", "", row.evidence.join(", "), row.clause);
        }
    }
    Exit::Good
}
