//! A run beside its scenario: each moment with the line that played or read it, and its label.

use std::fmt::Write;

use sca_files::Loaded;
use sca_judge::trace::{Kind, Moment};
use sca_model::shown_values;
use sca_world::played::Played;

use super::diagnostics::where_is;

/// Prints each moment of a trace on a line: the scenario's line and label on the left, the action or observation on
/// the right. A dot on the left marks a moment that no line has read.
#[must_use]
pub fn explained(loaded: &Loaded, played: &Played) -> String {
    let Some(trace) = &played.trace else { return String::new() };
    let rows: Vec<(String, &Moment)> = trace.moments.iter().map(|moment| (left(loaded, moment), moment)).collect();
    let width = rows.iter().map(|(left, _)| left.chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    if !played.values.is_empty() {
        let _ = writeln!(out, "{}: {}", shown_values(&played.values), played.verdict.word());
    }
    for (left, moment) in rows {
        let (seconds, millis) = (moment.at.as_secs(), moment.at.subsec_millis());
        let _ = writeln!(out, "{left:<width$} │ +{seconds}.{millis:03} {}", moment.text);
    }
    out
}

fn left(loaded: &Loaded, moment: &Moment) -> String {
    if let Some(span) = moment.line {
        let label = moment.label.as_ref().map(|label| format!(" {label}")).unwrap_or_default();
        return where_is(loaded, span) + &label;
    }
    match moment.read_by.split_first() {
        None if moment.kind == Kind::Remark || moment.sequence == 0 => String::new(),
        None => "·".to_owned(),
        Some((first, more)) => {
            let mut out = where_is(loaded, first.span);
            out.extend(first.label.as_ref().map(|label| format!(" {label}")));
            more.iter().for_each(|by| out.push_str(&format!(", {}", where_is(loaded, by.span))));
            out
        }
    }
}
