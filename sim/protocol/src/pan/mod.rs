//! Detection and masking of card numbers in any text, in any notation. It does not look at field names and stores
//! nothing.
//!
//! A card number has 12 to 19 digits, begins like those of a known issuer and passes the Luhn check. Its digits may be
//! adjacent, or in the groups that cards print, with up to three separators between two digits. They may be in any
//! script and escaped as in XML, JSON, URLs and mails, or lie within EMV data (tags 5A, 57 and 9F6B) and hexadecimal
//! text.

mod notation;

use std::borrow::Cow;
use std::ops::Range;

use notation::{CharacterClass, sign};

/// A card number found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The bytes from its first digit to its last, including separators.
    pub span: Range<usize>,
    /// Its digits, as ASCII.
    pub digits: Vec<u8>,
    /// The bytes of each digit.
    places: Vec<Range<usize>>,
}

/// The digit groups in which card numbers are printed and typed.
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
    &[4, 4, 4],
    &[4, 12],
    &[4, 15],
    &[6, 4, 6],
    &[5, 5, 6],
    &[4, 4, 8],
    &[4, 4, 4, 7],
    &[2, 2, 2, 2, 2, 2, 2, 2],
];
/// The most separators between two digits of a number.
const GAPS_MAX: usize = 3;
const SHORTEST: usize = 12;
const LONGEST: usize = 19;
/// The most digits of one run that are examined together.
const RUN_MAX: usize = 1 << 16;

/// Masks every card number in a text; the first six and the last four digits stay.
///
/// ```
/// use sca_protocol::pan::masked;
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
    look(bytes, false)
}

/// Finds every number in a text that may be a card number: of any issuer, also within longer runs of digits. Numbers of
/// other kinds are among them, so use it to decide what to remove, not what to mask for display.
#[must_use]
pub fn find_possible(bytes: &[u8]) -> Vec<Found> {
    look(bytes, true)
}

fn look(bytes: &[u8], any: bool) -> Vec<Found> {
    let mut all = Vec::new();
    let mut run = Run::default();
    let mut at = 0;
    let mut after_mail = false;
    let mut judge = Search { bytes, any, all: &mut all };
    while at < bytes.len() {
        let sign = sign(&bytes[at..], after_mail);
        after_mail = matches!(sign, CharacterClass::Digit(_, 3)) && bytes[at] == b'=';
        match sign {
            CharacterClass::Digit(digit, length) => {
                run.push(digit, at..at + length, &mut judge);
                at += length;
            }
            CharacterClass::Gap(length) if run.next == at && !run.digits.is_empty() && is_indent(bytes, at, &run) => {
                run.next = at + length;
                at += length;
            }
            CharacterClass::Gap(length) if run.next == at && run.gaps < GAPS_MAX && !run.digits.is_empty() => {
                (run.next, run.gaps) = (at + length, run.gaps + 1);
                at += length;
            }
            CharacterClass::Gap(length) | CharacterClass::Other(length) => {
                run.judge(&mut judge);
                at += length;
            }
        }
    }
    run.judge(&mut judge);
    all
}

/// Whether a blank at `at` belongs to the indent of a line in whose middle a number is wrapped.
fn is_indent(bytes: &[u8], at: usize, run: &Run) -> bool {
    const INDENT_MAX: usize = 16;
    let end = run.places.last().map_or(at, |place| place.end);
    let gap = &bytes[end.min(at)..at];
    let is_wrapped = gap.contains(&b'\n') || gap.windows(2).any(|pair| pair == b"\\n");
    bytes[at] == b' ' && is_wrapped && gap.len() <= INDENT_MAX
}

/// The text that is searched, and the numbers found in it.
struct Search<'a> {
    bytes: &'a [u8],
    /// Whether any issuer and any position within a run is accepted.
    any: bool,
    all: &'a mut Vec<Found>,
}

/// A run of digits with at most a few separators between them.
#[derive(Default)]
struct Run {
    digits: Vec<u8>,
    places: Vec<Range<usize>>,
    /// The offset at which the next digit must begin, and the number of separators before it.
    next: usize,
    gaps: usize,
}

impl Run {
    fn push(&mut self, digit: u8, place: Range<usize>, judge: &mut Search<'_>) {
        if self.next != place.start || self.digits.len() == RUN_MAX {
            self.judge(judge);
        }
        (self.next, self.gaps) = (place.end, 0);
        self.digits.push(digit);
        self.places.push(place);
    }

    /// Searches the whole run for card numbers, then clears it.
    fn judge(&mut self, judge: &mut Search<'_>) {
        if self.digits.len() >= SHORTEST {
            let groups = self.groups();
            let mut at = 0;
            while at < groups.len() {
                at += match self.card_at(&groups[at..], judge) {
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
        self.gaps = 0;
    }

    /// The groups of adjacent digits.
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

    /// The card number that begins with these groups, and the number of groups it takes.
    fn card_at(&self, groups: &[Range<usize>], judge: &Search<'_>) -> Option<(Found, usize)> {
        let first = groups.first()?;
        let joined = |count: usize| {
            let digits = first.start..groups.get(count - 1)?.end;
            self.card(digits, judge.any).map(|found| (found, count))
        };
        let fits = |lengths: &&&[usize]| {
            lengths.len() <= groups.len() && lengths.iter().zip(groups).all(|(length, group)| *length == group.len())
        };
        let all_of = |length: usize| groups.iter().take(LONGEST).take_while(|group| group.len() == length).count();
        joined(1)
            .or_else(|| GROUPS.iter().filter(fits).find_map(|lengths| joined(lengths.len())))
            .or_else(|| (SHORTEST..=all_of(1)).rev().find_map(joined))
            .or_else(|| {
                // Separated hexadecimal bytes.
                let pairs = |count: usize| self.pairs(first.start, count).map(|(found, _)| (found, count));
                (SHORTEST..=all_of(2)).rev().find_map(pairs)
            })
            .or_else(|| self.in_separated_emv(groups, all_of(2), judge))
    }

    /// The card number made of these digits, if they are one.
    fn card(&self, digits: Range<usize>, any: bool) -> Option<Found> {
        let number = self.digits.get(digits.clone())?;
        let fits = (SHORTEST..=LONGEST).contains(&digits.len()) && (is_card(number) || (any && may_be_card(number)));
        fits.then(|| self.found(digits))
    }

    /// Searches a group of adjacent digits for numbers in EMV data and in hexadecimal.
    fn within(&self, group: &Range<usize>, judge: &mut Search<'_>) {
        let mut at = group.start;
        while at + SHORTEST <= group.end {
            let pairs = |n: usize| if at + 2 * n <= group.end { self.pairs(at, n) } else { None };
            let found = self
                .in_emv(at, group, judge.bytes)
                .or_else(|| (SHORTEST..=LONGEST).rev().find_map(pairs))
                .or_else(|| self.behind_zeros(at, group))
                .or_else(|| if judge.any { self.embedded_card(at, group) } else { None });
            match found {
                Some((found, end)) => {
                    judge.all.push(found);
                    at = end;
                }
                None => at += 1,
            }
        }
    }

    /// The card number of EMV data at this position: after tag 5A and its length, or after 57 and its length up to a
    /// `D`.
    fn in_emv(&self, at: usize, group: &Range<usize>, bytes: &[u8]) -> Option<(Found, usize)> {
        let card = |digits: Range<usize>| self.card(digits.clone(), true).map(|found| (found, digits.end));
        let start = self.places[at].start;
        // The letter of `5A` ends a run, so this run begins at the length.
        if at == group.start && is_behind_tag(bytes, start) {
            let number = at + 2;
            let ends = (SHORTEST..=LONGEST).rev().map(|length| number + length);
            let found = ends.filter(|end| *end <= group.end).find_map(|end| card(number..end));
            if found.is_some() {
                return found;
            }
        }
        let is_ended = bytes.get(self.places[group.end - 1].end).is_some_and(|b| matches!(b, b'D' | b'd' | b'='));
        let is_tag = self.digits[at..group.end].starts_with(b"57") && at + 4 < group.end;
        if is_ended && is_tag { card(at + 4..group.end) } else { None }
    }

    /// The card number of EMV data whose bytes are separated: after the tag and the length byte.
    fn in_separated_emv(&self, groups: &[Range<usize>], pairs: usize, judge: &Search<'_>) -> Option<(Found, usize)> {
        let first = groups.first()?;
        let is_track = self.digits[first.clone()] == *b"57";
        if pairs < SHORTEST / 2 || !(is_track || is_behind_tag(judge.bytes, self.places[first.start].start)) {
            return None;
        }
        let number = first.start + if is_track { 4 } else { 2 };
        let found = (SHORTEST..=LONGEST).rev().find_map(|length| self.card(number..number + length, true))?;
        let used = groups.iter().take_while(|group| group.start < number + found.digits.len()).count();
        Some((found, used))
    }

    /// The card number of a common length beside other digits, such as a date, a security code or a length.
    fn embedded_card(&self, at: usize, group: &Range<usize>) -> Option<(Found, usize)> {
        [16, 15].into_iter().filter(|length| at + length <= group.end).find_map(|length| {
            let found = self.card(at..at + length, false)?;
            Some((found, at + length))
        })
    }

    /// The card number behind the zeros that fill a field of fixed width.
    fn behind_zeros(&self, at: usize, group: &Range<usize>) -> Option<(Found, usize)> {
        let is_filled = at > group.start && self.digits[group.start..at].iter().all(|digit| *digit == b'0');
        let found = self.card(at..group.end, false).filter(|_| is_filled)?;
        Some((found, group.end))
    }

    /// The card number of `count` digits from here, each written as two hexadecimal digits.
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

/// Whether this position follows the EMV tag of a card number or track: 5A or 9F6B.
fn is_behind_tag(bytes: &[u8], start: usize) -> bool {
    let mut before =
        bytes[..start].iter().rev().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_uppercase);
    match before.next() {
        Some(b'A') => before.next() == Some(b'5'),
        Some(b'B') => before.take(3).eq([b'6', b'F', b'9']),
        _ => false,
    }
}

/// The leading digits of issuers' numbers, by length of the number.
const ISSUERS: &[(&[usize], &[&str])] = &[
    (&[13, 16, 17, 18, 19], &["4"]),
    (&[16], &["51", "52", "53", "54", "55", "22", "23", "24", "25", "26", "27", "35", "81", "9792", "8600"]),
    (&[15], &["34", "37", "2131", "1800", "1"]),
    (&[14, 16], &["30", "36", "38", "39"]),
    (&[16, 17, 18, 19], &["6"]),
    // Maestro and the national cards beside it.
    (&[12, 13, 14, 15, 16, 17, 18, 19], &["50", "56", "57", "58", "67"]),
];

/// Whether these digits are a card number, by issuer and check digit.
fn is_card(digits: &[u8]) -> bool {
    let issued = |(lengths, begins): &(&[usize], &[&str])| {
        lengths.contains(&digits.len()) && begins.iter().any(|begin| digits.starts_with(begin.as_bytes()))
    };
    ISSUERS.iter().any(issued) && luhn(digits)
}

/// Whether these digits could be a card number of an unknown issuer.
fn may_be_card(digits: &[u8]) -> bool {
    digits.first() != Some(&b'0') && luhn(digits)
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
