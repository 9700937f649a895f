//! Transactions that were approved without the host and wait for it, and what a POS can ask about them.

use sca_protocol::codes::{self, Code};
use sca_protocol::commands::{STORED_STATES, amount, cents};
use sca_protocol::xml::Element;

use crate::flash::{Flash, STORED};
use crate::work::{Task, Work};

/// One stored transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) number: u32,
    /// SAF_STATUS.
    pub(crate) status: &'static str,
    pub(crate) cents: i64,
    /// What the host will be told.
    pub(crate) text: String,
}

/// All stored transactions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) records: Vec<Record>,
}

/// No more than this are kept.
const RECORDS_MAX: usize = 500;

impl Stored {
    /// What the flash says.
    pub(crate) fn load(flash: &Flash) -> Self {
        let records = flash.lines(STORED).filter_map(|line| {
            let mut words = line.splitn(4, ' ');
            let number = words.next()?.parse().ok()?;
            let word = words.next()?;
            let status = STORED_STATES.iter().find(|state| **state == word)?;
            Some(Record { number, status, cents: words.next()?.parse().ok()?, text: words.next()?.to_owned() })
        });
        Self { records: records.collect() }
    }

    pub(crate) fn save(&self, work: &mut Work<'_>, flash: &mut Flash) {
        let line = |r: &Record| format!("{} {} {} {}", r.number, r.status, r.cents, r.text);
        let lines: Vec<String> = self.records.iter().map(line).collect();
        flash.write_lines(work, STORED, &lines);
    }

    /// Whether another finds room.
    pub(crate) fn has_room(&self) -> bool {
        self.records.len() < RECORDS_MAX
    }

    /// Keeps one more; its number.
    pub(crate) fn keep(&mut self, cents: i64, text: String) -> u32 {
        let number = self.records.iter().map(|r| r.number).max().unwrap_or(0) % 9_999 + 1;
        self.records.push(Record { number, status: "ELIGIBLE", cents, text });
        number
    }

    /// The first that waits for the host.
    pub(crate) fn first_eligible(&self) -> Option<&Record> {
        self.records.iter().find(|r| r.status == "ELIGIBLE")
    }

    /// What waits for the host, in hundredths.
    pub(crate) fn waiting(&self) -> i64 {
        self.records.iter().filter(|r| r.status == "ELIGIBLE").map(|r| r.cents).sum()
    }

    /// The records that a request names, by number and state.
    pub(crate) fn named(&self, task: &Task) -> Result<Vec<u32>, Code> {
        let status = task.get("SAF_STATUS");
        if status.is_some_and(|status| !STORED_STATES.contains(&status)) {
            return Err(codes::BAD_STATUS);
        }
        let number = |name: &str| task.get(name).and_then(|n| n.parse::<u32>().ok());
        let begin = number("SAF_NUM_BEGIN").or(number("SAF_NUM"));
        let end = number("SAF_NUM_END").or(begin);
        let (begin, end) = (begin.unwrap_or(0), end.unwrap_or(u32::MAX));
        if end < begin {
            return Err(codes::BAD_RANGE);
        }
        let fits = |r: &&Record| (begin..=end).contains(&r.number) && status.is_none_or(|status| r.status == status);
        let found: Vec<u32> = self.records.iter().filter(fits).map(|r| r.number).collect();
        // A number that is asked for has to be there; a question without one may find nothing.
        if found.is_empty() && begin > 0 { Err(codes::NO_RECORD) } else { Ok(found) }
    }

    /// RECORDS of these numbers.
    pub(crate) fn group(&self, numbers: &[u32]) -> Element {
        let leaf = |name: &str, text: String| Element { name: name.to_owned(), text, children: Vec::new() };
        let record = |r: &Record| Element {
            name: "RECORD".to_owned(),
            text: String::new(),
            children: vec![
                leaf("SAF_NUM", format!("{:04}", r.number)),
                leaf("SAF_STATUS", r.status.to_owned()),
                leaf("TRANS_AMOUNT", amount(r.cents)),
            ],
        };
        let children = self.records.iter().filter(|r| numbers.contains(&r.number)).map(record).collect();
        Element { name: "RECORDS".to_owned(), text: String::new(), children }
    }

    /// The amount of these numbers, in hundredths.
    pub(crate) fn total(&self, numbers: &[u32]) -> i64 {
        self.records.iter().filter(|r| numbers.contains(&r.number)).map(|r| r.cents).sum()
    }

    /// Makes records eligible again, perhaps with another amount. What is done, or deferred, cannot change.
    pub(crate) fn edit(&mut self, numbers: &[u32], task: &Task) -> usize {
        let total = task.get("SET_TRANS_AMOUNT").and_then(cents);
        let can = |r: &&mut Record| numbers.contains(&r.number) && !matches!(r.status, "PROCESSED" | "DEFERRED");
        let mut count = 0;
        for record in self.records.iter_mut().filter(can) {
            record.status = "ELIGIBLE";
            if let Some(total) = total {
                let old = format!("<TRANS_AMOUNT>{}</TRANS_AMOUNT>", amount(record.cents));
                record.text = record.text.replace(&old, &format!("<TRANS_AMOUNT>{}</TRANS_AMOUNT>", amount(total)));
                record.cents = total;
            }
            count += 1;
        }
        count
    }
}
