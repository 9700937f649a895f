//! Searches a text for runs of digits, and each run for card numbers.

use std::ops::Range;

use super::issuer::{LONGEST, SHORTEST, is_card, may_be_card};
use super::notation::{CharacterClass, sign};

/// A card number found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The bytes from its first digit to its last, including separators.
    pub span: Range<usize>,
    /// Its digits, as ASCII.
    pub digits: Vec<u8>,
    /// The bytes of each digit.
    pub(super) places: Vec<Range<usize>>,
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
/// The most digits of one run that are examined together.
const RUN_MAX: usize = 1 << 16;

/// Finds the card numbers of a text; with `any`, also numbers of any issuer and numbers within longer runs.
pub(super) fn numbers_in(bytes: &[u8], any: bool) -> Vec<Found> {
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
