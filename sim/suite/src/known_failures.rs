//! The list of known failures: which scenario fails, why, and until when. An entry that is no longer needed, or whose
//! date has passed, is a failure itself.

use sca_judge::verdict::Verdict;
use sca_protocol::UnixTime;
use serde::{Deserialize, Serialize};

use crate::suite::FileResult;

/// One known failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The path of the scenario, or the last components of it.
    pub scenario: String,
    /// The last day on which the entry is valid.
    pub until: UnixTime,
    /// Why the scenario fails.
    pub reason: String,
    /// The line of the list.
    pub line: u64,
}

/// An entry and its result in a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownFailureResult {
    /// The path of the scenario, or the last components of it.
    pub scenario: String,
    /// The last day on which the entry is valid.
    pub until: String,
    /// Why the scenario fails.
    pub reason: String,
    /// The line of the list.
    pub line: u64,
    /// Whether its date has passed.
    pub is_over: bool,
    /// Whether a matching scenario was played.
    pub found: bool,
    /// Whether a row of a matching scenario failed.
    pub failed: bool,
}

impl KnownFailureResult {
    /// Why the entry is stale, or `None`. In a partial run an unused entry may be needed elsewhere, so only a passed
    /// date counts there.
    #[must_use]
    pub fn stale(&self, is_whole: bool) -> Option<String> {
        let why = match self {
            Self { is_over: true, .. } => format!("known until {}, which has passed", self.until),
            Self { failed: true, .. } => return None,
            _ if !is_whole => return None,
            Self { found: true, .. } => "it does not fail".to_owned(),
            _ => "no such scenario was played".to_owned(),
        };
        Some(format!("line {}: {}: {why}", self.line, self.scenario))
    }

    /// Whether both stem from the same line of the same list.
    pub fn is_alike(&self, other: &Self) -> bool {
        (&self.scenario, &self.until, &self.reason, self.line)
            == (&other.scenario, &other.until, &other.reason, other.line)
    }
}

impl Entry {
    fn is_of(&self, result: &FileResult) -> bool {
        let path = &result.loaded.path;
        path.ends_with(&self.scenario) || path.canonicalize().is_ok_and(|whole| whole.ends_with(&self.scenario))
    }
}

/// The list of known failures.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownFailures {
    entries: Vec<Entry>,
}

/// The largest size of a list, in bytes.
pub const BYTES_MAX: usize = 1 << 20;

/// A list of known failures that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum KnownFailuresError {
    /// Longer than any such list.
    #[error("the file has more than {BYTES_MAX} bytes")]
    TooLong,
    /// A column is missing.
    #[error("line 1: the column `{0}` is missing")]
    NoColumn(&'static str),
    /// Not comma-separated values.
    #[error(transparent)]
    Csv(#[from] csv::Error),
    /// The date until which a failure is known is none.
    #[error("line {line}: `{date}`: {error}")]
    NoDate {
        /// The line, from 1.
        line: u64,
        /// What stands there.
        date: String,
        /// Why it is no date.
        error: sca_protocol::instant::NotAnInstant,
    },
    /// A cell that must say something is empty.
    #[error("line {line}: scenario and reason must not be empty")]
    Empty {
        /// The line, from 1.
        line: u64,
    },
}

impl KnownFailures {
    /// Parses comma-separated values with the columns `scenario`, `until` (a date) and `reason`.
    ///
    /// # Errors
    /// [`KnownFailuresError`] with the line.
    ///
    /// ```
    /// use sca_suite::known_failures::KnownFailures;
    /// assert!(KnownFailures::read("scenario,until,reason\ncounter/lower.sca,2027-01-31,firmware 3.1 counts twice\n").is_ok());
    /// assert!(KnownFailures::read("scenario,until,reason\ncounter/lower.sca,soon,\n").is_err());
    /// ```
    pub fn read(text: &str) -> Result<Self, KnownFailuresError> {
        if text.len() > BYTES_MAX {
            return Err(KnownFailuresError::TooLong);
        }
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
        let heads = reader.headers()?.clone();
        let column =
            |name: &'static str| heads.iter().position(|head| head == name).ok_or(KnownFailuresError::NoColumn(name));
        let (scenario, until, reason) = (column("scenario")?, column("until")?, column("reason")?);
        let mut entries = Vec::new();
        for record in reader.records() {
            let record = record?;
            let line = record.position().map_or(0, csv::Position::line);
            let cell = |at: usize| record.get(at).unwrap_or_default().to_owned();
            let date = cell(until);
            let until = UnixTime::parse(&date).map_err(|error| KnownFailuresError::NoDate {
                line,
                date: date.clone(),
                error,
            })?;
            let entry = Entry { scenario: cell(scenario), until, reason: cell(reason), line };
            if entry.scenario.is_empty() || entry.reason.is_empty() {
                return Err(KnownFailuresError::Empty { line });
            }
            entries.push(entry);
        }
        Ok(Self { entries })
    }

    /// Whether a file makes a run fail, apart from failures that this list excuses.
    #[must_use]
    pub fn is_bad(&self, result: &FileResult, today: UnixTime) -> bool {
        let is_known = self.entries.iter().any(|entry| !entry.until.is_over(today) && entry.is_of(result));
        result.is_bad_but(|verdict| is_known && matches!(verdict, Verdict::Fail(_)))
    }

    /// Turns known failures into expected ones, and returns the result of every entry.
    #[must_use]
    pub fn apply(&self, results: &mut [FileResult], today: UnixTime) -> Vec<KnownFailureResult> {
        let mut all = Vec::with_capacity(self.entries.len());
        for entry in &self.entries {
            let mut known = KnownFailureResult {
                scenario: entry.scenario.clone(),
                until: entry.until.day(),
                reason: entry.reason.clone(),
                line: entry.line,
                is_over: entry.until.is_over(today),
                found: false,
                failed: false,
            };
            if !known.is_over {
                let mine = results.iter_mut().filter(|result| entry.is_of(result));
                for row in mine.flat_map(|result| &mut result.rows) {
                    known.found = true;
                    if let Verdict::Fail(failure) = &row.verdict {
                        row.verdict = Verdict::ExpectedFail(failure.clone());
                        known.failed = true;
                    }
                }
            }
            all.push(known);
        }
        all
    }
}
