//! Card numbers never stand in what a run leaves behind: they are masked wherever they are found.
//!
//! Whoever writes an artefact passes the text through here; what a card number is, [`sca_protocol::pan`] knows.

use std::borrow::Cow;

pub(crate) use sca_protocol::pan::{masked, masked_bytes};
use sca_protocol::secret::{self, Kind};
use sca_protocol::xml::Element;

/// Every text of a document without what is left out. Numbers stay what they are.
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

/// A text without what is withheld by the name under which it stands, and without card numbers wherever they stand.
pub(crate) fn discreet(text: &str) -> Cow<'_, str> {
    match withheld(text) {
        Cow::Borrowed(text) => masked(text),
        Cow::Owned(text) => Cow::Owned(masked(&text).into_owned()),
    }
}

/// A text without what is withheld by the name under which it stands.
pub(crate) fn withheld(text: &str) -> Cow<'_, str> {
    secret::without(text, Kind::is_withheld)
}

/// Whether a transcript leaves out what stands under this name. The number of a card is masked by its looks, for a named
/// card stands as it is; what a line needs to stay the same line, a MAC or the code of a pairing, stays.
pub(crate) fn is_left_out(name: &str) -> bool {
    secret::kind(name).is_some_and(leaves_out)
}

fn leaves_out(kind: Kind) -> bool {
    kind.is_withheld() && !matches!(kind, Kind::Number | Kind::Mac | Kind::Pairing)
}

/// A field, and what is inside it, without what is withheld; of a card's number the last four digits.
pub(crate) fn discreet_field(mut field: Element) -> Element {
    if let Some(kind) = secret::kind(&field.name).filter(|kind| kind.is_withheld()) {
        field.text = secret::stars(Some(kind), &field.text);
    }
    field.children = field.children.into_iter().map(discreet_field).collect();
    field
}

/// What people and machines are told of a file and its run, without what is left out: as long as before, so that carets stay
/// below their words.
#[must_use]
pub fn told(text: &str) -> Cow<'_, str> {
    let with = |_: Kind, value: &str, _: &str| "*".repeat(value.chars().count());
    match secret::replaced(text, leaves_out, with) {
        Cow::Borrowed(text) => masked(text),
        Cow::Owned(text) => Cow::Owned(masked(&text).into_owned()),
    }
}

/// Words of a title with `*` for what transcripts leave out.
pub(crate) fn left_out(title: &str) -> Cow<'_, str> {
    secret::replaced(title, leaves_out, |_, _, _| "*".to_owned())
}

/// A transcript without what is left out of it.
pub(crate) fn discreet_transcript(text: &str) -> Cow<'_, str> {
    // An answer may say `*` for any value; what is sent has to be a text.
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
