//! Description of a scenario in plain English: its parties, and what happens line by line.

mod sentence;

use std::fmt::Write;

use sentence::Teller;

use sca_model::{Row, Scenario, Step};

/// Describes a scenario for readers who do not know the language. If it has several rows, the first is described, with
/// its values.
///
/// ```
/// let text = "scenario \"It connects\"\n\nterminal connects  within 5s\n";
/// let told = sca_explanations::explain(&sca_scenario::parse(text).unwrap());
/// assert!(told.contains("1. line 3: the terminal has to connect, within 5s"));
/// ```
#[must_use]
pub fn explain(scenario: &Scenario) -> String {
    let mut out = format!("{}\n", scenario.title);
    if let Some(known) = &scenario.header.expect_fail {
        let _ = writeln!(out, "It is expected to fail until {}: {}.", known.until.day(), known.reason);
    }
    let Some(row) = scenario.rows.first() else { return out };
    if scenario.rows.len() > 1 {
        let values: Vec<String> = row.values.iter().map(|(name, value)| format!("{name} is {value}")).collect();
        let (rows, values) = (scenario.rows.len(), values.join(", "));
        let _ = writeln!(out, "It is played {rows} times with different values. This is the first, where {values}.");
    }
    parties(&mut out, row);
    for waive in &scenario.header.waives {
        let _ = writeln!(out, "  The invariant `{}` is not checked: {}.", waive.invariant, waive.reason);
    }
    out.push_str("\nWhat happens:\n");
    let names: Vec<String> = row.cast.terminals.iter().map(|t| t.name.clone()).collect();
    let teller = Teller { names: &names, pos: &row.cast.pos };
    let mut number = 0;
    steps(&mut out, &teller, &row.steps, 0, &mut number);
    let covers: Vec<String> = scenario.covers().into_iter().collect();
    if !covers.is_empty() {
        let _ = writeln!(out, "\nIt is evidence for {}.", covers.join(", "));
    }
    out
}

fn parties(out: &mut String, row: &Row) {
    out.push_str("\nParties:\n");
    for terminal in &row.cast.terminals {
        let model = terminal.settings.get("model").map_or("M400", String::as_str);
        let name = if terminal.name == "terminal" { String::new() } else { format!(" {}", terminal.name) };
        let others = terminal.settings.iter().filter(|(setting, _)| *setting != "model");
        let _ = writeln!(out, "  a terminal {model}{name}{}", with(others));
        for (path, file) in &terminal.files {
            let _ = writeln!(out, "    with the file {file} at {path}");
        }
    }
    let url = row.cast.broker.get("url").map_or("wss://broker.test:443", String::as_str);
    let others = row.cast.broker.iter().filter(|(setting, _)| *setting != "url");
    let _ = writeln!(out, "  a broker at {url}{}", with(others));
    for (name, settings) in [("the payment host", &row.cast.host), ("the estate host", &row.cast.vhq)] {
        if !settings.is_empty() {
            let _ = writeln!(out, "  {name}{}", with(settings.iter()));
        }
    }
    for name in &row.cast.pos {
        let _ = writeln!(out, "  another POS, {name}");
    }
    for (name, certificate) in &row.cast.certificates {
        let flaw = certificate.flaw.as_ref().map(|flaw| format!(", flawed: {flaw}")).unwrap_or_default();
        let _ = writeln!(out, "  a certificate {name}{flaw}");
    }
}

fn with<'a>(settings: impl Iterator<Item = (&'a String, &'a String)>) -> String {
    let all: Vec<String> = settings.map(|(name, value)| format!("{name} {value}")).collect();
    if all.is_empty() { String::new() } else { format!(", with {}", all.join(", ")) }
}

fn steps(out: &mut String, teller: &Teller<'_>, all: &[Step], depth: usize, number: &mut usize) {
    for step in all {
        *number += 1;
        let indent = "   ".repeat(depth);
        let place = match (step.called, step.span.line) {
            (_, 0) => String::new(),
            (Some(called), _) if called.file != step.span.file => format!("line {} (a story): ", called.line),
            (_, line) => format!("line {line}: "),
        };
        let _ = writeln!(out, "{indent}{number:>3}. {place}{}", teller.step(step));
        let mut branches = step.action.blocks().into_iter();
        if let Some(first) = branches.next() {
            steps(out, teller, first, depth + 1, number);
        }
        for branch in branches {
            let _ = writeln!(out, "{indent}     or:");
            steps(out, teller, branch, depth + 1, number);
        }
    }
}
