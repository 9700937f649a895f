//! Output of a comparison: a ladder with marked differences for people, and JSON.

use std::fmt::Write;

use sca_model::{Action, Awaited, Speaker, Step};
use sca_scenario::Printer;
use serde_json::{Value, json as value};

use super::compared::{Compared, Difference, What};
use super::parts::Part;

/// The version of the JSON format; incremented when a field changes its meaning or is removed.
pub const DIFF_VERSION: u32 = 1;

/// Renders the ladder: the terminal on the left, its peer on the right.
#[must_use]
pub fn ladder(compared: &Compared) -> String {
    let mut out = String::from("     field and model      terminal      broker, POS\n");
    for rung in &compared.rungs {
        let difference = rung.difference.map(|at| (at + 1, &compared.differences[at]));
        let mark = if difference.is_some() { "≠" } else { " " };
        let at = rung.step.stamp.map_or_else(String::new, |at| format!("+{}.{:03}", at.as_secs(), at.subsec_millis()));
        let (arrow, text) = line(&rung.step);
        let mut lines = text.lines();
        let first = lines.next().unwrap_or_default();
        let _ = writeln!(out, "{mark} {at:>12}  {arrow:^12}  {first}");
        for below in lines {
            let _ = writeln!(out, "{:28}  {below}", "");
        }
        if let Some((number, difference)) = difference {
            told(&mut out, number, difference);
        }
    }
    if let Some(why) = &compared.stopped {
        let _ = writeln!(out, "the comparison stops here: {why}");
    }
    sca_masking::pan::masked(&out).into_owned()
}

fn told(out: &mut String, number: usize, difference: &Difference) {
    let indent = " ".repeat(30);
    match &difference.what {
        What::Fields(parts) => {
            let width = parts.iter().map(|part| part.name.len()).max().unwrap_or(0);
            for (nth, part) in parts.iter().enumerate() {
                let side = |said: &Option<String>| said.as_deref().map_or("-".to_owned(), brief);
                let number = if nth == 0 { format!("{number}:") } else { String::new() };
                let (field, model) = (side(&part.field), side(&part.model));
                let _ = writeln!(out, "{number:>28}  {:width$}  field {field}  model {model}", part.name);
            }
        }
        What::OnlyField => {
            let _ = writeln!(out, "{number:>27}:  only the field sends this");
        }
        What::OnlyModel => {
            let _ = writeln!(out, "{number:>27}:  only the model sends this");
        }
        What::Earlier => {
            let _ = writeln!(out, "{number:>27}:  the model sends this earlier");
        }
        What::Other(why) => {
            let _ = writeln!(out, "{number:>27}:  {why}");
        }
    }
    for one in difference.explained.iter().take(4) {
        let says = if one.says.is_empty() { String::new() } else { format!(" ({})", one.says) };
        let _ = writeln!(out, "{indent}{} would explain it: `{} {}`{says}", one.source, one.setting, one.value);
    }
}

fn brief(text: &str) -> String {
    let quoted = sca_scenario::quote(text);
    match quoted.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", &quoted[..at]),
        None => quoted,
    }
}

/// The arrow of a step, and its text without the part that the arrow shows.
fn line(step: &Step) -> (&'static str, String) {
    let mut text = String::new();
    Printer::new(&[], &[]).step(&mut text, &Step { stamp: None, ..step.clone() }, 0);
    let text = text.trim_end();
    let (arrow, front) = match &step.action {
        Action::Send(send) if send.by == Speaker::Broker => ("◀────────", "broker -> terminal "),
        Action::Send(_) => ("◀────────", "pos -> terminal "),
        Action::Expect(expect) => match &expect.awaited {
            Awaited::ToPos(_) => ("────────▶", "terminal -> pos "),
            Awaited::ToBroker(_) => ("────────▶", "terminal -> broker "),
            _ => ("│       ", ""),
        },
        Action::Fault(_) => ("───╳─────", ""),
        _ => ("│       ", ""),
    };
    (arrow, text.strip_prefix(front).unwrap_or(text).trim_start().to_owned())
}

/// The differences of captures as JSON, by capture name.
#[must_use]
pub fn json(all: &[(String, Compared)]) -> String {
    let captures: Vec<Value> = all.iter().map(|(name, compared)| one_capture(compared, name)).collect();
    let mut document = value!({"version": DIFF_VERSION, "captures": captures});
    sca_judge::mask_texts(&mut document);
    serde_json::to_string_pretty(&document).unwrap_or_default()
}

fn one_capture(compared: &Compared, capture: &str) -> Value {
    let difference = |difference: &Difference, rung: Option<&Step>| {
        let parts: Vec<Value> = match &difference.what {
            What::Fields(parts) => {
                let one = |part: &Part| value!({"name": part.name, "field": part.field, "model": part.model});
                parts.iter().map(one).collect()
            }
            _ => Vec::new(),
        };
        let kind = match &difference.what {
            What::Fields(_) => "fields",
            What::OnlyField => "only-field",
            What::OnlyModel => "only-model",
            What::Earlier => "earlier",
            What::Other(_) => "other",
        };
        let why = match &difference.what {
            What::Other(why) => Some(why),
            _ => None,
        };
        let explained: Vec<Value> = difference
            .explained
            .iter()
            .map(|one| value!({"source": one.source, "setting": one.setting, "value": one.value, "says": one.says}))
            .collect();
        let at = rung.and_then(|step| step.stamp).map(|at| u64::try_from(at.as_millis()).unwrap_or(u64::MAX));
        let line = rung.map(|step| line(step).1);
        value!({"kind": kind, "at_ms": at, "line": line, "why": why, "fields": parts, "explained": explained})
    };
    let all: Vec<Value> = (0..compared.differences.len())
        .map(|at| {
            let rung = compared.rungs.iter().find(|rung| rung.difference == Some(at)).map(|rung| &rung.step);
            difference(&compared.differences[at], rung)
        })
        .collect();
    value!({"capture": capture, "differences": all, "stopped": compared.stopped})
}
