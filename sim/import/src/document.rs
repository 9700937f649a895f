//! Finds XML documents in log text, plain or escaped.

use sca_protocol::xml::{Split, split};

/// Root elements of the protocol's documents.
const ROOTS: &[&str] = &["TRANSACTION", "RESPONSE", "ETRANSACTION", "ERESPONSE"];
/// Maximum size in bytes of a document.
pub(super) const DOCUMENT_MAX: usize = 1 << 20;

/// Whether a text is a document for a terminal, that is, a request of a POS.
pub(crate) fn is_request(text: &str) -> bool {
    let text = text.trim_start();
    let text = text.split_once("?>").filter(|_| text.starts_with("<?xml")).map_or(text, |(_, rest)| rest).trim_start();
    text.starts_with("<TRANSACTION") || text.starts_with("<ETRANSACTION")
}

/// The position of the first document in a text.
pub(super) fn begins(text: &str) -> Option<usize> {
    let starts = |rest: &str| {
        ["<", "&lt;", "\\u003c", "\\u003C", "\\x3c", "\\x3C"].iter().any(|sign| {
            rest.strip_prefix(sign).is_some_and(|rest| {
                ROOTS.iter().any(|root| {
                    rest.strip_prefix(root)
                        .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
                })
            })
        })
    };
    text.char_indices()
        .filter(|(_, c)| matches!(c, '<' | '&' | '\\'))
        .find(|(at, _)| starts(&text[*at..]))
        .map(|(at, _)| at)
}

/// The root element with which a text begins.
pub(super) fn root(text: &str) -> Option<&'static str> {
    let text = text.strip_prefix('<')?;
    ROOTS.iter().copied().find(|root| {
        text.strip_prefix(root).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
    })
}

/// The document at the start of a text, and its length in bytes. `is_in_string`: whether it follows a quote, so that it
/// may be an escaped string literal.
pub(super) fn document(text: &str, is_in_string: bool) -> Option<(String, usize)> {
    let text = bounded(text);
    if text.starts_with('<') {
        let Split::Whole(end) = split(text) else { return None };
        let document = &text[..end];
        // In a JSON or program string, line breaks and quotes are escaped.
        let is_escaped = document.contains("\\n") || document.contains("\\\"");
        let is_escaped = is_escaped || (is_in_string && document.contains('\\'));
        return Some((if is_escaped { unescaped(document) } else { document.to_owned() }, end));
    }
    let is_markup = text.starts_with('&');
    let (open, close) = match text.as_bytes() {
        [b'&', ..] => ("&lt;/", "&gt;"),
        [_, b'x', ..] => ("\\x3c/", "\\x3e"),
        _ => ("\\u003c/", "\\u003e"),
    };
    let name = text.get(open.len() - 1..)?;
    let root = ROOTS.iter().find(|root| name.starts_with(**root))?;
    let upper = |sign: &str| sign.replace("3c", "3C").replace("3e", "3E");
    let ends = [format!("{open}{root}{close}"), format!("{}{root}{}", upper(open), upper(close))];
    let end = ends.iter().filter_map(|end| text.find(end.as_str())).min()? + ends[0].len();
    let raw = &text[..end];
    let plain = match is_markup {
        true => raw.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&"),
        false => unescaped(&raw.replace("\\x", "\\u00")),
    };
    matches!(split(&plain), Split::Whole(_)).then_some((plain, end))
}

pub(super) fn bounded(text: &str) -> &str {
    let mut end = text.len().min(DOCUMENT_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// A text with JSON escapes resolved.
fn unescaped(text: &str) -> String {
    let quoted = format!("\"{}\"", text.replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t"));
    serde_json::from_str(&quoted).unwrap_or_else(|_| {
        let quoted = format!("\"{}\"", quoted.trim_matches('"').replace("\\\"", "\"").replace('"', "\\\""));
        serde_json::from_str(&quoted).unwrap_or_else(|_| text.replace("\\n", "\n").replace("\\\"", "\""))
    })
}
