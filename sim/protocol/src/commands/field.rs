//! The fields of a request: the values that each accepts, and the text of the refusal for any other.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use time::macros::format_description;
use time::{Date, PrimitiveDateTime};

use crate::message::Request;

/// The kind of value that a field accepts. Lengths are in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text with a length in this range.
    Text(usize, usize),
    /// Digits with a length in this range.
    Digits(usize, usize),
    /// A whole number in this range.
    Number(u64, u64),
    /// A yes or no in any of the accepted spellings.
    Flag,
    /// ON, OFF or a flag.
    Training,
    /// An amount: 1 to 6 digits, a point, 2 digits.
    Amount,
    /// An amount that is not zero.
    NonZero,
    /// The amount 0.00 only.
    Zero,
    /// An amount that may be negative.
    Signed,
    /// One of these words.
    One(&'static [&'static str]),
    /// Some of these words, joined by a vertical bar.
    Some(&'static [&'static str]),
    /// Base64 of at most this many characters.
    Base64(usize),
    /// Six hexadecimal digits: a colour.
    Colour,
    /// A date as YYYYMMDD.
    Day,
    /// A date as MM/DD/YYYY.
    UsDay,
    /// A time of day as hh:mm:ss.
    Time,
    /// A date and time as YYYYMMDDhhmm, optionally with ss.
    Clock,
    /// A group of nested fields.
    Group,
}

/// A field of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// The tag.
    pub name: &'static str,
    /// Whether the command is refused without it.
    pub required: bool,
    /// The kind of value it accepts.
    pub kind: Kind,
}

/// An optional field.
pub(super) const fn may(name: &'static str, kind: Kind) -> Field {
    Field { name, required: false, kind }
}

/// A required field.
pub(super) const fn required(name: &'static str, kind: Kind) -> Field {
    Field { name, required: true, kind }
}

impl Field {
    /// The fault of this field in a request, as a text that names the field; `None` if it is acceptable.
    #[must_use]
    pub fn complaint(&self, request: &Request) -> Option<String> {
        let Some(element) = request.element(self.name) else {
            return self.required.then(|| format!("{} is missing", self.name));
        };
        if self.kind == Kind::Group {
            return None;
        }
        if !element.children.is_empty() {
            return Some(format!("{} has fields of its own", self.name));
        }
        let fits = self.kind.takes(&element.text);
        (!fits).then(|| format!("{} {}", self.name, self.kind.expected()))
    }
}

impl Kind {
    /// Whether a value is of this kind.
    #[must_use]
    pub fn takes(self, value: &str) -> bool {
        let length = value.chars().count();
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        match self {
            Self::Text(min, max) => (min..=max).contains(&length),
            Self::Digits(min, max) => (min..=max).contains(&length) && digits(value),
            Self::Number(min, max) => digits(value) && value.parse().is_ok_and(|n| (min..=max).contains(&n)),
            Self::Flag => flag(value).is_some(),
            Self::Training => parse_training_mode(value).is_some(),
            Self::Amount => parse_amount(value).is_some_and(|_| !value.starts_with('-')),
            Self::NonZero => parse_amount(value).is_some_and(|n| n > 0),
            Self::Zero => value == "0.00",
            Self::Signed => parse_amount(value).is_some(),
            Self::One(words) => words.contains(&value),
            Self::Some(words) => value.split('|').all(|word| words.contains(&word)),
            Self::Base64(max) => length > 0 && length <= max && STANDARD.decode(value).is_ok(),
            Self::Colour => length == 6 && value.bytes().all(|b| b.is_ascii_hexdigit()),
            Self::Day => digits(value) && Date::parse(value, format_description!("[year][month][day]")).is_ok(),
            Self::UsDay => Date::parse(value, format_description!("[month]/[day]/[year]")).is_ok(),
            Self::Time => time::Time::parse(value, format_description!("[hour]:[minute]:[second]")).is_ok(),
            Self::Clock => clock(value).is_some(),
            Self::Group => true,
        }
    }

    /// The expected value, as the end of a sentence that begins with the field's name.
    #[must_use]
    pub fn expected(self) -> String {
        let span = |min: usize, max: usize| if min == max { format!("{min}") } else { format!("{min} to {max}") };
        match self {
            Self::Text(min, max) => format!("must have {} characters", span(min, max)),
            Self::Digits(min, max) => format!("must have {} digits", span(min, max)),
            Self::Number(min, max) => format!("must be a number from {min} to {max}"),
            Self::Flag => "must be 0 or 1".to_owned(),
            Self::Training => "must be 0, 1, ON or OFF".to_owned(),
            Self::Amount => "must be an amount from 0.00 to 999999.99".to_owned(),
            Self::NonZero => "must be an amount from 0.01 to 999999.99".to_owned(),
            Self::Zero => "must be 0.00".to_owned(),
            Self::Signed => "must be an amount from -999999.99 to 999999.99".to_owned(),
            Self::One(words) => format!("must be {}", words.join(" or ")),
            Self::Some(words) => format!("must be some of {}, joined by |", words.join(", ")),
            Self::Base64(max) => format!("must be base64 of at most {max} characters"),
            Self::Colour => "must be a colour of 6 hexadecimal digits".to_owned(),
            Self::Day => "must be a date as YYYYMMDD".to_owned(),
            Self::UsDay => "must be a date as MM/DD/YYYY".to_owned(),
            Self::Time => "must be a time as hh:mm:ss".to_owned(),
            Self::Clock => "must be a time as YYYYMMDDhhmm or YYYYMMDDhhmmss".to_owned(),
            Self::Group => "must have fields of its own".to_owned(),
        }
    }
}

/// Parses a yes or no as SCA spells it: 1, 0, TRUE, FALSE, T, F, YES, NO; also Y and N, as on a parameter page.
#[must_use]
pub fn flag(value: &str) -> Option<bool> {
    match value {
        "1" | "TRUE" | "T" | "YES" | "Y" => Some(true),
        "0" | "FALSE" | "F" | "NO" | "N" => Some(false),
        _ => None,
    }
}

/// Parses TRAINING_MODE: the sample sends 0, the menu page shows ON; all spellings are accepted.
#[must_use]
pub fn parse_training_mode(value: &str) -> Option<bool> {
    match value {
        "ON" => Some(true),
        "OFF" => Some(false),
        other => flag(other),
    }
}

/// Parses an amount into hundredths: up to six digits, a point, two digits, optionally a minus.
///
/// ```
/// use sca_protocol::commands::parse_amount;
/// assert_eq!(parse_amount("12.40"), Some(1_240));
/// assert_eq!(parse_amount("-0.50"), Some(-50));
/// assert_eq!(parse_amount("12.4"), None);
/// ```
#[must_use]
pub fn parse_amount(value: &str) -> Option<i64> {
    let bare = value.strip_prefix('-').unwrap_or(value);
    let (whole, part) = bare.split_once('.')?;
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let fits = (1..=6).contains(&whole.len()) && part.len() == 2 && digits(whole) && digits(part);
    let amount = fits.then(|| Some(whole.parse::<i64>().ok()? * 100 + part.parse::<i64>().ok()?))??;
    Some(if bare.len() < value.len() { -amount } else { amount })
}

/// Formats hundredths as an amount.
#[must_use]
pub fn amount(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", cents.unsigned_abs() / 100, cents.unsigned_abs() % 100)
}

/// Parses a TIME: YYYYMMDDhhmm, optionally with ss.
#[must_use]
pub fn clock(value: &str) -> Option<crate::UnixTime> {
    let whole = match value.len() {
        12 => format!("{value}00"),
        14 => value.to_owned(),
        _ => return None,
    };
    let format = format_description!("[year][month][day][hour][minute][second]");
    let at = PrimitiveDateTime::parse(&whole, format).ok()?;
    Some(crate::UnixTime(at.assume_utc().unix_timestamp()))
}

/// The columns that a merchant may fill and that the answer returns.
pub(super) const COLUMNS: &[Field] = &[
    may("COL_3", Kind::Text(1, 255)),
    may("COL_4", Kind::Text(1, 255)),
    may("COL_5", Kind::Text(1, 255)),
    may("COL_6", Kind::Text(1, 255)),
    may("COL_7", Kind::Text(1, 255)),
    may("COL_8", Kind::Text(1, 255)),
    may("COL_9", Kind::Text(1, 255)),
    may("COL_10", Kind::Text(1, 255)),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_survive_there_and_back() {
        for text in ["0.00", "0.05", "-0.50", "12.40", "999999.99", "-999999.99"] {
            assert_eq!(parse_amount(text).map(amount).as_deref(), Some(text));
        }
        for text in ["", ".", "1", "1.", ".50", "1.5", "1.234", "1000000.00", "+1.00", "--1.00", "1.0x", "1,00"] {
            assert_eq!(parse_amount(text), None, "{text}");
        }
    }

    #[test]
    fn a_clock_is_a_day_that_exists() {
        assert_eq!(clock("202601150900"), Some(crate::UnixTime(1_768_467_600)));
        assert_eq!(clock("20260115090001"), Some(crate::UnixTime(1_768_467_601)));
        for text in ["", "202613150900", "202602300900", "2026011509", "20260115090000000", "2026-1-15 9:0"] {
            assert_eq!(clock(text), None, "{text}");
        }
    }
}
