//! The table of commands, one row each: routing, accepted fields, behaviour and outcome.
//!
//! There are few behaviours and many rows: a new command or a corrected code is a change of a row.

mod command;
mod device;
mod field;
mod payment;
mod report;
mod till;

use command::row;

use crate::codes;
use crate::message::Request;
pub use command::{Behaviour, Change, Channel, Command, Estate, Pay, Prompt, Security, SessionRequirement, Tell};
pub use field::{Field, Kind, amount, clock, flag, parse_amount, parse_training_mode};
pub use report::STORED_STATES;

/// The row used for a command that is not in the table: it is forwarded to the payment host unchanged.
pub const UNKNOWN: Command = row("", "", Behaviour::Host).with_outcome(codes::UNKNOWN_COMMAND);

/// All rows.
pub fn all() -> impl Iterator<Item = &'static Command> {
    [till::ROWS, device::ROWS, payment::ROWS, report::ROWS].into_iter().flatten()
}

impl Command {
    /// The row for a request. The spelling `SECONDARY_PORT` is accepted too.
    #[must_use]
    pub fn find(request: &Request) -> Option<&'static Self> {
        let function_type = match request.function_type() {
            "SECONDARY_PORT" => "SECONDARYPORT",
            // One table prints SESSION for SETTIME, its example ADMIN.
            "SESSION" if request.command() == "SETTIME" => "ADMIN",
            other => other,
        };
        let same = |row: &&Self| {
            row.function_type == function_type
                && row.command == request.command()
                && row.only.is_none_or(|(field, value)| request.get(field) == Some(value))
        };
        let table = match function_type {
            "DEVICE" | "BARCODE" => device::ROWS,
            "PAYMENT" => payment::ROWS,
            "SAF" | "REPORT" | "BATCH" => report::ROWS,
            _ => till::ROWS,
        };
        table.iter().find(same)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_rows_answer_to_the_same_request() {
        let rows: Vec<_> = all().collect();
        for (at, row) in rows.iter().enumerate() {
            let twin = rows[..at].iter().find(|r| (r.function_type, r.command) == (row.function_type, row.command));
            // Of two rows with the same name, the first has the field and value that distinguish it.
            assert!(twin.is_none_or(|twin| twin.only.is_some()), "{} {}", row.function_type, row.command);
        }
    }

    #[test]
    fn every_row_is_found_by_its_own_request() {
        for row in all() {
            let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
            let only = row.only.map(|(name, value)| field(name, value));
            let fields = [field("FUNCTION_TYPE", row.function_type), field("COMMAND", row.command)];
            let request = Request::new(fields.into_iter().chain(only).collect());
            assert_eq!(Command::find(&request), Some(row), "{} {}", row.function_type, row.command);
        }
    }

    #[test]
    fn every_guess_is_registered() {
        for row in all() {
            let guesses = row.guess.into_iter().chain(row.done.assumption);
            for id in guesses {
                assert!(crate::assumptions::find(id).is_some(), "{} names {id}", row.command);
            }
        }
    }

    #[test]
    fn a_field_is_described_once_in_a_row() {
        for row in all() {
            let mut names: Vec<_> = row.fields.iter().copied().flatten().map(|f| f.name).collect();
            names.sort_unstable();
            assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{} {names:?}", row.command);
        }
    }
}
