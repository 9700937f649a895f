//! What is left out of lines before they are shown or kept: the keys that a core was given, and bytes.

use std::borrow::Cow;

use serde_json::Value;

/// What stands in place of a key.
const WITHHELD: &str = "(withheld)";
/// How a key in PEM begins and ends; `PRIVATE KEY` may have a word before it.
const KEY: &str = "PRIVATE KEY-----";
const BEGIN: &str = "-----BEGIN ";

/// Where the lines have bytes that could hide what cannot be masked in them.
const BYTES: &[&str] = &["/input/file/bytes", "/display/icon"];

/// Replaces private keys and passwords in a line, wherever they are, and bytes by their number.
pub(crate) fn without_bytes(line: &mut Value) {
    if let Some(event) = line.pointer_mut("/input/link").filter(|link| link["event"] == "bytes") {
        withhold(&mut event["bytes"]);
    }
    for place in BYTES {
        line.pointer_mut(place).into_iter().for_each(withhold);
    }
    let flash = line.pointer_mut("/init/terminal/flash").and_then(Value::as_object_mut);
    flash.into_iter().flat_map(|files| files.values_mut()).for_each(withhold);
    let outputs = line.get_mut("outputs").and_then(Value::as_array_mut);
    for output in outputs.into_iter().flatten() {
        output.pointer_mut("/bytes/bytes").into_iter().for_each(withhold);
        output.pointer_mut("/flash/write/bytes").into_iter().for_each(withhold);
    }
    hide_keys(line);
}

/// Whether something has been taken out of a line, so that it cannot be asked again.
pub(crate) fn has_gaps(line: &Value) -> bool {
    match line {
        Value::String(text) => {
            text.contains(WITHHELD) || text.strip_prefix('(').is_some_and(|rest| rest.ends_with(" bytes)"))
        }
        Value::Array(values) => values.iter().any(has_gaps),
        Value::Object(fields) => fields.values().any(has_gaps),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn hide_keys(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(hidden) = without_keys(text) {
                *text = hidden;
            }
        }
        Value::Array(values) => values.iter_mut().for_each(hide_keys),
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if name.ends_with("password") && !text.is_empty() => {
                        *text = WITHHELD.to_owned();
                    }
                    value => hide_keys(value),
                }
            }
        }
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
    let Some(text) = bytes.as_str() else { return };
    let size = text.trim_end_matches('=').len() * 3 / 4;
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

    #[test]
    fn what_is_taken_out_shows_as_a_gap() {
        let mut init = serde_json::json!({"init": {"terminal": {
            "settings": {"proxy-password": "sesame", "pinpad-id": "1"}, "flash": {"/a": "QUJD"},
        }}});
        assert!(!has_gaps(&init));
        without_bytes(&mut init);
        let text = init.to_string();
        assert!(!text.contains("sesame") && !text.contains("QUJD") && text.contains("(3 bytes)"), "{text}");
        assert!(has_gaps(&init));
        let mut plain = serde_json::json!({"display": {"icon": null}, "outputs": [{"text": {"text": "a"}}]});
        without_bytes(&mut plain);
        assert!(!has_gaps(&plain));
    }
}
