//! Searches settings that explain a difference, by trying every other value of every setting.

use sca_model::Row;
use sca_protocol::assumptions;
use sca_protocol::settings::{Kind, Settings, TerminalSettings};

/// A setting that removes a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The setting.
    pub setting: &'static str,
    /// Its value.
    pub value: String,
    /// The assumption behind the setting, or the page of the specification it comes from.
    pub source: &'static str,
    /// The text of that assumption; empty for a page.
    pub says: &'static str,
}

/// Settings that describe the terminal's identity and connection rather than its behaviour; they are not tried.
const OF_PLACE: &[&str] = &[
    "model",
    "pinpad-id",
    "POSCONNECTALLOW",
    "WEBSOCKETADDRESS_",
    "WEBSOCKETPORT_",
    "clock",
    "certificate",
    "authority",
    "PROXY",
    "power-cut-at-flash-write",
];

/// How far a row gets before it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// To its end.
    End,
    /// To the step with this index, which fails.
    Step(usize),
    /// Unknown.
    Nowhere,
}

/// The settings that explain why a row fails at a step: with them it gets further, or to its end.
pub(super) fn explain(row: &Row, at: usize, reach: &mut dyn FnMut(&Row) -> Reach) -> Vec<Explanation> {
    let mut found: Vec<Explanation> = Vec::new();
    for (explanation, changed) in variants(row) {
        if found.iter().any(|known| known.setting == explanation.setting) {
            continue;
        }
        let is_gone = match reach(&changed) {
            Reach::End => true,
            Reach::Step(other) => other > at,
            Reach::Nowhere => false,
        };
        found.extend(is_gone.then_some(explanation));
    }
    // Assumptions first: they explain more than what a page specifies.
    found.sort_by_key(|one: &Explanation| one.says.is_empty());
    found
}

/// The row with every other value of every setting of its terminal, one change at a time.
pub(super) fn variants(row: &Row) -> impl Iterator<Item = (Explanation, Row)> {
    let defaults = TerminalSettings::default();
    let settings = TerminalSettings::table().iter().filter(|row| !OF_PLACE.contains(&row.name));
    settings.flat_map(move |setting| {
        let chosen = row.cast.terminals.first().and_then(|terminal| terminal.settings.get(setting.name)).cloned();
        let now = chosen.unwrap_or_else(|| setting.get(&defaults));
        others(setting.kind, &now).into_iter().filter_map(move |value| {
            let mut changed = row.clone();
            changed.cast.terminals.first_mut()?.settings.insert(setting.name.to_owned(), value.clone());
            let says = assumptions::find(setting.source).map_or("", |assumption| assumption.says);
            Some((Explanation { setting: setting.name, value, source: setting.source, says }, changed))
        })
    })
}

/// The other values of a setting that are worth trying.
fn others(kind: Kind, now: &str) -> Vec<String> {
    let all: Vec<String> = match kind {
        Kind::Flag => vec!["yes".to_owned(), "no".to_owned()],
        Kind::Choice(words) => words.iter().map(|word| (*word).to_owned()).collect(),
        Kind::Number(least, most) => [least, 1, most].iter().filter(|n| **n >= least).map(u64::to_string).collect(),
        Kind::Span(least, most) => [least, most].map(|ms| format!("{ms}ms")).to_vec(),
        _ => Vec::new(),
    };
    all.into_iter().filter(|value| value != now).collect()
}
