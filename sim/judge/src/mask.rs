//! Masks card numbers and withheld values in everything that a run writes.
//!
//! Transcripts, traces, reports and evidence pass through here; [`sca_masking::pan`] decides what is a card number. Captures
//! have a gate of their own, in the crate `capture`, file `redact.rs`.

use std::borrow::Cow;

pub use sca_masking::pan::{mask_bytes, masked};
use sca_masking::secret::{self, Kind};
use sca_protocol::xml::Element;

/// Masks every string of a JSON document with [`told`]. Numbers are unchanged.
pub fn mask_texts(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::String(text) => {
            if let Cow::Owned(told) = told(text) {
                *text = told;
            }
        }
        serde_json::Value::Array(all) => all.iter_mut().for_each(mask_texts),
        serde_json::Value::Object(all) => all.values_mut().for_each(mask_texts),
        _ => {}
    }
}

/// A text without the values of withheld fields, and with every card number masked.
pub fn discreet(text: &str) -> Cow<'_, str> {
    match withheld(text) {
        Cow::Borrowed(text) => masked(text),
        Cow::Owned(text) => Cow::Owned(masked(&text).into_owned()),
    }
}

/// A text without the values of withheld fields.
pub fn withheld(text: &str) -> Cow<'_, str> {
    secret::without(text, Kind::is_withheld)
}

/// Whether transcripts leave out the value of a field with this name. Card numbers are masked by their form instead,
/// since a test card that is given by name is shown as it is; a MAC and a pairing code stay, since a line needs them to
/// remain the same line.
pub fn is_left_out(name: &str) -> bool {
    secret::kind(name).is_some_and(leaves_out)
}

fn leaves_out(kind: Kind) -> bool {
    kind.is_withheld() && !matches!(kind, Kind::Number | Kind::Mac | Kind::Pairing)
}

/// A field and its children without withheld values; of a card number the last four digits remain.
pub fn masked_field(mut field: Element) -> Element {
    if let Some(kind) = secret::kind(&field.name).filter(|kind| kind.is_withheld()) {
        field.text = secret::masked_value(Some(kind), &field.text);
    }
    field.children = field.children.into_iter().map(masked_field).collect();
    field
}

/// A text for people and machines without left-out values and card numbers. Its length is unchanged, so that carets
/// stay below their words.
#[must_use]
pub fn told(text: &str) -> Cow<'_, str> {
    let with = |_: Kind, value: &str, _: &str| "*".repeat(value.chars().count());
    match secret::replaced(text, leaves_out, with) {
        Cow::Borrowed(text) => masked(text),
        Cow::Owned(text) => Cow::Owned(masked(&text).into_owned()),
    }
}

/// A title in which values that transcripts leave out are replaced by `*`.
pub fn masked_title(title: &str) -> Cow<'_, str> {
    secret::replaced(title, leaves_out, |_, _, _| "*".to_owned())
}

/// A transcript without left-out values and card numbers.
pub fn masked_transcript(text: &str) -> Cow<'_, str> {
    // An expected value may be `*`, which matches any value; a sent value has to be a text.
    let with = |_: Kind, value: &str, before: &str| match (value, before.ends_with('"') || before.ends_with('>')) {
        ("*", _) => "*".to_owned(),
        (_, true) => "***".to_owned(),
        (_, false) => "\"***\"".to_owned(),
    };
    match secret::replaced(text, leaves_out, with) {
        Cow::Borrowed(text) => masked(text),
        Cow::Owned(text) => Cow::Owned(masked(&text).into_owned()),
    }
}
