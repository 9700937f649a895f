//! Compares two messages field by field.

use sca_model::{Action, Awaited, Demand, Fields, Message, Op, Step, Suffix, Test};

use super::steps::message_of;

/// A field that differs between two messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The field.
    pub name: String,
    /// The value in the field; none if absent.
    pub field: Option<String>,
    /// The value in the model; none if absent.
    pub model: Option<String>,
}

/// The messages to the POS in a transcript.
pub(super) fn messages(transcript: &str) -> Vec<Step> {
    let row = sca_scenario::parse(transcript).ok().and_then(|scenario| scenario.rows.into_iter().next());
    let steps = row.map(|row| row.steps).unwrap_or_default();
    steps.into_iter().filter(|step| message_of(step).is_some()).collect()
}

/// The message with this index.
pub(super) fn message(transcript: &str, nth: usize) -> Option<Step> {
    messages(transcript).into_iter().nth(nth)
}

fn tests(step: &Step) -> &[Test] {
    match message_of(step) {
        Some((_, Message::Fields(fields))) => &fields.tests,
        _ => &[],
    }
}

fn said(test: &Test) -> Option<String> {
    match &test.demand {
        Demand::Is(Op::Equal, value) => Some(value.clone()),
        _ => None,
    }
}

fn shown(test: &Test) -> String {
    said(test).unwrap_or_else(|| "something".to_owned())
}

/// The text of a message without fields.
fn text(step: &Step) -> Option<&str> {
    match message_of(step)?.1 {
        Message::Xml(text) | Message::Text(text) => Some(text),
        _ => None,
    }
}

/// The fields that differ in the model or are missing there.
pub(super) fn differing(step: &Step, came: &Step) -> Vec<Part> {
    if let (Some(field), other) = (text(step), text(came)) {
        let model = other.map_or_else(|| "a response".to_owned(), str::to_owned);
        return vec![Part { name: "the text".to_owned(), field: Some(field.to_owned()), model: Some(model) }];
    }
    let of = |name: &str| tests(came).iter().find(|test| test.field == name);
    let one = |test: &Test| {
        let model = of(&test.field);
        let is_same = match (said(test), model) {
            // An insert is replaced by a value known only during the run.
            (Some(value), Some(_)) if value.contains("{{") => true,
            (Some(value), Some(model)) => said(model).is_none_or(|model| model == value),
            (None, Some(_)) => true,
            (_, None) => false,
        };
        (!is_same).then(|| Part { name: test.field.clone(), field: Some(shown(test)), model: model.map(shown) })
    };
    tests(step).iter().filter_map(one).collect()
}

/// The field by which a message failed if its expected value is an insert, known only during the run.
pub(super) fn inserted(step: &Step, failure: &sca_judge::Failure) -> Option<Part> {
    let (name, got) = failure.label.split_once(" is ")?;
    let test = tests(step).iter().find(|test| test.field == name)?;
    Some(Part { name: name.to_owned(), field: said(test), model: Some(got.trim_matches('"').to_owned()) })
}

/// The fields that only the model has.
pub(super) fn extra(step: &Step, came: &Step) -> Vec<Part> {
    if text(step).is_some() {
        return Vec::new();
    }
    // The response is in a gap of the capture, so its fields are unknown.
    if matches!(tests(step), [only] if only.field == "RESULT" && matches!(only.demand, Demand::Any)) {
        return Vec::new();
    }
    let is_there = |name: &str| tests(step).iter().any(|test| test.field == name);
    let missing = tests(came).iter().filter(|test| !is_there(&test.field));
    missing.map(|test| Part { name: test.field.clone(), field: None, model: Some(shown(test)) }).collect()
}

/// Whether a message has none of these fields.
pub(super) fn lacks(step: &Step, names: &[String]) -> bool {
    tests(step).iter().all(|test| !names.contains(&test.field))
}

/// The expectation of a step, relaxed where the model differs.
pub(super) fn loosened(step: &Step, came: &Step, differing: &[Part]) -> Step {
    let Action::Expect(expect) = &step.action else { return step.clone() };
    let mut expect = expect.clone();
    match &mut expect.awaited {
        Awaited::ToPos(Message::Fields(Fields { tests, .. })) => {
            let of = |name: &str| differing.iter().find(|part| part.name == name);
            tests.retain(|test| of(&test.field).is_none_or(|part| part.model.is_some()));
            for test in tests.iter_mut().filter(|test| of(&test.field).is_some()) {
                if !matches!(test.demand, Demand::Capture(_)) {
                    test.demand = Demand::Any;
                }
            }
        }
        awaited => {
            if let Some((other, _)) = message_of(came) {
                *awaited = other.awaited.clone();
                expect.suffix = Suffix { exactly: false, bytes: false, ..expect.suffix.clone() };
            }
        }
    }
    Step { action: Action::Expect(expect), ..step.clone() }
}
