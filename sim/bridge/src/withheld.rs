//! What is left out of lines before they are shown or kept: the keys that a core was given, and bytes.

use std::borrow::Cow;

use serde_json::Value;

/// What stands in place of a key.
const WITHHELD: &str = "(withheld)";
/// How a key in PEM begins and ends; `PRIVATE KEY` may have a word before it.
const KEY: &str = "PRIVATE KEY-----";
const BEGIN: &str = "-----BEGIN ";

/// Replaces private keys in a line, wherever they are, and bytes by their number.
pub(crate) fn without_bytes(line: &mut Value) {
    if let Some(event) = line.pointer_mut("/input/link").filter(|link| link["event"] == "bytes") {
        withhold(&mut event["bytes"]);
    }
    let outputs = line.get_mut("outputs").and_then(Value::as_array_mut);
    outputs.into_iter().flatten().filter_map(|output| output.pointer_mut("/bytes/bytes")).for_each(withhold);
    hide_keys(line);
}

fn hide_keys(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(hidden) = without_keys(text) {
                *text = hidden;
            }
        }
        Value::Array(values) => values.iter_mut().for_each(hide_keys),
        Value::Object(fields) => fields.values_mut().for_each(hide_keys),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A text without the private keys in PEM that are in it, whole or cut short.
pub(crate) fn without_keys(text: &str) -> Cow<'_, str> {
    if !text.contains(KEY) {
        return Cow::Borrowed(text);
    }
    let (mut kept, mut rest) = (String::new(), text);
    while let Some(end) = rest.find(KEY) {
        let begin = rest[..end].rfind(BEGIN).unwrap_or(end);
        kept.push_str(&rest[..begin]);
        kept.push_str(WITHHELD);
        let behind = &rest[end + KEY.len()..];
        // A key that was cut short goes on to the end.
        rest = behind.find(KEY).map_or("", |end| &behind[end + KEY.len()..]);
    }
    kept.push_str(rest);
    Cow::Owned(kept)
}

/// Replaces bytes in base64 by their number.
fn withhold(bytes: &mut Value) {
    let size = bytes.as_str().map_or(0, |text| text.trim_end_matches('=').len() * 3 / 4);
    *bytes = Value::String(format!("({size} bytes)"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_goes_whole_or_cut_short_and_what_stands_around_it_stays() {
        let whole = "a -----BEGIN EC PRIVATE KEY-----\nMIIB\n-----END EC PRIVATE KEY----- b";
        let cut = "a -----BEGIN PRIVATE KEY-----\\nMIIB";
        let both = format!("{whole} {cut}");
        assert_eq!(without_keys(whole), "a (withheld) b");
        assert_eq!(without_keys(cut), "a (withheld)");
        assert_eq!(without_keys(&both), "a (withheld) b a (withheld)");
        assert_eq!(without_keys("no key"), "no key");
    }
}
