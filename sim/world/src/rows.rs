//! Preparation of rows for a run: one byte of `each byte`, ws in place of wss, and the check whether sockets can play
//! them.

use std::time::Duration;

use sca_judge::verdict::{Failure, Verdict};
use sca_model::Span;
use sca_model::{Action, Bytes, Row, Scenario, Step, Trigger};
use sca_protocol::settings::{BrokerSettings, with};

use crate::played::Played;
use sca_environment::target::target;

/// The default limit of real time for a row on the wire.
pub const WIRE_LENGTH_MAX: Duration = Duration::from_secs(5);

/// The row of the file from which a played row was made, with the byte of an `each byte` filled in, and that byte as a
/// value.
pub fn row_of(scenario: &Scenario, at: usize, played: &Played) -> (Row, Option<(String, String)>) {
    let byte = played.values.last().filter(|(name, _)| name == "byte").cloned();
    let Some((_, count)) = &byte else { return (scenario.rows[at].clone(), None) };
    let named = &played.values[..played.values.len() - 1];
    let row = scenario.rows.iter().find(|row| row.values == named).unwrap_or(&scenario.rows[0]);
    let steps = with_bytes(&row.steps, count.parse().unwrap_or(1));
    (Row { steps, ..row.clone() }, byte)
}

/// A row in which `each byte` is replaced by the first byte.
pub fn each_byte_once(row: &Row) -> Row {
    Row { steps: with_bytes(&row.steps, 1), ..row.clone() }
}

/// Whether a fault of these steps uses `each byte`.
pub fn has_each_byte(steps: &[Step]) -> bool {
    steps.iter().any(|step| match &step.action {
        Action::Fault(fault) => matches!(&fault.arm, Some(Trigger::At(_, point)) if point.bytes == Some(Bytes::Each)),
        other => other.blocks().into_iter().any(has_each_byte),
    })
}

/// The steps with `each byte` replaced by this byte.
pub fn with_bytes(steps: &[Step], count: usize) -> Vec<Step> {
    let mut steps = steps.to_vec();
    for step in &mut steps {
        match &mut step.action {
            Action::Fault(fault) => {
                if let Some(Trigger::At(_, point)) = &mut fault.arm
                    && point.bytes == Some(Bytes::Each)
                {
                    point.bytes = Some(Bytes::Count(count));
                }
            }
            other => other.blocks_mut().into_iter().for_each(|block| *block = with_bytes(block, count)),
        }
    }
    steps
}

/// The row over ws, if it uses wss; else `None`.
pub fn over_ws(row: &Row) -> Option<Row> {
    let settings: BrokerSettings = with(&row.cast.broker).ok()?;
    let mut plain = row.clone();
    plain.cast.broker.insert("url".to_owned(), settings.url.replacen("wss://", "ws://", 1));
    for broker in &mut plain.cast.other_brokers {
        let url = with::<BrokerSettings>(&broker.settings).ok()?.url;
        broker.settings.insert("url".to_owned(), url.replacen("wss://", "ws://", 1));
    }
    target(&settings).secure.then_some(plain)
}

/// The scenario time that a row takes: the time in memory or, if that run did not finish, at least the waits and stamps
/// of its lines.
pub fn length(row: &Row, in_memory: &Played) -> Duration {
    fn told(steps: &[Step], begin: Duration) -> Duration {
        steps.iter().fold(begin, |at, step| {
            let at = at.max(step.stamp.unwrap_or_default());
            match &step.action {
                Action::Wait(span) => at + *span,
                other => other.blocks().into_iter().map(|block| told(block, at)).max().unwrap_or(at),
            }
        })
    }
    match in_memory.verdict {
        Verdict::Pass | Verdict::UnexpectedPass => in_memory.lasted,
        _ => told(&row.steps, Duration::ZERO).max(in_memory.lasted),
    }
}

/// The word `scenario` on the first line, as the place for failures of the whole file.
const TITLE: Span = Span { line: 1, column: 1, length: 8, file: 0 };

/// The failure of a row that would take longer than the limit, with the option that allows it.
pub fn too_long(took: Duration, limit: Duration, allows: Option<&str>) -> Option<Failure> {
    let seconds = took.as_secs() + u64::from(took.subsec_nanos() > 0);
    let allows = allows.map_or_else(String::new, |option| format!("; `{option} {seconds}` allows it"));
    let told = || format!("it would take {seconds} s of real time; the limit is {} s{allows}", limit.as_secs());
    (took > limit).then(|| Failure::at(TITLE, told()))
}

/// Why a row cannot be played on the wire, or `None`.
#[must_use]
pub fn unplayable_on_wire(row: &Row, in_memory: &Played, scale: u32, longest: Duration) -> Option<Failure> {
    fn fault(steps: &[Step]) -> Option<Failure> {
        steps.iter().find_map(|step| match &step.action {
            Action::Fault(fault) if !fault.kind.row().on_sockets => {
                let word = fault.kind.row().word;
                Some(Failure::at(step.span, format!("sockets cannot play `{word}`")).label("memory only"))
            }
            other => other.blocks().into_iter().find_map(fault),
        })
    }
    // A wait shorter than a millisecond of real time depends on an order that sockets do not keep.
    fn brief(steps: &[Step], least: Duration) -> Option<Failure> {
        steps.iter().find_map(|step| match &step.action {
            Action::Wait(span) if *span < least => {
                Some(Failure::at(step.span, "this wait is too short for sockets").label("memory only"))
            }
            other => other.blocks().into_iter().find_map(|block| brief(block, least)),
        })
    }
    let least = Duration::from_millis(1) * scale.max(1);
    let shaped = ["latency", "bandwidth"].into_iter().find(|name| row.cast.broker.contains_key(*name));
    fault(&row.steps)
        .or_else(|| brief(&row.steps, least))
        .or_else(|| shaped.map(|name| Failure::at(TITLE, format!("`{name}` cannot be set on sockets"))))
        .or_else(|| too_long(length(row, in_memory) / scale.max(1), longest, Some("--longest")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_row_of_a_byte_cuts_at_that_byte() {
        let text = "scenario \"S\"\n\nterminal connects\nfault reset after each byte of reply to v\n\
                    pos -> terminal  DEVICE VERSION  as v\nterminal loses\nterminal connects\n";
        let scenario = sca_scenario::parse(text).unwrap_or_else(|problems| panic!("{problems:?}"));
        let played = Played::cannot_run(&scenario.rows[0], String::new());
        let played = Played { values: vec![("byte".to_owned(), "7".to_owned())], ..played };
        let (row, byte) = row_of(&scenario, 0, &played);
        assert_eq!(byte, Some(("byte".to_owned(), "7".to_owned())));
        let cuts = |row: &Row| -> Vec<Bytes> {
            let faults = row.steps.iter().filter_map(|step| match &step.action {
                Action::Fault(fault) => match &fault.arm {
                    Some(Trigger::At(_, point)) => point.bytes,
                    _ => None,
                },
                _ => None,
            });
            faults.collect()
        };
        assert_eq!(cuts(&row), [Bytes::Count(7)]);
        assert_eq!(cuts(&each_byte_once(&scenario.rows[0])), [Bytes::Count(1)]);
    }

    #[test]
    fn a_row_that_takes_too_long_is_marked_at_the_top_of_its_file() {
        let limit = Duration::from_secs(5);
        let failure = too_long(Duration::from_millis(6_001), limit, Some("--longest")).expect("it takes longer");
        assert_eq!((failure.span.line, failure.span.column, failure.span.length), (1, 1, 8), "the word `scenario`");
        assert!(failure.headline.contains("`--longest 7` allows it"), "{}", failure.headline);
        assert!(too_long(limit, limit, None).is_none());
    }
}
