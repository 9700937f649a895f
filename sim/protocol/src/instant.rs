//! Time as an argument: what a machine is told about now, and the calendar form of an instant.

use std::fmt;
use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

const SECONDS_OF_DAY: i64 = 86_400;

/// Seconds since 1970-01-01T00:00:00Z, as some clock shows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(pub i64);

/// What a machine is told about the present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Time since the world began; it never steps back. Retries and deadlines use this one.
    pub since_start: Duration,
    /// What the device's own clock shows. It may be wrong, and it may be set.
    pub wall: UnixTime,
}

/// A text that is not an instant or a date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an instant such as 2026-01-15T09:00:00Z or a date such as 2026-01-15, got {0:?}")]
pub struct NotAnInstant(pub String);

impl UnixTime {
    /// The day as YYYY-MM-DD.
    #[must_use]
    pub fn day(self) -> String {
        let form = format_description!("[year]-[month]-[day]");
        self.calendar().and_then(|t| t.format(form).ok()).unwrap_or_else(|| self.to_string())
    }

    /// Whether this day, which counts to its end, is over at an instant.
    #[must_use]
    pub fn is_over(self, now: Self) -> bool {
        now.0.div_euclid(SECONDS_OF_DAY) > self.0.div_euclid(SECONDS_OF_DAY)
    }

    /// Reads `2026-01-15T09:00:00Z` or `2026-01-15` (midnight UTC).
    ///
    /// # Errors
    /// [`NotAnInstant`] with the text, if it is neither.
    pub fn parse(text: &str) -> Result<Self, NotAnInstant> {
        let midnight = format!("{text}T00:00:00Z");
        let full = if text.contains('T') { text } else { &midnight };
        OffsetDateTime::parse(full, &Rfc3339)
            .map(|t| Self(t.unix_timestamp()))
            .map_err(|_| NotAnInstant(text.to_owned()))
    }

    /// The instant `by` later.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(by.as_secs()).unwrap_or(i64::MAX)))
    }

    /// The clock as YYYYMMDDhhmmss, as TIME has it.
    #[must_use]
    pub fn digits(self) -> String {
        let form = format_description!("[year][month][day][hour][minute][second]");
        self.calendar().and_then(|t| t.format(form).ok()).unwrap_or_default()
    }

    /// The day as YYYY.MM.DD and the time as hh:mm:ss, as TRANS_DATE and TRANS_TIME have them.
    #[must_use]
    pub fn date_and_time(self) -> (String, String) {
        let form = |form| self.calendar().and_then(|t| t.format(form).ok()).unwrap_or_default();
        (form(format_description!("[year].[month].[day]")), form(format_description!("[hour]:[minute]:[second]")))
    }

    /// The calendar form, where the year has one.
    #[must_use]
    pub fn calendar(self) -> Option<OffsetDateTime> {
        OffsetDateTime::from_unix_timestamp(self.0).ok()
    }
}

impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.calendar().and_then(|t| t.format(&Rfc3339).ok()) {
            Some(text) => f.write_str(&text),
            None => write!(f, "{} s after 1970", self.0),
        }
    }
}
