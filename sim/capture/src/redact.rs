//! Card data out, before anything is kept: by the element it stands in, and by its looks everywhere but in references.
//!
//! It reads what was on the wire, well-formed or not, and changes nothing but what it takes out.

use std::borrow::Cow;
use std::ops::Range;

use sca_protocol::cards::CARDS;
use sca_protocol::message::SECRET;
use sca_protocol::pan;

use crate::fields::{self, REFERENCE};

/// Elements within elements that are told apart; deeper ones count as the last of these.
const DEPTH_MAX: usize = 64;

/// A text without card data: a named card of the same brand stands in the place of each number.
///
/// ```
/// use sca_capture::redacted;
///
/// let text = redacted("<TRANSACTION><ACCT_NUM>5555 5555 5555 4444</ACCT_NUM><CVV2>123</CVV2></TRANSACTION>");
/// assert_eq!(text, "<TRANSACTION><ACCT_NUM>mastercard</ACCT_NUM><CVV2>000</CVV2></TRANSACTION>");
/// assert_eq!(redacted("<INVOICE>4111111111111111</INVOICE>"), "<INVOICE>4111111111111111</INVOICE>");
/// ```
#[must_use]
pub fn redacted(text: &str) -> Cow<'_, str> {
    let parts = parts(text);
    let mut out = String::new();
    let mut from = 0;
    let mut put = |range: &Range<usize>, new: &str| {
        out.push_str(&text[from..range.start]);
        out.push_str(new);
        from = range.end;
    };
    let mut at = 0;
    while at < parts.len() {
        // The texts of one element, which comments and sections may part.
        let mine = parts[at..].iter().take_while(|part| part.element == parts[at].element).count();
        let group = &parts[at..at + mine];
        at += mine;
        let name = group[0].element.as_deref().map(|path| path.rsplit('/').next().unwrap_or(path));
        let whole: String = group.iter().filter(|part| part.is_text).map(|part| &text[part.range.clone()]).collect();
        let is_split = group.len() > 1 && !pan::find(whole.as_bytes()).is_empty();
        let mut nth = 0;
        for part in group {
            let old = &text[part.range.clone()];
            let is_plain = part.is_text && !old.trim().is_empty();
            nth += usize::from(is_plain);
            let new = match name {
                Some(name) if is_plain && is_secret(group, name) => secret_in_place(name, &whole, nth),
                Some(name) if is_plain && fields::holds(REFERENCE, name) => continue,
                _ if is_split && is_plain => secret_in_place("ACCT_NUM", &whole, nth),
                _ => match pan::replaced(old, |digits| named(digits).to_owned()) {
                    Cow::Borrowed(_) => continue,
                    Cow::Owned(new) => new,
                },
            };
            let blanks = old.len() - old.trim_start().len();
            let tail = old.trim_end().len();
            let kept = if is_plain { part.range.start + blanks..part.range.start + tail } else { part.range.clone() };
            put(&kept, if is_plain { new.trim() } else { &new });
        }
    }
    if from == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[from..]);
    Cow::Owned(out)
}

/// Bytes without card data, where they are text in any of the usual ways.
pub(crate) fn redacted_bytes(bytes: &[u8]) -> Cow<'_, [u8]> {
    match std::str::from_utf8(bytes) {
        Ok(text) => match redacted(text) {
            Cow::Borrowed(_) => Cow::Borrowed(bytes),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        },
        Err(_) => pan::masked_bytes(bytes).map_or(Cow::Borrowed(bytes), Cow::Owned),
    }
}

/// Whether what stands in an element, or in one around it, is not to be kept.
fn is_secret(group: &[Part], name: &str) -> bool {
    let path = group[0].element.as_deref().unwrap_or_default();
    let of_card = path.split('/').any(fields::is_of_card);
    // A MAC and keys are nobody's, but a POS needs to know that they were there.
    of_card || matches!(name, "CVV2" | "PIN_CODE" | "PARM_PASSWORD")
}

/// What stands in the place of a secret: once, in the first of its parts.
fn secret_in_place(name: &str, whole: &str, nth: usize) -> String {
    if nth > 1 {
        return String::new();
    }
    let is_masked = whole.contains('*');
    let digits: Vec<u8> = whole.bytes().filter(u8::is_ascii_digit).collect();
    match name {
        "CVV2" => "000".to_owned(),
        "PIN_CODE" => "0000".to_owned(),
        name if name.ends_with("MONTH") => "12".to_owned(),
        name if name.ends_with("YEAR") => "30".to_owned(),
        name if name.contains("ACCT") || name.contains("PAN") || name.contains("NUMBER") => {
            let card = named(&digits);
            match (is_masked, CARDS.iter().find(|named| named.name == card)) {
                (true, Some(named)) => named.masked.to_owned(),
                _ => card.to_owned(),
            }
        }
        name if SECRET.contains(&name) => "*".to_owned(),
        _ => "redacted".to_owned(),
    }
}

/// The test card that stands for a number, by its issuer.
fn named(digits: &[u8]) -> &'static str {
    match digits {
        [b'3', b'4' | b'7', ..] => "amex",
        [b'5' | b'2', ..] => "mastercard",
        [b'6', ..] => "discover",
        _ => "visa",
    }
}

/// A stretch of text, or of markup.
struct Part {
    range: Range<usize>,
    /// The elements around it, outermost first; none outside of all.
    element: Option<String>,
    /// Whether it is text, and not a tag or a comment.
    is_text: bool,
}

/// Parts a text into tags and what stands between them. What is no markup is text.
fn parts(text: &str) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut open: Vec<&str> = Vec::new();
    let mut at = 0;
    let path = |open: &[&str]| (!open.is_empty()).then(|| open.join("/"));
    while at < text.len() {
        let rest = &text[at..];
        let (length, is_text) = if let Some(inside) = rest.strip_prefix("<![CDATA[") {
            let end = inside.find("]]>").unwrap_or(inside.len());
            parts.push(Part { range: at + 9..at + 9 + end, element: path(&open), is_text: true });
            at += (9 + end + 3).min(rest.len());
            continue;
        } else if rest.starts_with("<!--") {
            (rest.find("-->").map_or(rest.len(), |end| end + 3), false)
        } else if is_tag(rest) {
            (rest.find('>').map_or(rest.len(), |end| end + 1), false)
        } else {
            let next = rest.char_indices().skip(1).find(|(_, c)| *c == '<').map_or(rest.len(), |(next, _)| next);
            (next, true)
        };
        let piece = &rest[..length];
        parts.push(Part { range: at..at + length, element: path(&open), is_text });
        if !is_text && !piece.starts_with("<!") && !piece.starts_with("<?") {
            let inner = piece.trim_start_matches(['<', '/']);
            let word = inner.split(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).next().unwrap_or_default();
            if piece.starts_with("</") {
                if let Some(place) = open.iter().rposition(|name| *name == word) {
                    open.truncate(place);
                }
            } else if !piece.ends_with("/>") && open.len() < DEPTH_MAX {
                open.push(word);
            }
        }
        at += length;
    }
    parts
}

fn is_tag(rest: &str) -> bool {
    let mut chars = rest.chars();
    chars.next() == Some('<')
        && chars.next().is_some_and(|c| c.is_ascii_alphabetic() || matches!(c, '/' | '_' | '?' | '!'))
}
