//! Failures that are known: which scenario, why, and until when. An entry that is not needed any more, or whose day has
//! passed, is a failure itself.

use sca_protocol::UnixTime;
use serde::{Deserialize, Serialize};

use crate::suite::FileResult;
use crate::verdict::Verdict;

/// One known failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The scenario's path, or its end.
    pub scenario: String,
    /// The last day on which it counts.
    pub until: UnixTime,
    /// Why the scenario fails.
    pub reason: String,
    /// The line of the ledger.
    pub line: u64,
}

/// An entry, and what became of it in a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// The scenario's path, or its end.
    pub scenario: String,
    /// The last day on which it counts.
    pub until: String,
    /// Why the scenario fails.
    pub reason: String,
    /// The line of the ledger.
    pub line: u64,
    /// Whether its day is over.
    pub is_over: bool,
    /// Whether such a scenario was played.
    pub found: bool,
    /// Whether one of them failed.
    pub failed: bool,
}

impl Known {
    /// Why it is stale, if it is. Of a part nobody knows whether an entry is needed elsewhere; what is over is over.
    #[must_use]
    pub fn stale(&self, is_whole: bool) -> Option<String> {
        let why = match self {
            Self { is_over: true, .. } => format!("known until {}, which is over", self.until),
            Self { failed: true, .. } => return None,
            _ if !is_whole => return None,
            Self { found: true, .. } => "it does not fail".to_owned(),
            _ => "no such scenario was played".to_owned(),
        };
        Some(format!("line {}: {}: {why}", self.line, self.scenario))
    }

    /// Whether both are the same line of the same ledger.
    pub(crate) fn is_alike(&self, other: &Self) -> bool {
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

/// The known failures.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    entries: Vec<Entry>,
}

/// Bytes of a ledger.
pub const BYTES_MAX: usize = 1 << 20;

impl Ledger {
    /// Reads comma-separated values with the columns `scenario`, `until` (a date) and `reason`.
    ///
    /// # Errors
    /// What is wrong, with its line.
    ///
    /// ```
    /// use sca_runner::ledger::Ledger;
    /// assert!(Ledger::read("scenario,until,reason\ncounter/lower.sca,2027-01-31,firmware 3.1 counts twice\n").is_ok());
    /// assert!(Ledger::read("scenario,until,reason\ncounter/lower.sca,soon,\n").is_err());
    /// ```
    pub fn read(text: &str) -> Result<Self, String> {
        if text.len() > BYTES_MAX {
            return Err(format!("it has more than {BYTES_MAX} bytes"));
        }
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
        let heads = reader.headers().map_err(|error| error.to_string())?.clone();
        let column = |name: &str| {
            heads.iter().position(|head| head == name).ok_or_else(|| format!("line 1: the column `{name}` is missing"))
        };
        let (scenario, until, reason) = (column("scenario")?, column("until")?, column("reason")?);
        let mut entries = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| error.to_string())?;
            let line = record.position().map_or(0, csv::Position::line);
            let cell = |at: usize| record.get(at).unwrap_or_default().to_owned();
            let date = cell(until);
            let until = UnixTime::parse(&date).map_err(|error| format!("line {line}: `{date}`: {error}"))?;
            let entry = Entry { scenario: cell(scenario), until, reason: cell(reason), line };
            if entry.scenario.is_empty() || entry.reason.is_empty() {
                return Err(format!("line {line}: a scenario and a reason are wanted"));
            }
            entries.push(entry);
        }
        Ok(Self { entries })
    }

    /// Whether a file makes a run fail, though what is known is excused.
    #[must_use]
    pub fn is_bad(&self, result: &FileResult, today: UnixTime) -> bool {
        let is_known = self.entries.iter().any(|entry| !entry.until.is_over(today) && entry.is_of(result));
        result.is_bad_but(|verdict| is_known && matches!(verdict, Verdict::Fail(_)))
    }

    /// Turns failures that are known into expected ones, and says what became of every entry.
    #[must_use]
    pub fn apply(&self, results: &mut [FileResult], today: UnixTime) -> Vec<Known> {
        let mut all = Vec::with_capacity(self.entries.len());
        for entry in &self.entries {
            let mut known = Known {
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
