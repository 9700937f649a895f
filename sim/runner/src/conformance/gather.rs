//! Gathers what a run showed of each clause, command, code and assumption.

use std::collections::{BTreeMap, BTreeSet};

use sca_protocol::assumptions::ASSUMPTIONS;
use sca_protocol::clauses::{CLAUSES, FORBIDDING};
use sca_protocol::{codes, commands};
use serde::Serialize;

use sca_scenario::model::shown_values;

use crate::played::Played;
use crate::suite::{FileResult, worst};
use crate::verdict::Verdict;

/// The version of the JSON document. It changes when a field changes its meaning or goes away; fields may be added.
pub const CONFORMANCE_VERSION: u32 = 1;

/// The whole matrix.
#[derive(Debug, Serialize)]
pub struct Conformance {
    /// [`CONFORMANCE_VERSION`].
    pub version: u32,
    /// Each scenario that was played, with its rows.
    pub scenarios: Vec<Scenario>,
    /// Each clause, in the order of the source.
    pub clauses: Vec<Clause>,
    /// Each command of the table.
    pub commands: Vec<Command>,
    /// Each result code of the tables.
    pub codes: Vec<Code>,
    /// Each assumption of the register.
    pub assumptions: Vec<Assumption>,
}

/// A clause and its evidence.
#[derive(Debug, Serialize)]
pub struct Clause {
    /// Its id.
    pub id: &'static str,
    /// What it says.
    pub text: &'static str,
    /// Whether it forbids or refuses something, so that it wants a negative line too.
    pub forbids: bool,
    /// Violations of it that were planted in the simulated terminal, each caught by the bundled scenarios that cover it.
    pub violations: u32,
    /// The lines that cover it.
    pub evidence: Vec<Evidence>,
    /// `pass`; `pass on A-12 …`; `fail`; `none` where no passing line covers it; `one-sided` where it forbids and no passing
    /// line is negative.
    pub verdict: String,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Evidence {
    /// The scenario.
    pub path: String,
    /// The line that covers the clause.
    pub line: u32,
    /// The verdict on its scenario.
    pub verdict: &'static str,
    /// Whether it shows a refusal or an absence.
    pub negative: bool,
    /// The assumptions that the scenario's answers rest on.
    pub assumptions: Vec<&'static str>,
    /// The line as it stands.
    pub text: String,
}

/// A command and whether a passing run answered it.
#[derive(Debug, Serialize)]
pub struct Command {
    /// FUNCTION_TYPE.
    pub function_type: &'static str,
    /// COMMAND.
    pub command: &'static str,
    /// What tells it from another of this name.
    pub only: Option<&'static str>,
    /// The assumption that its row rests on.
    pub guess: Option<&'static str>,
    /// A scenario in which it was answered.
    pub answered_in: Option<String>,
}

/// A result code and whether a passing run produced it.
#[derive(Debug, Serialize)]
pub struct Code {
    /// `device`, `platform` or `notice`.
    pub space: &'static str,
    /// RESULT_CODE.
    pub number: i32,
    /// RESULT.
    pub result: &'static str,
    /// RESPONSE_TEXT where the command has none of its own.
    pub text: &'static str,
    /// A scenario in which it was produced.
    pub produced_in: Option<String>,
}

/// An assumption and where verdicts rest on it.
#[derive(Debug, Serialize)]
pub struct Assumption {
    /// Its id.
    pub id: &'static str,
    /// What it says.
    pub says: &'static str,
    /// In how many scenarios answers rest on it.
    pub scenarios: usize,
}

/// A scenario, whatever its lines are evidence of.
#[derive(Debug, Serialize)]
pub struct Scenario {
    /// Its path.
    pub path: String,
    /// The worst verdict of its rows; `invalid` where it has none.
    pub verdict: &'static str,
    /// The rows of its `each`.
    pub rows: Vec<Row>,
}

/// A row.
#[derive(Debug, Serialize)]
pub struct Row {
    /// Its values, as `a=1, b=2`.
    pub values: String,
    /// The verdict on it.
    pub verdict: &'static str,
}

/// How many violations of each clause are planted and caught by the tests of the bundled scenarios, as `clause,planted`.
const VIOLATIONS: &str = include_str!("violations.csv");

fn violations_of(clause: &str) -> u32 {
    let mut lines = VIOLATIONS.lines().filter_map(|line| line.split_once(','));
    lines.find(|(id, _)| *id == clause).and_then(|(_, count)| count.parse().ok()).unwrap_or_default()
}

/// What some runs prove.
#[must_use]
pub fn conformance(results: &[&FileResult]) -> Conformance {
    let mut evidence: BTreeMap<&'static str, BTreeSet<Evidence>> = BTreeMap::new();
    for result in results {
        let Ok(scenario) = &result.loaded.scenario else { continue };
        let verdict = result.verdict().map_or("invalid", Verdict::word);
        let assumed: BTreeSet<&'static str> = result.rows.iter().flat_map(|row| row.assumed.iter().copied()).collect();
        for (id, span, negative) in scenario.evidence() {
            let Some((id, _)) = CLAUSES.iter().find(|(known, _)| *known == id) else { continue };
            let (path, text) = &result.loaded.texts[usize::from(span.file)];
            let (path, text) = (path.display().to_string(), line_of(text, span.line));
            let assumptions = assumed.iter().copied().collect();
            let one = Evidence { path, line: span.line, verdict, negative, assumptions, text };
            evidence.entry(id).or_default().insert(one);
        }
    }
    let clauses = CLAUSES.iter().map(|(id, text)| clause(id, text, evidence.remove(id).unwrap_or_default()));
    Conformance {
        version: CONFORMANCE_VERSION,
        scenarios: results.iter().map(|result| scenario(result)).collect(),
        clauses: clauses.collect(),
        commands: answered(results),
        codes: produced(results),
        assumptions: assumptions(results),
    }
}

fn scenario(result: &FileResult) -> Scenario {
    // Bytes of an `each byte` are no rows of the file: how many there are is the length of a message.
    let is_same = |a: &Played, b: &Played| of_file(a) == of_file(b);
    let rows = result.rows.chunk_by(is_same).filter(|rows| !of_file(&rows[0]).is_empty()).map(|rows| Row {
        values: crate::cards::told(&shown_values(of_file(&rows[0]))).into_owned(),
        verdict: worst(rows.iter()).map_or("invalid", Verdict::word),
    });
    Scenario {
        path: result.loaded.path.display().to_string(),
        verdict: result.verdict().map_or("invalid", Verdict::word),
        rows: rows.collect(),
    }
}

/// The values of a row that stand in its file.
fn of_file(row: &Played) -> &[(String, String)] {
    match row.values.split_last() {
        Some(((name, _), rest)) if name == "byte" => rest,
        _ => &row.values,
    }
}

fn line_of(text: &str, number: u32) -> String {
    let line = text.lines().nth((number as usize).saturating_sub(1)).unwrap_or_default();
    crate::cards::told(line.trim()).into_owned()
}

fn clause(id: &'static str, text: &'static str, evidence: BTreeSet<Evidence>) -> Clause {
    let forbids = FORBIDDING.contains(&id);
    let passing: Vec<&Evidence> = evidence.iter().filter(|e| e.verdict == "pass").collect();
    let rests_on = |e: &&Evidence| e.assumptions.is_empty();
    let verdict = if evidence.iter().any(|e| !matches!(e.verdict, "pass" | "inapplicable" | "expected-fail")) {
        "fail".to_owned()
    } else if passing.is_empty() {
        "none".to_owned()
    } else if forbids && !passing.iter().any(|e| e.negative) {
        "one-sided".to_owned()
    } else if passing.iter().copied().any(|e| rests_on(&e)) {
        "pass".to_owned()
    } else {
        // No line is free of assumptions; those of the line with the fewest are named.
        let fewest = passing.iter().min_by_key(|e| e.assumptions.len()).map(|e| e.assumptions.join(" "));
        format!("pass on {}", fewest.unwrap_or_default())
    };
    Clause { id, text, forbids, violations: violations_of(id), evidence: evidence.into_iter().collect(), verdict }
}

/// The first passing scenario of which something holds.
fn first(results: &[&FileResult], holds: impl Fn(&crate::played::Evidence) -> bool) -> Option<String> {
    let passed = results.iter().filter(|result| !result.is_bad());
    let mut found = passed.filter(|r| r.rows.iter().any(|row| row.verdict == Verdict::Pass && holds(&row.evidence)));
    found.next().map(|result| result.loaded.path.display().to_string())
}

fn answered(results: &[&FileResult]) -> Vec<Command> {
    let of = |row: &commands::Command| first(results, |evidence| evidence.commands.contains(&row.name()));
    commands::all()
        .map(|row| Command {
            function_type: row.function_type,
            command: row.command,
            only: row.only.map(|(_, value)| value),
            guess: row.guess,
            answered_in: of(row),
        })
        .collect()
}

fn produced(results: &[&FileResult]) -> Vec<Code> {
    let spaces = [("device", codes::DEVICE), ("platform", codes::PLATFORM), ("notice", codes::NOTICES)];
    let all = spaces.into_iter().flat_map(|(space, table)| table.iter().map(move |code| (space, table, code)));
    let is_alike = |a: &codes::Code, b: &codes::Code| a.number == b.number && a.result == b.result;
    all.map(|(space, table, code)| Code {
        space,
        number: code.number,
        result: code.result,
        text: code.text,
        produced_in: first(results, |evidence| {
            let of = if space == "notice" { &evidence.notices } else { &evidence.codes };
            // A text that says more than the table's counts, unless only the text tells two codes apart.
            let by_text = space == "notice" || table.iter().filter(|other| is_alike(other, code)).count() > 1;
            of.iter().any(|(number, result, text)| {
                *number == code.number && result == code.result && (!by_text || text == code.text)
            })
        }),
    })
    .collect()
}

fn assumptions(results: &[&FileResult]) -> Vec<Assumption> {
    let rests = |id: &str| results.iter().filter(|r| r.rows.iter().any(|row| row.assumed.contains(id))).count();
    ASSUMPTIONS.iter().map(|a| Assumption { id: a.id, says: a.says, scenarios: rests(a.id) }).collect()
}

impl Conformance {
    /// Whether every clause has a passing line, and every clause that forbids a negative one.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.clauses.iter().all(|clause| clause.verdict.starts_with("pass"))
    }

    /// The matrix as JSON.
    ///
    /// # Errors
    /// What the writer of JSON says; in practice nothing.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self)
    }
}
