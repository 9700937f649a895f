//! Store and forward: transactions that were approved without the host and wait for it, and the commands about them.

use sca_core::Flash;
use sca_protocol::codes;
use sca_protocol::codes::Code;
use sca_protocol::commands::{STORED_STATES, amount, parse_amount};
use sca_protocol::xml::Element;

use crate::context::{Task, Work};
use crate::flash_files::STORED;

/// A stored transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) number: u32,
    /// SAF_STATUS.
    pub(crate) status: &'static str,
    pub(crate) cents: i64,
    /// How often the host has answered with neither an approval nor a decline.
    pub(crate) refusals: u8,
    /// The request to the host.
    pub(crate) text: String,
}

/// The host's decision on a stored transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Approved,
    Declined,
    /// Neither approved nor declined: it may be offered again.
    Refused,
}

/// All stored transactions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) records: Vec<Record>,
    /// The number that was assigned last.
    last: u32,
}

/// Maximum number of stored transactions.
const RECORDS_MAX: usize = 500;

/// After this many refusals by the host a transaction is given up (SAF EDIT page).
const REFUSALS_MAX: u8 = 3;

impl Stored {
    /// Loads the stored transactions from the flash.
    pub(crate) fn load(flash: &Flash) -> Self {
        let mut lines = flash.lines(STORED);
        let last = lines.next().and_then(|line| line.parse().ok()).unwrap_or(0);
        let records = lines.filter_map(|line| {
            let mut words = line.splitn(5, ' ');
            let number = words.next()?.parse().ok()?;
            let word = words.next()?;
            let status = STORED_STATES.iter().find(|state| **state == word)?;
            let (cents, refusals) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
            Some(Record { number, status, cents, refusals, text: words.next()?.to_owned() })
        });
        Self { last, records: records.collect() }
    }

    pub(crate) fn save(&self, work: &mut Work<'_>, flash: &mut Flash) {
        let line = |r: &Record| format!("{} {} {} {} {}", r.number, r.status, r.cents, r.refusals, r.text);
        let lines: Vec<String> = std::iter::once(self.last.to_string()).chain(self.records.iter().map(line)).collect();
        flash.write_lines(work, STORED, &lines);
    }

    /// Whether one more transaction can be stored.
    pub(crate) fn has_room(&self) -> bool {
        self.records.len() < RECORDS_MAX
    }

    /// Stores a transaction and returns its number, which is free and has not been used recently.
    pub(crate) fn keep(&mut self, cents: i64, text: String) -> u32 {
        let is_taken = |number: u32| self.records.iter().any(|r| r.number == number);
        let numbers = (0..9_999).map(|step| (self.last + step) % 9_999 + 1);
        let number = numbers.into_iter().find(|number| !is_taken(*number)).unwrap_or(0);
        self.last = number;
        self.records.push(Record { number, status: "ELIGIBLE", cents, refusals: 0, text });
        number
    }

    fn record(&mut self, number: u32) -> Option<&mut Record> {
        self.records.iter_mut().find(|r| r.number == number)
    }

    /// Marks a transaction as being sent to the host.
    pub(crate) fn goes(&mut self, number: u32) {
        self.record(number).iter_mut().for_each(|r| r.status = "IN_PROCESS");
    }

    /// Makes the transaction that was being sent eligible again, and returns its request: the host may or may not have
    /// received it.
    pub(crate) fn make_eligible_again(&mut self) -> Option<String> {
        let record = self.records.iter_mut().find(|r| r.status == "IN_PROCESS")?;
        record.status = "ELIGIBLE";
        Some(record.text.clone())
    }

    /// Records the host's decision on a transaction.
    pub(crate) fn record_decision(&mut self, number: u32, verdict: Verdict) {
        let Some(record) = self.record(number) else { return };
        record.status = match verdict {
            Verdict::Approved => "PROCESSED",
            Verdict::Declined => "DECLINED",
            Verdict::Refused => {
                record.refusals += 1;
                if record.refusals < REFUSALS_MAX { "ELIGIBLE" } else { "NOT_PROCESSED" }
            }
        };
    }

    /// The first transaction that waits for the host.
    pub(crate) fn first_eligible(&self) -> Option<&Record> {
        self.records.iter().find(|r| r.status == "ELIGIBLE")
    }

    /// The total amount that waits for the host, in hundredths.
    pub(crate) fn waiting(&self) -> i64 {
        self.records.iter().filter(|r| matches!(r.status, "ELIGIBLE" | "IN_PROCESS")).map(|r| r.cents).sum()
    }

    /// The numbers of the transactions that a request selects by number range and status.
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
        // A number that is asked for must exist; a query without a number may find nothing.
        if found.is_empty() && begin > 0 { Err(codes::NO_RECORD) } else { Ok(found) }
    }

    /// The RECORDS group of the transactions with these numbers.
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

    /// The total amount of the transactions with these numbers, in hundredths.
    pub(crate) fn total(&self, numbers: &[u32]) -> i64 {
        self.records.iter().filter(|r| numbers.contains(&r.number)).map(|r| r.cents).sum()
    }

    /// Makes transactions eligible again, optionally with another amount. Processed and deferred ones and those with
    /// the host do not change. Returns the count.
    pub(crate) fn edit(&mut self, numbers: &[u32], task: &Task) -> usize {
        let total = task.get("SET_TRANS_AMOUNT").and_then(parse_amount);
        let can = |r: &&mut Record| {
            numbers.contains(&r.number) && !matches!(r.status, "PROCESSED" | "DEFERRED" | "IN_PROCESS")
        };
        let mut count = 0;
        for record in self.records.iter_mut().filter(can) {
            (record.status, record.refusals) = ("ELIGIBLE", 0);
            if let Some(total) = total {
                let old = format!("<TRANS_AMOUNT>{}</TRANS_AMOUNT>", amount(record.cents));
                record.text = record.text.replace(&old, &format!("<TRANS_AMOUNT>{}</TRANS_AMOUNT>", amount(total)));
                record.cents = total;
            }
            count += 1;
        }
        count
    }

    /// Removes transactions and returns their count. Those that are with the host stay.
    pub(crate) fn remove(&mut self, numbers: &[u32]) -> usize {
        let before = self.records.len();
        self.records.retain(|r| r.status == "IN_PROCESS" || !numbers.contains(&r.number));
        before - self.records.len()
    }
}
