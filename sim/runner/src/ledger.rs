//! Failures that are known: which scenario, why, and until when. An entry that is not needed any more, or whose day has
//! passed, is a failure itself.

use sca_protocol::UnixTime;

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

/// The known failures.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    entries: Vec<Entry>,
}

/// Bytes of a ledger.
pub const BYTES_MAX: usize = 1 << 20;
const DAY: i64 = 86_400;

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

    /// Turns failures that are known into expected ones, and says of every entry that does not hold why it is stale. An
    /// entry is for every scenario whose path ends as it says; one of them has to fail.
    #[must_use]
    pub fn apply(&self, results: &mut [FileResult], today: UnixTime) -> Vec<String> {
        let mut stale = Vec::new();
        for entry in &self.entries {
            let say = |why: &str| format!("line {}: {}: {why}", entry.line, entry.scenario);
            if today.0 >= entry.until.0 + DAY {
                stale.push(say(&format!("known until {}, which is over", entry.until)));
                continue;
            }
            let (mut failed, mut found) = (false, false);
            let mine = results.iter_mut().filter(|result| result.loaded.path.ends_with(&entry.scenario));
            for row in mine.flat_map(|result| &mut result.rows) {
                found = true;
                if let Verdict::Fail(failure) = &row.verdict {
                    row.verdict = Verdict::ExpectedFail(failure.clone());
                    failed = true;
                }
            }
            if !failed {
                stale.push(say(if found { "it does not fail" } else { "no such scenario was played" }));
            }
        }
        stale
    }
}
