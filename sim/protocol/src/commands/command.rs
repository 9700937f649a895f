//! A row of the table of commands, and the few behaviours that rows choose from.

use super::field::{self, Field, Kind};
use crate::codes::{self, Code};
use crate::message::Request;

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
pub(super) const fn row(function_type: &'static str, command: &'static str, behaviour: Behaviour) -> Command {
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
    pub(super) const fn says(self, text: &'static str) -> Self {
        Self { text, ..self }
    }

    pub(super) const fn takes(self, fields: &'static [&'static [Field]]) -> Self {
        Self { fields, ..self }
    }

    pub(super) const fn gives(self, done: Code) -> Self {
        Self { done, text: done.text, ..self }
    }

    pub(super) const fn guessed(self, id: &'static str) -> Self {
        Self { guess: Some(id), ..self }
    }

    pub(super) const fn on_screen(self) -> Self {
        Self { screen: true, ..self }
    }

    pub(super) const fn in_session(self) -> Self {
        Self { needs: Needs::Session, ..self }
    }

    pub(super) const fn outside_session(self) -> Self {
        Self { needs: Needs::NoSession, ..self }
    }

    pub(super) const fn secondary(self) -> Self {
        Self { channel: Channel::Secondary, ..self }
    }

    pub(super) const fn when(self, field: &'static str, value: &'static str) -> Self {
        Self { only: Some((field, value)), ..self }
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

const COMMON: &[Field] = &[field::may("POS_RECON", Kind::Text(1, 30))];
