//! Card numbers never stand in what a run leaves behind: they are masked wherever they are found.
//!
//! Whoever writes an artefact passes the text through here; what a card number is, [`sca_protocol::pan`] knows.

use std::borrow::Cow;

use sca_protocol::message::SECRET;
pub(crate) use sca_protocol::pan::{masked, masked_bytes};
use sca_protocol::xml::Element;

/// Every text of a document with card numbers masked. Numbers stay what they are.
pub fn mask_texts(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::String(text) => {
            if let Cow::Owned(masked) = masked(text) {
                *text = masked;
            }
        }
        serde_json::Value::Array(all) => all.iter_mut().for_each(mask_texts),
        serde_json::Value::Object(all) => all.values_mut().for_each(mask_texts),
        _ => {}
    }
}

/// A field, and what is inside it, without what is secret; of a card's number the last four digits.
pub(crate) fn discreet(mut field: Element) -> Element {
    if SECRET.contains(&field.name.as_str()) {
        field.text = "*".to_owned();
    } else if field.name == "ACCT_NUM" || field.name.starts_with("TRACK") {
        let hidden = field.text.chars().count().saturating_sub(4);
        field.text = field.text.chars().enumerate().map(|(at, c)| if at < hidden { '*' } else { c }).collect();
    }
    field.children = field.children.into_iter().map(discreet).collect();
    field
}

/// A text without what stands in the fields for keys, MACs and the like.
pub(crate) fn without_keys(text: &str) -> Cow<'_, str> {
    let mut out = Cow::Borrowed(text);
    for name in SECRET {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        let found = out.find(&open).and_then(|at| {
            let from = at + open.len();
            Some((from, from + out[from..].find(&close)?))
        });
        if let Some((from, to)) = found {
            out.to_mut().replace_range(from..to, "*");
        }
    }
    out
}
