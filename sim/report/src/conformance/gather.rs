//! Gathers what a run showed of each clause, command, code and assumption.

use std::collections::{BTreeMap, BTreeSet};

use sca_judge::verdict::Verdict;
use sca_model::shown_values;
use sca_protocol::assumptions as register;
use sca_protocol::clauses::{CLAUSES, FORBIDDING};
use sca_protocol::{codes, commands};
use sca_suite::{FileResult, worst};
use sca_world::played::Played;
use serde::Serialize;

/// The version of the JSON document. It changes when a field changes its meaning or is removed; fields may be added
/// without a change.
pub const CONFORMANCE_VERSION: u32 = 1;

/// The conformance matrix.
#[derive(Debug, Serialize)]
pub struct Conformance {
    /// [`CONFORMANCE_VERSION`].
    pub version: u32,
    /// Each scenario that was played, with its rows.
    pub scenarios: Vec<Scenario>,
    /// Each clause, in the order of the source.
    pub clauses: Vec<Clause>,
    /// Each command of the command table.
    pub commands: Vec<Command>,
    /// Each result code of the code tables.
    pub codes: Vec<Code>,
    /// Each assumption in the register of assumptions.
    pub assumptions: Vec<Assumption>,
}

/// A clause of the requirements, with its evidence and verdict.
#[derive(Debug, Serialize)]
pub struct Clause {
    /// Its id.
    pub id: &'static str,
    /// The text of the clause.
    pub text: &'static str,
    /// Whether it forbids or refuses something, so that it needs a negative line of evidence too.
    pub forbids: bool,
    /// Number of violations of it planted in the simulated terminal, each caught by the bundled scenarios that cover
    /// it.
    pub violations: u32,
    /// The lines that cover it.
    pub evidence: Vec<Evidence>,
    /// `pass`; `pass on A-12 …` if every passing line rests on assumptions; `fail`; `none` if no passing line covers
    /// it; `one-sided` if it forbids something and no passing line is negative.
    pub verdict: String,
}

/// One line of evidence for a clause.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Evidence {
    /// The path of the scenario.
    pub path: String,
    /// The number of the line that covers the clause.
    pub line: u32,
    /// The verdict of its scenario.
    pub verdict: &'static str,
    /// Whether the line proves a refusal or an absence.
    pub negative: bool,
    /// The assumptions that the scenario's answers rest on.
    pub assumptions: Vec<&'static str>,
    /// The text of the line.
    pub text: String,
}

/// A command and whether a passing run answered it.
#[derive(Debug, Serialize)]
pub struct Command {
    /// FUNCTION_TYPE.
    pub function_type: &'static str,
    /// COMMAND.
    pub command: &'static str,
    /// The field value that distinguishes it from another command of this name, if there is one.
    pub only: Option<&'static str>,
    /// The assumption that its table row rests on, if any.
    pub guess: Option<&'static str>,
    /// The path of a scenario in which it was answered with success.
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
    /// RESPONSE_TEXT, unless the command has a text of its own.
    pub text: &'static str,
    /// The path of a scenario in which it was produced.
    pub produced_in: Option<String>,
}

/// An assumption, and the number of scenarios that rest on it.
#[derive(Debug, Serialize)]
pub struct Assumption {
    /// Its id.
    pub id: &'static str,
    /// The text of the assumption.
    pub says: &'static str,
    /// Number of scenarios in which answers rest on it.
    pub scenarios: usize,
}

/// A scenario that was played, with its verdicts.
#[derive(Debug, Serialize)]
pub struct Scenario {
    /// Its path.
    pub path: String,
    /// The worst verdict of its rows; `invalid` if the file is not valid.
    pub verdict: &'static str,
    /// The rows of its `each`.
    pub rows: Vec<Row>,
}

/// A row of a scenario.
#[derive(Debug, Serialize)]
pub struct Row {
    /// Its values, as `a=1, b=2`.
    pub values: String,
    /// Its verdict.
    pub verdict: &'static str,
}

/// How many violations of each clause are planted and caught by the tests of the bundled scenarios, as `clause,planted`.
const VIOLATIONS: &str = include_str!("violations.csv");

fn violations_of(clause: &str) -> u32 {
    let mut lines = VIOLATIONS.lines().filter_map(|line| line.split_once(','));
    lines.find(|(id, _)| *id == clause).and_then(|(_, count)| count.parse().ok()).unwrap_or_default()
}

/// Computes the matrix of some runs.
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
    // Rows of an `each byte` are not listed: their number depends on the length of a message.
    let is_same = |a: &Played, b: &Played| of_file(a) == of_file(b);
    let rows = result.rows.chunk_by(is_same).filter(|rows| !of_file(&rows[0]).is_empty()).map(|rows| Row {
        values: sca_judge::mask::told(&shown_values(of_file(&rows[0]))).into_owned(),
        verdict: worst(rows.iter()).map_or("invalid", Verdict::word),
    });
    Scenario {
        path: result.loaded.path.display().to_string(),
        verdict: result.verdict().map_or("invalid", Verdict::word),
        rows: rows.collect(),
    }
}

/// The values of a row that are written in its file.
fn of_file(row: &Played) -> &[(String, String)] {
    match row.values.split_last() {
        Some(((name, _), rest)) if name == "byte" => rest,
        _ => &row.values,
    }
}

fn line_of(text: &str, number: u32) -> String {
    let line = text.lines().nth((number as usize).saturating_sub(1)).unwrap_or_default();
    sca_judge::mask::told(line.trim()).into_owned()
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
        // No line is free of assumptions; the line with the fewest names them.
        let fewest = passing.iter().min_by_key(|e| e.assumptions.len()).map(|e| e.assumptions.join(" "));
        format!("pass on {}", fewest.unwrap_or_default())
    };
    Clause { id, text, forbids, violations: violations_of(id), evidence: evidence.into_iter().collect(), verdict }
}

/// The path of the first passing scenario for which a condition holds.
fn first(results: &[&FileResult], holds: impl Fn(&sca_judge::evidence::Evidence) -> bool) -> Option<String> {
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
            // A text longer than the table's matches too, unless two codes differ only in their text.
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
    register::all().map(|a| Assumption { id: a.id, says: a.says, scenarios: rests(a.id) }).collect()
}

impl Conformance {
    /// Whether every clause has a passing line, and every forbidding clause a passing negative one.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.clauses.iter().all(|clause| clause.verdict.starts_with("pass"))
    }

    /// The matrix as JSON.
    ///
    /// # Errors
    /// The error of the JSON writer; does not occur in practice.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self)
    }
}
