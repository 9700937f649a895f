//! The commands a terminal knows, one row each: how it is routed, what its fields may hold, what it does and answers.
//!
//! Few behaviours, many rows: a new command or a corrected code is a change of a row.

mod counter_side;
mod device;
mod field;
mod payment;
mod report;

use crate::codes::{self, Code};
use crate::message::Request;

pub use field::{Field, Kind, amount, cents, clock, flag, training};
pub use report::STORED_STATES;

/// On which of the two channels a command belongs. Both share the one connection (CH-01).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// Transaction commands, one at a time.
    Primary,
    /// Status and the like, answered meanwhile.
    Secondary,
}

/// How a command stands to the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// A session must be open.
    Session,
    /// Either way will do.
    Either,
    /// No session may be open.
    NoSession,
}

/// What a command does. Many commands share few behaviours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// Answers from what the terminal holds.
    Tell(Tell),
    /// Changes what the terminal holds.
    Change(Change),
    /// Asks something of the cardholder, and answers when that is done.
    Prompt(Prompt),
    /// Takes a card and goes to the payment host.
    Pay(Pay),
    /// Goes to the payment host as it is, and answers what the host answers.
    Host,
    /// Has to do with registration and keys.
    Security(Security),
    /// Asks the estate host.
    Estate(Estate),
    /// Ends the command that holds the device, not the session.
    Cancel,
    /// Answers, then starts the terminal anew.
    Reboot,
}

/// What is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tell {
    /// The counter.
    Counter,
    /// The state of the terminal.
    Status,
    /// The versions.
    Version,
    /// The device's name.
    DeviceName,
    /// The tenders.
    PaymentTypes,
    /// Parameters by name.
    Parameters,
    /// How much is stored for later.
    StoredAmount,
    /// How far an update is.
    UpdateStatus,
    /// The stored transactions.
    Stored,
    /// The last transaction.
    LastTransaction,
}

/// What is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Opens a session.
    StartSession,
    /// Ends the session.
    FinishSession,
    /// Gives the device a name.
    DeviceName,
    /// Writes parameters.
    Parameters,
    /// Sets the clock.
    Time,
    /// Closes the lane, and the session with it.
    LaneClosed,
    /// Takes stored transactions away.
    RemoveStored,
    /// Makes stored transactions eligible again.
    EditStored,
    /// Line items: adds.
    AddItems,
    /// Line items: replaces one.
    OverrideItem,
    /// Line items: takes some away.
    RemoveItems,
    /// Line items: takes all away.
    RemoveAllItems,
    /// Line items: shows them.
    ShowItems,
    /// Line items: the list is complete.
    EndItems,
    /// Shows something beside the line items, or takes it away again.
    LeftPanel,
    /// Keeps what it was told and does no more.
    Nothing,
}

/// What is asked of a cardholder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prompt {
    /// To press a button.
    Button,
    /// To enter an address; the field of the answer that it stands in.
    Email(&'static str),
    /// To enter a number: digits of a loyalty card, or of a phone; the field of the answer.
    Loyalty(&'static str),
    /// To sign; the field of the answer.
    Signature(&'static str),
    /// To choose one of the labels that the request has or, where it has none, one of these words; the field of the
    /// answer.
    Choice(&'static str, &'static [&'static str]),
    /// To tick some of the labels that the request has; the field of the answer.
    Boxes(&'static str),
    /// To present a card; it is read and nothing more.
    Card,
    /// To hold a code before the reader; the field of the answer.
    Scan(&'static str),
}

/// What is paid with a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pay {
    /// A sale, or what CTROUTD and AUTH_CODE make of it.
    Capture,
    /// Any other payment that takes a card, or a CTROUTD in its place.
    Card,
}

/// Registration and keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// Registers a POS for MACs.
    Register,
    /// Registers a POS for MACs and packet encryption.
    RegisterEncryption,
    /// Takes a registration away.
    Unregister,
    /// Takes all away.
    UnregisterAll,
    /// Says whether a MAC is right.
    TestMac,
}

/// What is asked of the estate host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Estate {
    /// Whether it offers an update.
    Ask,
    /// To let the terminal install what it offers.
    Apply,
}

/// One command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Command {
    /// FUNCTION_TYPE.
    pub function_type: &'static str,
    /// COMMAND.
    pub command: &'static str,
    /// The field value that tells it from another command of this name.
    pub only: Option<(&'static str, &'static str)>,
    /// The channel it belongs to.
    pub channel: Channel,
    /// How it stands to the session.
    pub needs: Needs,
    /// Whether it holds the screen, so that only one such command runs.
    pub screen: bool,
    /// What it does.
    pub behaviour: Behaviour,
    /// The outcome when all is well.
    pub done: Code,
    /// RESPONSE_TEXT of that outcome.
    pub text: &'static str,
    /// Its own fields in groups; COUNTER, POS_RECON and the MAC fields belong to every command.
    pub fields: &'static [&'static [Field]],
    /// The assumption that the row itself rests on.
    pub guess: Option<&'static str>,
}

/// A command on the primary channel that needs neither session nor screen and answers OK.
const fn row(function_type: &'static str, command: &'static str, behaviour: Behaviour) -> Command {
    Command {
        function_type,
        command,
        only: None,
        channel: Channel::Primary,
        needs: Needs::Either,
        screen: false,
        behaviour,
        done: codes::DONE,
        text: "Operation SUCCESSFUL",
        fields: &[],
        guess: None,
    }
}

impl Command {
    const fn says(self, text: &'static str) -> Self {
        Self { text, ..self }
    }

    const fn takes(self, fields: &'static [&'static [Field]]) -> Self {
        Self { fields, ..self }
    }

    const fn gives(self, done: Code) -> Self {
        Self { done, text: done.text, ..self }
    }

    const fn guessed(self, id: &'static str) -> Self {
        Self { guess: Some(id), ..self }
    }

    const fn on_screen(self) -> Self {
        Self { screen: true, ..self }
    }

    const fn in_session(self) -> Self {
        Self { needs: Needs::Session, ..self }
    }

    const fn outside_session(self) -> Self {
        Self { needs: Needs::NoSession, ..self }
    }

    const fn secondary(self) -> Self {
        Self { channel: Channel::Secondary, ..self }
    }

    const fn when(self, field: &'static str, value: &'static str) -> Self {
        Self { only: Some((field, value)), ..self }
    }

    /// The row for a request. A POS that writes `SECONDARY_PORT` is understood.
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
            _ => counter_side::ROWS,
        };
        table.iter().find(same)
    }

    /// FUNCTION_TYPE and COMMAND, with what tells it from another command of this name.
    #[must_use]
    pub fn name(&self) -> (String, String) {
        let only = self.only.map_or_else(String::new, |(_, value)| format!(" ({value})"));
        (self.function_type.to_owned(), format!("{}{only}", self.command))
    }

    /// Whether a field may be left out, and cannot be empty where it is there.
    #[must_use]
    pub fn may_lack(&self, name: &str) -> bool {
        let mut fields = self.fields.iter().copied().flatten().chain(COMMON);
        fields.any(|field| field.name == name && !field.required && !field.kind.takes(""))
    }

    /// What is wrong with the fields of a request for this command, as a text that names the field.
    #[must_use]
    pub fn complaint(&self, request: &Request) -> Option<String> {
        let fields = self.fields.iter().copied().flatten().chain(COMMON);
        fields.into_iter().find_map(|field| field.complaint(request))
    }
}

/// What stands for a command that the table does not have: it is handed to the payment host as it is.
pub const UNKNOWN: Command = row("", "", Behaviour::Host).gives(codes::UNKNOWN_COMMAND);

const COMMON: &[Field] = &[field::may("POS_RECON", Kind::Text(1, 30))];

/// Every row.
pub fn all() -> impl Iterator<Item = &'static Command> {
    [counter_side::ROWS, device::ROWS, payment::ROWS, report::ROWS].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_rows_answer_to_the_same_request() {
        let rows: Vec<_> = all().collect();
        for (at, row) in rows.iter().enumerate() {
            let twin = rows[..at].iter().find(|r| (r.function_type, r.command) == (row.function_type, row.command));
            // Of two rows with one name, the first says when it is meant.
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
