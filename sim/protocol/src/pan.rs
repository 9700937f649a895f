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
/// Digits of one run that are looked at together.
const RUN_MAX: usize = 1 << 16;

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
        let digit = if byte.is_ascii_digit() { Some((byte, 1)) } else { escaped(&bytes[at..]) };
        if let Some((digit, length)) = digit {
            run.push(digit, at..at + length, &mut Judge { bytes, all: &mut all });
            at += length;
            continue;
        }
        // One separator at the most stands between two digits.
        let length = separator(&bytes[at..]).filter(|_| run.next == at && !run.is_parted);
        match length {
            Some(length) => (run.next, run.is_parted) = (at + length, true),
            None => run.judge(&mut Judge { bytes, all: &mut all }),
        }
        at += length.unwrap_or(1);
    }
    run.judge(&mut Judge { bytes, all: &mut all });
    all
}

/// What may stand between two digits of a number, plain or escaped, and how many bytes that takes. Text in two bytes a
/// character has a zero there.
fn separator(rest: &[u8]) -> Option<usize> {
    const ESCAPED: &[&[u8]] =
        &[b"&#32;", b"&#x20;", b"&#45;", b"&#x2d;", b"&#x2D;", b"&nbsp;", b"%20", b"%2D", b"%2d", b"\\u0020"];
    match rest.first()? {
        b' ' | b'-' | b'.' | b'\t' | b'/' | b'+' | b'_' | 0 => Some(1),
        b'&' | b'%' | b'\\' => ESCAPED.iter().find(|sign| rest.starts_with(sign)).map(|sign| sign.len()),
        _ => None,
    }
}

/// A digit that is escaped, and how many bytes that takes.
fn escaped(rest: &[u8]) -> Option<(u8, usize)> {
    let hex = |prefix: &[u8]| {
        let digit = *rest.strip_prefix(prefix)?.first().filter(|b| b.is_ascii_digit())?;
        Some((digit, prefix.len() + 1))
    };
    match rest.first()? {
        b'%' => hex(b"%3"),
        b'\\' => hex(b"\\u003").or_else(|| hex(b"\\x3")),
        b'&' => reference(rest),
        // The digits of full width.
        0xef => {
            let [_, 0xbc, last @ 0x90..=0x99] = rest.first_chunk::<3>()? else { return None };
            Some((b'0' + (last - 0x90), 3))
        }
        _ => None,
    }
}

/// A digit as a reference of XML, with as many zeros as it likes.
fn reference(rest: &[u8]) -> Option<(u8, usize)> {
    const LONG: usize = 24;
    let end = rest.iter().take(LONG).position(|b| *b == b';')?;
    let number = std::str::from_utf8(rest[..end].strip_prefix(b"&#")?).ok()?;
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    let digit = u8::try_from(code).ok().filter(u8::is_ascii_digit)?;
    Some((digit, end + 1))
}

/// The text that is looked at, and what has been found in it.
struct Judge<'a> {
    bytes: &'a [u8],
    all: &'a mut Vec<Found>,
}

/// Digits that stand together.
#[derive(Default)]
struct Run {
    digits: Vec<u8>,
    places: Vec<Range<usize>>,
    /// Where the next digit has to stand, and whether a separator stands before it.
    next: usize,
    is_parted: bool,
}

impl Run {
    fn push(&mut self, digit: u8, place: Range<usize>, judge: &mut Judge<'_>) {
        if self.next != place.start || self.digits.len() == RUN_MAX {
            self.judge(judge);
        }
        (self.next, self.is_parted) = (place.end, false);
        self.digits.push(digit);
        self.places.push(place);
    }

    /// Looks at the run as a whole, and forgets it.
    fn judge(&mut self, judge: &mut Judge<'_>) {
        if self.digits.len() >= SHORTEST {
            let groups = self.groups();
            let mut at = 0;
            while at < groups.len() {
                at += match self.card_at(&groups[at..]) {
                    Some((found, used)) => {
                        judge.all.push(found);
                        used
                    }
                    None => {
                        self.within(&groups[at], judge);
                        1
                    }
                };
            }
        }
        self.digits.clear();
        self.places.clear();
        self.is_parted = false;
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

    /// The card number with which these groups begin, and how many of them it takes.
    fn card_at(&self, groups: &[Range<usize>]) -> Option<(Found, usize)> {
        let first = groups.first()?;
        let joined = |count: usize| {
            let digits = first.start..groups.get(count - 1)?.end;
            self.card(digits).map(|found| (found, count))
        };
        let fits = |lengths: &&&[usize]| {
            lengths.len() <= groups.len() && lengths.iter().zip(groups).all(|(length, group)| *length == group.len())
        };
        let all_of = |length: usize| groups.iter().take(LONGEST).take_while(|group| group.len() == length).count();
        joined(1)
            .or_else(|| GROUPS.iter().filter(fits).find_map(|lengths| joined(lengths.len())))
            .or_else(|| (SHORTEST..=all_of(1)).rev().find_map(joined))
            .or_else(|| {
                // Bytes in hexadecimal, each by itself.
                let pairs = |count: usize| self.pairs(first.start, count).map(|(found, _)| (found, count));
                (SHORTEST..=all_of(2)).rev().find_map(pairs)
            })
    }

    /// These digits, if they are a card's.
    fn card(&self, digits: Range<usize>) -> Option<Found> {
        let fits = (SHORTEST..=LONGEST).contains(&digits.len()) && is_card(&self.digits[digits.clone()]);
        fits.then(|| self.found(digits))
    }

    /// Looks for numbers within digits that have nothing between them: in EMV data and in hexadecimal.
    fn within(&self, group: &Range<usize>, judge: &mut Judge<'_>) {
        let mut at = group.start;
        while at + SHORTEST <= group.end {
            let found = self.in_emv(at, group, judge.bytes).or_else(|| {
                (SHORTEST..=LONGEST).rev().filter(|count| at + 2 * count <= group.end).find_map(|n| self.pairs(at, n))
            });
            match found {
                Some((found, end)) => {
                    judge.all.push(found);
                    at = end;
                }
                None => at += 1,
            }
        }
    }

    /// The number of EMV data that stands here: behind tag 5A and its length, or behind 57, its length and up to a `D`.
    fn in_emv(&self, at: usize, group: &Range<usize>, bytes: &[u8]) -> Option<(Found, usize)> {
        let card = |digits: Range<usize>| self.card(digits.clone()).map(|found| (found, digits.end));
        let start = self.places[at].start;
        // The letter of `5A` ends a run, so that this one begins at the length.
        if at == group.start && start >= 2 && bytes[start - 2..start].eq_ignore_ascii_case(b"5A") {
            let number = at + 2;
            let ends = [19, 18, 17, 16, 15, 14, 13].map(|length| number + length);
            let found = ends.into_iter().filter(|end| *end <= group.end).find_map(|end| card(number..end));
            if found.is_some() {
                return found;
            }
        }
        let is_ended = bytes.get(self.places[group.end - 1].end).is_some_and(|b| matches!(b, b'D' | b'd' | b'='));
        let is_tag = self.digits[at..group.end].starts_with(b"57") && at + 4 < group.end;
        if is_ended && is_tag { card(at + 4..group.end) } else { None }
    }

    /// So many digits from here, each as the two of its hexadecimal form.
    fn pairs(&self, at: usize, count: usize) -> Option<(Found, usize)> {
        let end = at + 2 * count;
        let pairs = self.digits.get(at..end)?.chunks_exact(2);
        let digits: Vec<u8> = pairs.clone().filter(|pair| pair[0] == b'3').map(|pair| pair[1]).collect();
        if digits.len() != count || !is_card(&digits) {
            return None;
        }
        let places: Vec<_> =
            (0..count).map(|n| self.places[at + 2 * n].start..self.places[at + 2 * n + 1].end).collect();
        Some((Found { span: places[0].start..places[count - 1].end, digits, places }, end))
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
