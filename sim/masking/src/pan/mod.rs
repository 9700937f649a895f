//! Detection and masking of card numbers in any text, in any notation. It does not look at field names and stores
//! nothing.
//!
//! A card number has 12 to 19 digits, begins like those of a known issuer and passes the Luhn check. Its digits may be
//! adjacent, or in the groups that cards print, with up to three separators between two digits. They may be in any
//! script and escaped as in XML, JSON, URLs and mails, or lie within EMV data (tags 5A, 57 and 9F6B) and hexadecimal
//! text.

mod issuer;
mod notation;
mod run;

use std::borrow::Cow;

use run::numbers_in;

pub use run::Found;

/// Masks every card number in a text; the first six and the last four digits stay.
///
/// ```
/// use sca_masking::pan::masked;
///
/// assert_eq!(masked("paid with 4111 1111 1111 1111"), "paid with 4111 11** **** 1111");
/// assert_eq!(masked("invoice 4111111111111112"), "invoice 4111111111111112");
/// ```
#[must_use]
pub fn masked(text: &str) -> Cow<'_, str> {
    // Each star replaces whole characters, so the result is still UTF-8.
    mask_bytes(text.as_bytes()).and_then(|bytes| String::from_utf8(bytes).ok()).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// Masks every card number in these bytes; `None` if there is none.
#[must_use]
pub fn mask_bytes(bytes: &[u8]) -> Option<Vec<u8>> {
    let all = find(bytes);
    if all.is_empty() {
        return None;
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut from = 0;
    for found in &all {
        for place in &found.places[6..found.places.len() - 4] {
            out.extend_from_slice(&bytes[from..place.start]);
            out.push(b'*');
            from = place.end;
        }
    }
    out.extend_from_slice(&bytes[from..]);
    Some(out)
}

/// Replaces each of these numbers, as found in the text by [`find`] or [`find_possible`], by the result of `with` for its
/// digits.
#[must_use]
pub fn replaced<'t>(text: &'t str, all: &[Found], with: impl Fn(&[u8]) -> String) -> Cow<'t, str> {
    if all.is_empty() {
        return Cow::Borrowed(text);
    }
    let (mut out, mut from) = (String::with_capacity(text.len()), 0);
    for found in all {
        out.push_str(&text[from..found.span.start]);
        out.push_str(&with(&found.digits));
        from = found.span.end;
    }
    out.push_str(&text[from..]);
    Cow::Owned(out)
}

/// Finds every card number in a text, in order and without overlaps.
#[must_use]
pub fn find(bytes: &[u8]) -> Vec<Found> {
    numbers_in(bytes, false)
}

/// Finds every number in a text that may be a card number: of any issuer, also within longer runs of digits. Numbers of
/// other kinds are among them, so use it to decide what to remove, not what to mask for display.
#[must_use]
pub fn find_possible(bytes: &[u8]) -> Vec<Found> {
    numbers_in(bytes, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Numbers that issuers publish for tests.
    const CARDS: [&str; 5] =
        ["4111111111111111", "5555555555554444", "378282246310005", "6011111111111117", "36227206271667"];

    #[test]
    fn card_numbers_are_masked_and_other_numbers_are_not() {
        for card in CARDS {
            let text = masked(&format!("<ACCT_NUM>{card}</ACCT_NUM>")).into_owned();
            assert!(!text.contains(card), "{text}");
            assert!(text.contains(&card[..6]) && text.contains(&card[card.len() - 4..]), "{text}");
        }
        // At any position, including both ends of the text.
        for before in 0..30 {
            let text = format!("{}4111111111111111{}", "x".repeat(before), "7y".repeat(before % 2));
            assert_eq!(masked(&text).contains("4111111111111111"), before % 2 == 1, "{text}");
        }
        for plain in [
            "4111111111111112",
            "4294967295",
            "20260115090000",
            "1768467600",
            "411111111111111111111111",
            "2026-01-15 09:00:00",
            "10.0.0.5 5017 4111 1111",
            "3434",
            "&#9999;&#4",
        ] {
            assert_eq!(masked(plain), plain);
        }
    }

    #[test]
    fn however_its_digits_are_written() {
        let digits = |card: &str, one: &dyn Fn(char) -> String| card.chars().map(one).collect::<String>();
        for card in CARDS {
            let written = [
                digits(card, &|c| format!("&#{};", c as u32)),
                digits(card, &|c| format!("&#x{:x};", c as u32)),
                digits(card, &|c| format!("%{:x}", c as u32)),
                digits(card, &|c| format!("\\u00{:x}", c as u32)),
                digits(card, &|c| format!("{:x}", c as u32)),
                digits(card, &|c| format!("{c} ")),
                digits(card, &|c| char::from_u32(0xff10 + c as u32 - 48).map(String::from).unwrap_or_default()),
                format!(";{card}=25121010000000000000?"),
                format!("%B{card}^DOE/KIM^25121010000000000000?"),
                format!("9F0607A0000000031010570F{card}D25122010000000000000F"),
            ];
            for text in written {
                assert_eq!(find(text.as_bytes()).len(), 1, "{text}");
                assert!(masked(&text).contains('*'), "{text}");
            }
        }
        for text in [
            "4111-1111-1111-1111",
            "3782 822463 10005",
            "3622 720627 1667",
            "5A084111111111111111",
            "5A0836227206271667F",
        ] {
            assert_eq!(find(text.as_bytes()).len(), 1, "{text}");
        }
        let text = "pay 4111 1111 1111 1111!";
        assert_eq!(replaced(text, &find(text.as_bytes()), |_| "visa".to_owned()), "pay visa!");
    }
}
