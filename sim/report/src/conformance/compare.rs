//! Comparison of two conformance matrices: regressions first, then improvements, then additions and removals.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Deserialize;

use super::gather::CONFORMANCE_VERSION;
use crate::error::ReadError;

/// A conformance matrix as read from its JSON document, reduced to what is compared.
#[derive(Debug, Clone, Deserialize)]
pub struct MatrixDocument {
    #[serde(default)]
    scenarios: Option<Vec<Scenario>>,
    clauses: Vec<Clause>,
    #[serde(default)]
    commands: Vec<Command>,
    #[serde(default)]
    codes: Vec<Code>,
}

#[derive(Debug, Clone, Deserialize)]
struct Clause {
    id: String,
    text: String,
    verdict: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Scenario {
    path: String,
    verdict: String,
    rows: Vec<Row>,
}

#[derive(Debug, Clone, Deserialize)]
struct Row {
    values: String,
    verdict: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Command {
    function_type: String,
    command: String,
    only: Option<String>,
    answered_in: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Code {
    space: String,
    number: i32,
    result: String,
    text: String,
    produced_in: Option<String>,
}

/// The differences between two matrices.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Verdicts that have become worse.
    pub worse: Vec<String>,
    /// Verdicts that have become better.
    pub better: Vec<String>,
    /// Entries that are in one matrix only, or rest on other assumptions.
    pub other: Vec<String>,
}

impl MatrixDocument {
    /// Reads a matrix.
    ///
    /// # Errors
    /// The text is not a valid matrix, or its version is unknown.
    pub fn read(text: &str) -> Result<Self, ReadError> {
        let value: serde_json::Value = serde_json::from_str(text)?;
        crate::is_of_version(&value, CONFORMANCE_VERSION)?;
        let written: Self = serde_json::from_value(value)?;
        match written.scenarios {
            Some(_) => Ok(written),
            None => Err(ReadError::NoScenarios),
        }
    }

    /// Scenarios and their rows by name, with their verdicts. Rows that look the same are numbered.
    fn scenarios(&self) -> BTreeMap<String, String> {
        let mut all = BTreeMap::new();
        for scenario in self.scenarios.iter().flatten() {
            all.insert(format!("scenario {}", scenario.path), scenario.verdict.clone());
            for row in &scenario.rows {
                let name = format!("row {} ({})", scenario.path, row.values);
                let mut names = (1_usize..).map(|n| if n == 1 { name.clone() } else { format!("{name} #{n}") });
                let free = names.find(|name| !all.contains_key(name)).unwrap_or_default();
                all.insert(free, row.verdict.clone());
            }
        }
        all
    }

    /// The verdicts of all clauses, scenarios, rows, commands and codes, by name.
    fn verdicts(&self) -> BTreeMap<String, String> {
        let clauses = self
            .clauses
            .iter()
            .map(|clause| (format!("clause {} ({})", clause.id, clause.text), clause.verdict.clone()));
        let word = |place: &Option<String>, yes: &str, no: &str| if place.is_some() { yes } else { no }.to_owned();
        let commands = self.commands.iter().map(|command| {
            let only = command.only.as_ref().map(|only| format!(" {only}")).unwrap_or_default();
            let name = format!("command {} {}{only}", command.function_type, command.command);
            (name, word(&command.answered_in, "answered with success", "not answered with success"))
        });
        let codes = self.codes.iter().map(|code| {
            let name = format!("code {} {} {} {}", code.space, code.number, code.result, code.text);
            (name.trim_end().to_owned(), word(&code.produced_in, "produced", "not produced"))
        });
        clauses.chain(self.scenarios()).chain(commands).chain(codes).collect()
    }
}

/// The rank of a verdict, higher is better; equivalent verdicts have the same rank.
fn rank(verdict: &str) -> u8 {
    match verdict.split(' ').next().unwrap_or_default() {
        "pass" | "answered" | "produced" => 5,
        "inapplicable" => 4,
        "one-sided" | "expected-fail" => 3,
        "none" | "not" => 2,
        "fail" | "unexpected-pass" => 1,
        _ => 0,
    }
}

/// The differences from `before` to `after`.
#[must_use]
pub fn compare(before: &MatrixDocument, after: &MatrixDocument) -> Comparison {
    let (old, new) = (before.verdicts(), after.verdicts());
    let mut found = Comparison::default();
    for (name, verdict) in &new {
        match old.get(name) {
            // A new and failing entry counts as worse, although there was nothing before it.
            None if rank(verdict) <= 1 => found.worse.push(format!("{name}: new, {verdict}")),
            None => found.other.push(format!("{name}: new, {verdict}")),
            Some(was) if was == verdict => {}
            Some(was) => {
                let line = format!("{name}: {was} → {verdict}");
                match rank(verdict).cmp(&rank(was)) {
                    std::cmp::Ordering::Less => found.worse.push(line),
                    std::cmp::Ordering::Greater => found.better.push(line),
                    std::cmp::Ordering::Equal => found.other.push(line),
                }
            }
        }
    }
    for (name, verdict) in old.iter().filter(|(name, _)| !new.contains_key(*name)) {
        let line = format!("{name}: gone, was {verdict}");
        // Lost evidence counts as worse; if other evidence replaces it, the clause's verdict shows that.
        if rank(verdict) == 5 { &mut found.worse } else { &mut found.other }.push(line);
    }
    found
}

impl Comparison {
    /// The comparison as text for people.
    #[must_use]
    pub fn shown(&self) -> String {
        let mut out = String::new();
        let parts = [("worse", &self.worse), ("better", &self.better), ("other", &self.other)];
        for (word, lines) in parts.into_iter().filter(|(_, lines)| !lines.is_empty()) {
            let _ = writeln!(out, "{word}: {}", lines.len());
            lines.iter().for_each(|line| out.extend(["  ", line, "\n"]));
        }
        if out.is_empty() {
            out.push_str("no changes\n");
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::{MatrixDocument, compare};

    fn matrix(verdict: &str, scenario: &str, answered: &str) -> MatrixDocument {
        MatrixDocument::read(&format!(
            r#"{{"version":1,"scenarios":[{{"path":"a.sca","verdict":"{scenario}","rows":[]}}],
            "clauses":[{{"id":"REC-01","text":"t","forbids":false,"verdict":"{verdict}"}}],
            "commands":[{{"function_type":"ADMIN","command":"GET_COUNTER","only":null,"answered_in":{answered}}}]}}"#
        ))
        .expect("the matrix can be read")
    }

    #[test]
    fn regressions_stand_first_and_alone_are_worse() {
        let (old, new) = (matrix("pass", "pass", "null"), matrix("fail", "fail", "\"a.sca\""));
        let found = compare(&old, &new);
        assert_eq!(found.worse, ["clause REC-01 (t): pass → fail", "scenario a.sca: pass → fail"]);
        assert_eq!(found.better, ["command ADMIN GET_COUNTER: not answered with success → answered with success"]);
        assert!(found.shown().starts_with("worse: 2\n"), "{}", found.shown());
        let other = compare(&old, &matrix("pass on A-12", "pass", "null"));
        assert!(other.worse.is_empty() && other.other.len() == 1, "{other:?}");
        assert!(MatrixDocument::read(r#"{"version":9,"clauses":[]}"#).is_err());
    }
}
