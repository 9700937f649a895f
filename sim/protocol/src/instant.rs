//! Time as an argument: the present as it is passed to a machine, and the calendar form of an instant.

use std::fmt;
use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

const SECONDS_OF_DAY: i64 = 86_400;

/// Seconds since 1970-01-01T00:00:00Z on some clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(pub i64);

/// The present, as it is passed to a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Time since the world began; it never goes back. Retries and deadlines use it.
    pub since_start: Duration,
    /// The time on the device's own clock, which may be wrong and may be set.
    pub wall: UnixTime,
}

/// A text that is neither an instant nor a date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an instant such as 2026-01-15T09:00:00Z or a date such as 2026-01-15, got {0:?}")]
pub struct NotAnInstant(pub String);

impl UnixTime {
    /// The date as YYYY-MM-DD.
    #[must_use]
    pub fn day(self) -> String {
        let form = format_description!("[year]-[month]-[day]");
        self.calendar().and_then(|t| t.format(form).ok()).unwrap_or_else(|| self.to_string())
    }

    /// Whether the day of this instant has ended at `now`.
    #[must_use]
    pub fn is_over(self, now: Self) -> bool {
        now.0.div_euclid(SECONDS_OF_DAY) > self.0.div_euclid(SECONDS_OF_DAY)
    }

    /// Parses `2026-01-15T09:00:00Z` or `2026-01-15` (midnight UTC).
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

    /// The time as YYYYMMDDhhmmss, the form of TIME.
    #[must_use]
    pub fn digits(self) -> String {
        let form = format_description!("[year][month][day][hour][minute][second]");
        self.calendar().and_then(|t| t.format(form).ok()).unwrap_or_default()
    }

    /// The date as YYYY.MM.DD and the time as hh:mm:ss, the forms of TRANS_DATE and TRANS_TIME.
    #[must_use]
    pub fn date_and_time(self) -> (String, String) {
        let form = |form| self.calendar().and_then(|t| t.format(form).ok()).unwrap_or_default();
        (form(format_description!("[year].[month].[day]")), form(format_description!("[hour]:[minute]:[second]")))
    }

    /// The calendar date and time; `None` if the year is out of range.
    #[must_use]
    pub fn calendar(self) -> Option<OffsetDateTime> {
        OffsetDateTime::from_unix_timestamp(self.0).ok()
    }
}

impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.calendar().and_then(|t| t.format(&Rfc3339).ok()) {
            Some(text) => f.write_str(&text),
            None => write!(f, "{} s since 1970", self.0),
        }
    }
}
