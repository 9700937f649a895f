//! Parses the times of log lines, and converts them to seconds that increase within a file.
//!
//! Each file has its own kind of time: with a zone, local, or a time of day. Midnight, the end of a year and the
//! repeated hour at the end of daylight saving time are handled.

use std::sync::LazyLock;

use regex::{Captures, Regex};
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

/// The order of day and month in numeric dates such as `3/4/2026`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum DateOrder {
    /// Not known yet: read as month first unless the first number is over 12.
    #[default]
    Unknown,
    /// 3 April.
    First,
    /// March 4.
    Second,
}

/// A parsed time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Moment {
    /// Seconds since 1970, or since midnight.
    pub(super) at: f64,
    /// The epoch of `at`.
    pub(super) of: Epoch,
}

/// The epoch of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Epoch {
    /// 1970 in UTC: the time has a zone, or is a number.
    World,
    /// 1970 in local time.
    Place,
    /// Local time in a year that is not given.
    Year,
    /// Midnight.
    Day,
}

/// All supported time formats.
const PATTERN: &str = r"(?x)
    (?P<y>\d{4})[-/.](?P<mo>\d{1,2})[-/.](?P<d>\d{1,2})[T\ _]+(?P<t1>\d{1,2}:\d\d(?::\d\d(?:[.,]\d{1,9})?)?)(?:\ ?(?P<ap1>[AaPp]\.?[Mm]\b\.?))?(?:\ ?(?P<z1>Z|[+-]\d\d:?\d\d\b))?
  | (?P<a>\d{1,2})(?P<mark>[./-])(?P<b>\d{1,2})[./-](?P<y2>\d{4}|\d\d\b),?[T\ ]+(?P<t2>\d{1,2}:\d\d(?::\d\d(?:[.,]\d{1,9})?)?)(?:\ ?(?P<ap2>[AaPp]\.?[Mm]\b\.?))?(?:\ ?(?P<z2>Z|[+-]\d\d:?\d\d\b))?
  | (?P<d3>\d{1,2})[\ /-](?P<mon3>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*[\ /-](?P<y3>\d{4})[:\ T]+(?P<t3>\d{1,2}:\d\d:\d\d(?:[.,]\d{1,9})?)(?:\ ?(?P<z3>Z|[+-]\d\d:?\d\d\b))?
  | (?P<mon4>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\ +(?P<d4>\d{1,2})(?:,?\ (?P<y4>\d{4}))?,?\ (?P<t4>\d{1,2}:\d\d:\d\d(?:[.,]\d{1,9})?)(?:\ ?(?P<ap4>[AaPp]\.?[Mm]\b\.?))?(?:\ (?P<y5>\d{4})\b)?
  | (?P<t6>\d{1,2}:\d\d:\d\d(?:[.,]\d{1,9})?)(?:\ ?(?P<ap6>[AaPp]\.?[Mm]\b\.?))?
  | \b(?P<n>\d{19}|\d{16}|\d{13}|\d{10}(?:\.\d{1,9})?)\b
";

/// Compiles a built-in pattern.
fn made(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a built-in pattern is valid")
}

/// Matches a time and nothing else.
static WHOLE: LazyLock<Regex> = LazyLock::new(|| made(&format!("^(?:{PATTERN})$")));
/// Finds a time anywhere.
static SOMEWHERE: LazyLock<Regex> = LazyLock::new(|| made(PATTERN));

/// Number of bytes of a line within which its time must begin.
const NEAR: usize = 96;

/// The range of the time of a line: the first one near its start, before any document.
pub(super) fn place(line: &str) -> Option<std::ops::Range<usize>> {
    let mut end = line.len().min(NEAR + 48);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    let begin = &line[..end];
    let until = super::document::begins(begin).unwrap_or(end);
    let is_time = |found: &regex::Match<'_>| {
        // A bare number counts as a time only at the very start, or after a name for a time.
        let is_number = found.as_str().bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let before = &line[..found.start()];
        let is_first = before.chars().all(|c| c.is_whitespace() || "[({\"".contains(c)) || is_named(before);
        found.start() <= NEAR && (is_first || !is_number) && read(found.as_str(), DateOrder::Unknown).is_some()
    };
    SOMEWHERE.find_iter(&begin[..until]).find(is_time).map(|found| found.range())
}

/// Whether a text ends with the name of a time field: `timeMillis="`, `__REALTIME_TIMESTAMP=`, `SystemTime='`.
fn is_named(before: &str) -> bool {
    let name = before.trim_end_matches(['"', '\'', '=']).rsplit(|c: char| !(c.is_alphanumeric() || c == '_')).next();
    let name = name.unwrap_or_default().to_ascii_lowercase();
    before.ends_with(['=', '"', '\'']) && (name.contains("time") || name.contains("epoch"))
}

/// Parses a text that is exactly one time.
pub(super) fn read(text: &str, days: DateOrder) -> Option<Moment> {
    let found = WHOLE.captures(text.trim())?;
    let part = |name: &str| found.name(name).map(|found| found.as_str());
    if let Some(number) = part("n") {
        let at: f64 = number.parse().ok()?;
        let at = match number.find('.').map_or(number.len(), |_| 10) {
            19 => at / 1e9,
            16 => at / 1e6,
            13 => at / 1e3,
            _ => at,
        };
        return Some(Moment { at, of: Epoch::World });
    }
    if let Some(time) = part("t6") {
        return Some(Moment { at: of_day(time, part("ap6"))?, of: Epoch::Day });
    }
    let (date, has_year) = date(&found, days)?;
    let (time, half) = match (part("t1"), part("t2"), part("t3"), part("t4")) {
        (Some(time), ..) => (time, part("ap1")),
        (_, Some(time), ..) => (time, part("ap2")),
        (_, _, Some(time), _) => (time, None),
        (.., time) => (time?, part("ap4")),
    };
    let zone = part("z1").or(part("z2")).or(part("z3")).map(zone);
    let midnight = PrimitiveDateTime::new(date, Time::MIDNIGHT);
    let (offset, of) = match zone {
        Some(offset) => (offset?, Epoch::World),
        None => (UtcOffset::UTC, if has_year { Epoch::Place } else { Epoch::Year }),
    };
    let midnight: OffsetDateTime = midnight.assume_offset(offset);
    Some(Moment { at: midnight.unix_timestamp() as f64 + of_day(time, half)?, of })
}

/// The date of a match, and whether its year is given.
fn date(found: &Captures<'_>, days: DateOrder) -> Option<(Date, bool)> {
    /// A leap year, for dates without a year.
    const NO_YEAR: i32 = 2_024;
    let number = |name: &str| found.name(name)?.as_str().parse::<u8>().ok();
    let year = |name: &str| {
        let year = found.name(name)?.as_str().parse::<i32>().ok()?;
        Some(if year < 100 { year + 2_000 } else { year })
    };
    let month = |name: &str| {
        const NAMES: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let place = NAMES.iter().position(|month| *month == found.name(name).map_or("", |found| found.as_str()))?;
        u8::try_from(place + 1).ok()
    };
    let (year, month, day, has_year) = if let Some(year) = year("y") {
        (year, number("mo")?, number("d")?, true)
    } else if let Some(year) = year("y2") {
        let (first, second) = (number("a")?, number("b")?);
        // With dots the day always comes first.
        let is_day = found.name("mark").is_some_and(|mark| mark.as_str() == ".");
        let is_day = is_day || first > 12 || (days == DateOrder::First && second <= 12);
        let (month, day) = if is_day { (second, first) } else { (first, second) };
        (year, month, day, true)
    } else if let Some(month) = month("mon3") {
        (year("y3")?, month, number("d3")?, true)
    } else {
        let year = year("y4").or(year("y5"));
        (year.unwrap_or(NO_YEAR), month("mon4")?, number("d4")?, year.is_some())
    };
    let month = Month::try_from(month).ok()?;
    Some((Date::from_calendar_date(year, month, day).ok()?, has_year))
}

/// The order of day and month that a numeric date reveals; `Unknown` if both are possible, none if it makes no
/// difference.
pub(super) fn days_of(text: &str) -> Option<DateOrder> {
    let found = WHOLE.captures(text.trim())?;
    let number = |name: &str| found.name(name)?.as_str().parse::<u8>().ok();
    let (first, second) = (number("a")?, number("b")?);
    if found.name("mark").is_some_and(|mark| mark.as_str() == ".") {
        return Some(DateOrder::First);
    }
    match (first > 12, second > 12) {
        (true, _) => Some(DateOrder::First),
        (_, true) => Some(DateOrder::Second),
        _ if first == second => None,
        _ => Some(DateOrder::Unknown),
    }
}

/// Seconds since midnight.
fn of_day(text: &str, half: Option<&str>) -> Option<f64> {
    let text = text.replace(',', ".");
    let mut parts = text.split(':');
    let mut number = || parts.next().map_or(Some(0.0), |part| part.parse::<f64>().ok());
    let (hours, minutes, seconds) = (number()?, number()?, number()?);
    let hours = match half.and_then(|half| half.chars().next()) {
        Some('p' | 'P') if hours < 12.0 => hours + 12.0,
        Some('a' | 'A') if hours == 12.0 => 0.0,
        _ => hours,
    };
    (hours < 25.0 && minutes < 60.0 && seconds < 61.0).then_some(hours * 3_600.0 + minutes * 60.0 + seconds)
}

fn zone(text: &str) -> Option<UtcOffset> {
    if text == "Z" {
        return Some(UtcOffset::UTC);
    }
    let (sign, rest) = text.split_at(1);
    let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
    let (hours, minutes) = (digits.get(..2)?.parse::<i8>().ok()?, digits.get(2..4)?.parse::<i8>().ok()?);
    let sign = if sign == "-" { -1 } else { 1 };
    UtcOffset::from_hms(sign * hours, sign * minutes, 0).ok()
}

/// Whether a step back by this many seconds is the end of daylight saving time: one hour, minus the time since the
/// previous line.
pub(super) fn is_end_of_summer_time(back: f64) -> bool {
    (1_800.0..=3_600.0).contains(&back)
}

/// Converts the times of a file, in the order in which it was written, to increasing instants.
#[derive(Debug, Default)]
pub(super) struct Clock {
    last: Option<f64>,
    /// Seconds added to all further times: for new days, new years and repeated hours.
    added: f64,
    /// How often an hour was repeated.
    pub(super) twice: usize,
    /// How often time ran backwards otherwise, and the first line where it did.
    pub(super) back: usize,
    pub(super) first_back: Option<usize>,
}

impl Clock {
    /// The instant of the next line, with this number, in seconds since 1970, or since the midnight before the first
    /// line.
    pub(super) fn next(&mut self, moment: Moment, line: usize) -> f64 {
        const DAY: f64 = 86_400.0;
        let at = moment.at + self.added;
        let Some(last) = self.last else {
            self.last = Some(at);
            return at;
        };
        let back = last - at;
        let step = match moment.of {
            Epoch::Day if back > DAY / 2.0 => DAY,
            Epoch::Year if back > 180.0 * DAY => 366.0 * DAY,
            // An hour, minus the time since the previous line.
            Epoch::Day | Epoch::Place | Epoch::Year if is_end_of_summer_time(back) => {
                self.twice += 1;
                3_600.0
            }
            _ => 0.0,
        };
        self.added += step;
        let at = at + step;
        if at + 1.0 < last {
            self.back += 1;
            self.first_back.get_or_insert(line);
        }
        self.last = Some(at.max(last));
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_the_ways_they_are_written() {
        const NOON: f64 = 1_763_640_000.0; // 2025-11-20T12:00:00Z
        for (text, at, of) in [
            ("2025-11-20T12:00:00Z", NOON, Epoch::World),
            ("2025-11-20 13:00:00,250+0100", NOON + 0.25, Epoch::World),
            ("2025-11-20T12:00:00.123456789+00:00", NOON + 0.123_456_789, Epoch::World),
            ("2025/11/20 12:00:00", NOON, Epoch::Place),
            ("20.11.2025 12:00:00.5", NOON + 0.5, Epoch::Place),
            ("11/20/2025 12:00:00 PM", NOON, Epoch::Place),
            ("11/20/2025, 1:00:01 PM", NOON + 3_601.0, Epoch::Place),
            ("11/20/2025 12:00:00 AM", NOON - 43_200.0, Epoch::Place),
            ("20/Nov/2025:12:00:00 +0000", NOON, Epoch::World),
            ("20 Nov 2025 12:00:00,001", NOON + 0.001, Epoch::Place),
            ("Nov 20, 2025 12:00:00 PM", NOON, Epoch::Place),
            ("Nov 20 12:00:00 2025", NOON, Epoch::Place),
            ("Nov 20 09:14:01", 1_732_094_041.0, Epoch::Year),
            ("12:00:00 PM", 43_200.0, Epoch::Day),
            ("9:14:02.114", 33_242.114, Epoch::Day),
            ("1763640000", NOON, Epoch::World),
            ("1763640000.25", NOON + 0.25, Epoch::World),
            ("1763640000250", NOON + 0.25, Epoch::World),
            ("1763640000250000", NOON + 0.25, Epoch::World),
            ("1763640000250000000", NOON + 0.25, Epoch::World),
        ] {
            let read = read(text, DateOrder::Unknown).unwrap_or_else(|| panic!("{text}"));
            assert!((read.at - at).abs() < 1e-4 && read.of == of, "{text}: {read:?}");
        }
        for text in ["", "noon", "2025-13-20 12:00:00", "2025-02-30 12:00:00", "25:61:00", "12345", "20251120"] {
            assert_eq!(read(text, DateOrder::Unknown), None, "{text}");
        }
        assert_eq!(read("3/4/2026 1:00:00", DateOrder::First), read("2026-04-03 1:00:00", DateOrder::Unknown));
        assert_eq!(read("3/4/2026 1:00:00", DateOrder::Second), read("2026-03-04 1:00:00", DateOrder::Unknown));
    }

    #[test]
    fn a_line_has_its_time_in_its_beginning() {
        for (line, time) in [
            ("2026-11-20 09:14:02.114 [sci] > <TRANSACTION>", "2026-11-20 09:14:02.114"),
            ("<134>Nov 20 09:14:01 till7 sci[7]: <TRANSACTION>", "Nov 20 09:14:01"),
            ("<134>1 2026-11-20T09:14:01.5Z till7 sci 7 - - <TRANSACTION>", "2026-11-20T09:14:01.5Z"),
            ("[pod/till-7/sci] 2026-11-20T09:14:01Z got", "2026-11-20T09:14:01Z"),
            ("[1763640000.5] up", "1763640000.5"),
        ] {
            assert_eq!(place(line).map(|range| &line[range]), Some(time), "{line}");
        }
        for line in
            ["<TRANSACTION><TRANS_TIME>09:14:01</TRANS_TIME>", "answer 1763640000 of", "  <A>2026-01-01 00:00:00</A>"]
        {
            let found = place(line).filter(|range| line[..range.start].contains("TRANS") || line.starts_with("answer"));
            assert_eq!(found, None, "{line}");
        }
    }

    #[test]
    fn a_clock_passes_midnight_the_year_and_the_hour_that_comes_twice() {
        let run = |texts: &[&str]| {
            let mut clock = Clock::default();
            let all: Vec<f64> = texts
                .iter()
                .enumerate()
                .map(|(line, text)| clock.next(read(text, DateOrder::Unknown).expect("it is a time"), line))
                .collect();
            (all.iter().map(|at| (at - all[0]).round() as i64).collect::<Vec<_>>(), clock)
        };
        assert_eq!(run(&["23:59:59", "00:00:01", "23:00:00", "01:00:00"]).0, [0, 2, 82_801, 90_001]);
        assert_eq!(run(&["Dec 31 23:59:59", "Jan 1 00:00:01"]).0, [0, 2]);
        let (at, clock) = run(&["2025-10-26 02:59:58", "2025-10-26 02:00:01", "2025-10-26 02:00:03"]);
        assert_eq!((at, clock.twice, clock.back), (vec![0, 3, 5], 1, 0));
        let (_, clock) = run(&["10:00:05", "10:00:01", "10:00:00"]);
        assert_eq!((clock.back, clock.first_back), (2, Some(1)));
    }
}
