//! Card numbers in any text: where they stand, however they are written. It knows nothing of fields, and keeps nothing.
//!
//! A card number has 13 to 19 digits, begins as the known issuers' do and passes Luhn's check. Its digits may stand one
//! after the other, in the groups in which cards print them, each escaped as XML, JSON and URLs escape characters, or
//! within EMV data (tags 5A and 57) and hexadecimal text.

use std::borrow::Cow;
use std::ops::Range;

/// A card number in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// From its first digit to its last, what stands between them included.
    pub span: Range<usize>,
    /// Its digits, as ASCII.
    pub digits: Vec<u8>,
    /// Where each digit stands.
    places: Vec<Range<usize>>,
}

/// The groups in which card numbers are printed and typed.
const GROUPS: &[&[usize]] = &[
    &[4, 4, 4, 4],
    &[4, 6, 5],
    &[4, 6, 4],
    &[4, 4, 4, 4, 3],
    &[4, 4, 4, 4, 2],
    &[4, 4, 4, 1],
    &[4, 3, 3, 3],
    &[4, 4, 5],
    &[6, 13],
    &[6, 10],
    &[8, 8],
];
const SHORTEST: usize = 13;
const LONGEST: usize = 19;
/// Digits of one run that are kept; a longer one is looked at in parts.
const RUN_MAX: usize = 4_096;

/// A text with every card number masked: the first six and the last four digits stay.
///
/// ```
/// use sca_protocol::pan::masked;
///
/// assert_eq!(masked("paid with 4111 1111 1111 1111"), "paid with 4111 11** **** 1111");
/// assert_eq!(masked("invoice 4111111111111112"), "invoice 4111111111111112");
/// ```
#[must_use]
pub fn masked(text: &str) -> Cow<'_, str> {
    // Whole characters are replaced by stars, so what was UTF-8 still is.
    masked_bytes(text.as_bytes())
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .map_or(Cow::Borrowed(text), Cow::Owned)
}

/// The same for bytes; nothing where there is none.
#[must_use]
pub fn masked_bytes(bytes: &[u8]) -> Option<Vec<u8>> {
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

/// A text with every card number replaced by what `with` makes of its digits.
#[must_use]
pub fn replaced(text: &str, with: impl Fn(&[u8]) -> String) -> Cow<'_, str> {
    let all = find(text.as_bytes());
    if all.is_empty() {
        return Cow::Borrowed(text);
    }
    let (mut out, mut from) = (String::with_capacity(text.len()), 0);
    for found in &all {
        out.push_str(&text[from..found.span.start]);
        out.push_str(&with(&found.digits));
        from = found.span.end;
    }
    out.push_str(&text[from..]);
    Cow::Owned(out)
}

/// Every card number of a text, in order; none overlaps another.
#[must_use]
pub fn find(bytes: &[u8]) -> Vec<Found> {
    let mut all = Vec::new();
    let mut run = Run::default();
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        if byte.is_ascii_digit() {
            run.push(byte, at..at + 1, bytes, &mut all);
            at += 1;
        } else if let Some((digit, length)) = escaped(&bytes[at..]) {
            run.push(digit, at..at + length, bytes, &mut all);
            at += length;
        } else {
            let joins = matches!(byte, b' ' | b'-' | b'.') && run.ends_at(at);
            if !joins && !run.digits.is_empty() {
                run.judge(bytes, &mut all);
            }
            at += 1;
        }
    }
    run.judge(bytes, &mut all);
    all
}

/// A digit that is escaped, and how many bytes that takes.
fn escaped(rest: &[u8]) -> Option<(u8, usize)> {
    let hex = |prefix: &[u8], suffix: &[u8]| {
        let digit = *rest.strip_prefix(prefix)?.first().filter(|b| b.is_ascii_digit())?;
        rest[prefix.len() + 1..].starts_with(suffix).then_some((digit, prefix.len() + 1 + suffix.len()))
    };
    match rest.first()? {
        b'%' => hex(b"%3", b""),
        b'\\' => hex(b"\\u003", b"").or_else(|| hex(b"\\x3", b"")),
        b'&' => hex(b"&#x3", b";").or_else(|| hex(b"&#X3", b";")).or_else(|| {
            let [tens @ b'4'..=b'5', ones @ b'0'..=b'9', b';'] = rest.strip_prefix(b"&#")?.first_chunk::<3>()? else {
                return None;
            };
            let value = (tens - b'0') * 10 + (ones - b'0');
            value.is_ascii_digit().then_some((value, 5))
        }),
        // The digits of full width.
        0xef => {
            let [_, 0xbc, last @ 0x90..=0x99] = rest.first_chunk::<3>()? else { return None };
            Some((b'0' + (last - 0x90), 3))
        }
        _ => None,
    }
}

/// Digits that stand together.
#[derive(Default)]
struct Run {
    digits: Vec<u8>,
    places: Vec<Range<usize>>,
}

impl Run {
    fn ends_at(&self, at: usize) -> bool {
        self.places.last().is_some_and(|place| place.end == at)
    }

    fn push(&mut self, digit: u8, place: Range<usize>, bytes: &[u8], all: &mut Vec<Found>) {
        // One separator at the most stands between two digits.
        let joins = self.places.last().is_none_or(|last| place.start - last.end <= 1);
        if !joins || self.digits.len() == RUN_MAX {
            self.judge(bytes, all);
        }
        self.digits.push(digit);
        self.places.push(place);
    }

    /// Looks at the run as a whole, and forgets it.
    fn judge(&mut self, bytes: &[u8], all: &mut Vec<Found>) {
        if self.digits.len() >= SHORTEST {
            let groups = self.groups();
            let mut at = 0;
            while at < groups.len() {
                at += match self.card_at(&groups[at..], bytes) {
                    Some((digits, used)) => {
                        all.push(self.found(digits));
                        used
                    }
                    None => {
                        self.in_hexadecimal(&groups[at], all);
                        1
                    }
                };
            }
        }
        self.digits.clear();
        self.places.clear();
    }

    /// The digits that stand directly one after the other.
    fn groups(&self) -> Vec<Range<usize>> {
        let mut groups: Vec<Range<usize>> = Vec::new();
        for (at, place) in self.places.iter().enumerate() {
            match groups.last_mut() {
                Some(group) if self.places[group.end - 1].end == place.start => group.end = at + 1,
                _ => groups.push(at..at + 1),
            }
        }
        groups
    }

    /// The card number with which these groups begin: its digits, and how many groups it takes.
    fn card_at(&self, groups: &[Range<usize>], bytes: &[u8]) -> Option<(Range<usize>, usize)> {
        let first = groups.first()?;
        if (SHORTEST..=LONGEST).contains(&first.len()) && is_card(&self.digits[first.clone()]) {
            return Some((first.clone(), 1));
        }
        if let Some(digits) = self.in_emv(first, bytes) {
            return Some((digits, 1));
        }
        let joined = |count: usize| {
            let digits = first.start..groups.get(count - 1)?.end;
            is_card(&self.digits[digits.clone()]).then_some((digits, count))
        };
        let fits = |lengths: &&&[usize]| {
            lengths.len() <= groups.len() && lengths.iter().zip(groups).all(|(length, group)| *length == group.len())
        };
        let printed = GROUPS.iter().filter(fits).find_map(|lengths| joined(lengths.len()));
        let single = groups.iter().take_while(|group| group.len() == 1).count();
        printed.or_else(|| (SHORTEST..=single.min(LONGEST)).rev().find_map(joined))
    }

    /// The digits behind tag 5A or 57 of EMV data, which say their length in bytes.
    fn in_emv(&self, group: &Range<usize>, bytes: &[u8]) -> Option<Range<usize>> {
        let start = self.places[group.start].start;
        let card = |skipped: usize, length: usize| {
            let digits = group.start + skipped..(group.start + skipped + length).min(group.end);
            ((SHORTEST..=LONGEST).contains(&digits.len()) && is_card(&self.digits[digits.clone()])).then_some(digits)
        };
        // `5A` `08` and then the number: the run begins at the length.
        if start >= 2 && bytes[start - 2..start].eq_ignore_ascii_case(b"5A") && group.len() > 2 {
            let length = usize::from(self.digits[group.start + 1] - b'0') * 2;
            return card(2, length.min(LONGEST)).or_else(|| card(2, length.saturating_sub(1).min(LONGEST)));
        }
        // `57` `13` and then the number, up to a `D`.
        let tag = self.digits[group.clone()].windows(2).position(|two| two == b"57")?;
        let end = self.places[group.end - 1].end;
        let is_ended = bytes.get(end).is_some_and(|b| matches!(b, b'D' | b'd' | b'='));
        is_ended.then(|| card(tag + 4, group.len().saturating_sub(tag + 4))).flatten()
    }

    /// Digits whose every pair is the hexadecimal form of a digit.
    fn in_hexadecimal(&self, group: &Range<usize>, all: &mut Vec<Found>) {
        if group.len() < 2 * SHORTEST {
            return;
        }
        let mut at = group.start;
        while at + 2 * SHORTEST <= group.end {
            let pairs = self.digits[at..group.end].chunks_exact(2).take_while(|pair| pair[0] == b'3').count();
            let digits: Vec<u8> = self.digits[at..at + 2 * pairs].chunks_exact(2).map(|pair| pair[1]).collect();
            if (SHORTEST..=LONGEST).contains(&pairs) && is_card(&digits) {
                let places: Vec<_> =
                    (0..pairs).map(|n| self.places[at + 2 * n].start..self.places[at + 2 * n + 1].end).collect();
                all.push(Found { span: places[0].start..places[pairs - 1].end, digits, places });
                at += 2 * pairs;
            } else {
                at += 1 + usize::from(pairs > 0) * (2 * pairs).saturating_sub(1);
            }
        }
    }

    fn found(&self, digits: Range<usize>) -> Found {
        let places = self.places[digits.clone()].to_vec();
        let span = places[0].start..places[places.len() - 1].end;
        Found { span, digits: self.digits[digits].to_vec(), places }
    }
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
        // Wherever it stands, at both ends of the text too.
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
        assert_eq!(replaced("pay 4111 1111 1111 1111!", |_| "visa".to_owned()), "pay visa!");
    }
}
