//! Every kind of fault there is, by family: how a scenario says it, what it is made of, whether sockets play it too, which
//! clause it tries, and the scenarios that are its evidence. The page of faults and `sca-sim faults` are made of this table.

mod links;
mod speech;

use std::fmt::Write;

use links::{NETWORK, PROXIES, TLS, TRUST};
use speech::{DOCUMENTS, HTTP, MESSAGES, SEVERAL, WEBSOCKET};

/// A family of faults.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// Its name.
    pub name: &'static str,
    /// Its kinds.
    pub kinds: &'static [FaultRow],
}

/// One kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaultRow {
    /// What happens.
    pub kind: &'static str,
    /// How a scenario says it; these very words stand in the first scenario of the evidence.
    pub says: &'static str,
    /// What it is made of.
    pub made_of: &'static str,
    /// Whether sockets play it too.
    pub on_the_wire: bool,
    /// The clause it tries first.
    pub clause: &'static str,
    /// Scenarios that show the terminal's reaction, below `scenarios/`, or tests.
    pub evidence: &'static [&'static str],
}

const fn row(
    kind: &'static str,
    says: &'static str,
    made_of: &'static str,
    clause: &'static str,
    evidence: &'static [&'static str],
) -> FaultRow {
    FaultRow { kind, says, made_of, on_the_wire: true, clause, evidence }
}

/// What only the memory network can play: nothing slows a real line as a scenario wants it.
const fn memory(
    kind: &'static str,
    says: &'static str,
    made_of: &'static str,
    clause: &'static str,
    evidence: &'static [&'static str],
) -> FaultRow {
    FaultRow { on_the_wire: false, ..row(kind, says, made_of, clause, evidence) }
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
         `runner/src/faults/vocabulary`\nby `sca-sim faults --markdown`, and a test holds it to that. Each kind names \
         scenarios that show what the terminal does:\nthe reason, the screen, the icon, and when it tries again.\n",
    );
    for family in FAMILIES {
        let _ = write!(page, "\n## {}\n\n", capital(family.name));
        page.push_str("| kind | a scenario says | made of | sockets | clause | evidence |\n| --- | --- | --- | --- | --- | --- |\n");
        for row in family.kinds {
            let cell = |text: &str| text.replace('|', "\\|");
            let sockets = if row.on_the_wire { "yes" } else { "memory only" };
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
