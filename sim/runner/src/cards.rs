//! Card numbers never stand in what a run leaves behind: they are masked wherever they are found.
//!
//! A card number is a run of 13 to 19 digits that passes Luhn's check and begins as the known issuers' do. It knows
//! nothing of fields; whoever writes an artefact passes the text through here.

use std::borrow::Cow;

use sca_protocol::message::SECRET;
use sca_protocol::xml::Element;

/// Digits of the shortest card number.
const SHORTEST: usize = 13;

/// A text with every card number masked: the first six and the last four digits stay.
pub(crate) fn masked(text: &str) -> Cow<'_, str> {
    // Digits and stars are one byte each, so what was UTF-8 still is.
    masked_bytes(text.as_bytes())
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .map_or(Cow::Borrowed(text), Cow::Owned)
}

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

/// The same bytes with every card number in them masked; nothing where there is none.
pub(crate) fn masked_bytes(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out: Option<Vec<u8>> = None;
    // A run of 13 digits covers one byte in 13, wherever it begins; the others need no look.
    let mut probe = SHORTEST - 1;
    while probe < bytes.len() {
        if !bytes[probe].is_ascii_digit() {
            probe += SHORTEST;
            continue;
        }
        let from = bytes[..probe].iter().rposition(|b| !b.is_ascii_digit()).map_or(0, |at| at + 1);
        let end = bytes[probe..].iter().position(|b| !b.is_ascii_digit()).map_or(bytes.len(), |n| probe + n);
        if is_card(&bytes[from..end]) {
            let out = out.get_or_insert_with(|| bytes.to_vec());
            out[from + 6..end - 4].fill(b'*');
        }
        probe = end + SHORTEST;
    }
    out
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

fn is_card(digits: &[u8]) -> bool {
    let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| digits.starts_with(prefix.as_bytes()));
    let issuer = match digits.len() {
        14 => begins(&["30", "36", "38", "39"]),
        15 => begins(&["34", "37"]),
        13 | 16..=19 => begins(&["4", "51", "52", "53", "54", "55", "22", "23", "24", "25", "26", "27", "35", "6"]),
        _ => false,
    };
    issuer && luhn(digits)
}

fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let value = u32::from(digit - b'0') * if place % 2 == 1 { 2 } else { 1 };
            if value > 9 { value - 9 } else { value }
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn card_numbers_are_masked_and_other_numbers_are_not() {
        // Numbers that issuers publish for tests.
        for card in ["4111111111111111", "5555555555554444", "378282246310005", "6011111111111117", "36227206271667"] {
            let text = masked(&format!("<ACCT_NUM>{card}</ACCT_NUM>")).into_owned();
            assert!(!text.contains(card), "{text}");
            assert!(text.contains(&card[..6]) && text.contains(&card[card.len() - 4..]), "{text}");
        }
        // Wherever it stands, at both ends of the text too.
        for before in 0..30 {
            let text = format!("{}4111111111111111{}", "x".repeat(before), "7y".repeat(before % 2));
            assert_eq!(masked(&text).contains("4111111111111111"), before % 2 == 1, "{text}");
        }
        for plain in ["4111111111111112", "4294967295", "20260115090000", "1768467600", "411111111111111111111111"] {
            assert_eq!(masked(plain), plain);
        }
    }
}
