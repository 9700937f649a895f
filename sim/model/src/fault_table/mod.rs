//! The table of all kinds of faults, by family: how a scenario writes it, how it is made, whether sockets can play it,
//! which clause it tests, and the scenarios that are its evidence. `sim/docs/faults.md` and `sca-sim faults` are made
//! from it.

mod class;
mod connection;
mod kinds;
mod row;
mod traffic;

use std::fmt::Write;

pub use class::{CLASSES, FaultClass};
use connection::{NETWORK, PROXIES, TLS, TRUST};
pub use kinds::words_where;
pub use kinds::{Affects, Argument, Explored, FaultKind, KINDS, KindRow, Needs, Toward, Values, kind_row};
pub use row::FaultRow;
use traffic::{DOCUMENTS, HTTP, MESSAGES, SEVERAL, WEBSOCKET};

/// A family of faults.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// The name of the family.
    pub name: &'static str,
    /// The kinds of the family.
    pub kinds: &'static [FaultRow],
}

/// Every kind of fault, by family.
pub const FAMILIES: &[Family] = &[
    Family { name: "network", kinds: NETWORK },
    Family { name: "proxies", kinds: PROXIES },
    Family { name: "TLS", kinds: TLS },
    Family { name: "trust", kinds: TRUST },
    Family { name: "HTTP", kinds: HTTP },
    Family { name: "WebSocket", kinds: WEBSOCKET },
    Family { name: "documents", kinds: DOCUMENTS },
    Family { name: "messages", kinds: MESSAGES },
    Family { name: "several at once", kinds: SEVERAL },
];

/// Every kind of fault.
pub fn all() -> impl Iterator<Item = &'static FaultRow> {
    FAMILIES.iter().flat_map(|family| family.kinds)
}

/// The page of faults, in Markdown.
#[must_use]
pub fn page() -> String {
    let mut page = String::from(
        "# Faults\n\nEvery kind of fault the harness plays, by family. The page is made from the table in \
         `model/src/fault_table`\nby `sca-sim faults --markdown`, and a test keeps it current. Each kind names \
         scenarios that show what the terminal does:\nthe reason, the screen, the icon, and when it tries again.\n",
    );
    for family in FAMILIES {
        let _ = write!(page, "\n## {}\n\n", capital(family.name));
        page.push_str("| kind | a scenario says | made of | sockets | clause | evidence |\n| --- | --- | --- | --- | --- | --- |\n");
        for row in family.kinds {
            let cell = |text: &str| text.replace('|', "\\|");
            let sockets = if row.on_the_wire() { "yes" } else { "memory only" };
            let evidence = row.evidence.iter().map(|name| match name.starts_with("tests/") {
                true => format!("[{name}](../../{name})"),
                false => format!("[{name}](../../scenarios/{name}.sca)"),
            });
            let evidence = evidence.collect::<Vec<_>>().join(", ");
            let (kind, says, made_of) = (cell(row.kind), cell(row.says), cell(row.made_of));
            let _ = writeln!(page, "| {kind} | `{says}` | {made_of} | {sockets} | {} | {evidence} |", row.clause);
        }
    }
    page
}

fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str()).unwrap_or_default()
}
