//! The row type of the table of commands, and the behaviours that rows choose from.

use super::field::{self, Field, Kind};
use crate::codes::{self, Code};
use crate::message::Request;

/// The channel that a command belongs to. Both channels share the one connection (CH-01).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// Transaction commands, one at a time.
    Primary,
    /// Status queries and the like, answered while a primary command is in progress.
    Secondary,
}

/// What a command requires of the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionRequirement {
    /// A session must be open.
    Session,
    /// The session does not matter.
    Either,
    /// No session may be open.
    NoSession,
}

/// The behaviour of a command; many commands share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// Answers from the terminal's state.
    Tell(Tell),
    /// Changes the terminal's state.
    Change(Change),
    /// Prompts the cardholder, and answers when the prompt is done.
    Prompt(Prompt),
    /// Makes a payment with a card, at the payment host.
    Pay(Pay),
    /// Forwards the request to the payment host, and answers with its answer.
    Host,
    /// Manages registrations and keys.
    Security(Security),
    /// Sends a request to the estate host.
    Estate(Estate),
    /// Ends the command that holds the device, but not the session.
    Cancel,
    /// Answers, then restarts the terminal.
    Reboot,
}

/// The part of the terminal's state that a query returns.
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
    /// The total amount of the stored transactions.
    StoredAmount,
    /// The progress of an update.
    UpdateStatus,
    /// The stored transactions.
    Stored,
    /// The last transaction.
    LastTransaction,
}

/// The part of the terminal's state that a command changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Opens a session.
    StartSession,
    /// Ends the session.
    FinishSession,
    /// Sets the device's name.
    DeviceName,
    /// Writes parameters.
    Parameters,
    /// Sets the clock.
    Time,
    /// Closes the lane, and the session with it.
    LaneClosed,
    /// Removes stored transactions.
    RemoveStored,
    /// Makes stored transactions eligible again.
    EditStored,
    /// Adds line items.
    AddItems,
    /// Replaces a line item.
    OverrideItem,
    /// Removes line items.
    RemoveItems,
    /// Removes all line items.
    RemoveAllItems,
    /// Shows the line items.
    ShowItems,
    /// Marks the list of line items as complete.
    EndItems,
    /// Shows the panel beside the line items, or removes it.
    LeftPanel,
    /// Accepts the request and changes nothing.
    Nothing,
}

/// The input that a prompt asks of the cardholder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prompt {
    /// A button press.
    Button,
    /// An e-mail address, returned in this field of the answer.
    Email(&'static str),
    /// The digits of a loyalty card or a telephone number, returned in this field of the answer.
    Loyalty(&'static str),
    /// A signature, returned in this field of the answer.
    Signature(&'static str),
    /// One of the labels in the request or, if it has none, one of these words; returned in this field of the answer.
    Choice(&'static str, &'static [&'static str]),
    /// Some of the labels in the request, returned in this field of the answer.
    Boxes(&'static str),
    /// A card, which is read and used for nothing more.
    Card,
    /// A barcode, returned in this field of the answer.
    Scan(&'static str),
}

/// The kind of a payment command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pay {
    /// A sale, or what CTROUTD or AUTH_CODE turns it into.
    Capture,
    /// Any other payment, with a card or a CTROUTD in its place.
    Card,
}

/// The action of a SECURITY command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// Registers a POS for MACs.
    Register,
    /// Registers a POS for MACs and packet encryption.
    RegisterEncryption,
    /// Removes a registration.
    Unregister,
    /// Removes all registrations.
    UnregisterAll,
    /// Checks a MAC.
    TestMac,
}

/// The request that a command sends to the estate host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Estate {
    /// Asks whether an update is offered.
    Ask,
    /// Takes the offered update, which the terminal then installs.
    Apply,
}

/// A command: one row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Command {
    /// FUNCTION_TYPE.
    pub function_type: &'static str,
    /// COMMAND.
    pub command: &'static str,
    /// The field and value that distinguish it from another command of the same name.
    pub only: Option<(&'static str, &'static str)>,
    /// The channel it belongs to.
    pub channel: Channel,
    /// What it requires of the session.
    pub needs: SessionRequirement,
    /// Whether it holds the screen; only one such command runs at a time.
    pub screen: bool,
    /// Its behaviour.
    pub behaviour: Behaviour,
    /// The outcome on success.
    pub done: Code,
    /// RESPONSE_TEXT on success.
    pub text: &'static str,
    /// Its own fields in groups; COUNTER, POS_RECON and the MAC fields belong to every command.
    pub fields: &'static [&'static [Field]],
    /// The assumption that the row rests on, if any.
    pub guess: Option<&'static str>,
}

/// A row with default values: primary channel, no session or screen needed, answered with OK.
pub(super) const fn row(function_type: &'static str, command: &'static str, behaviour: Behaviour) -> Command {
    Command {
        function_type,
        command,
        only: None,
        channel: Channel::Primary,
        needs: SessionRequirement::Either,
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

    pub(super) const fn with_outcome(self, done: Code) -> Self {
        Self { done, text: done.text, ..self }
    }

    pub(super) const fn guessed(self, id: &'static str) -> Self {
        Self { guess: Some(id), ..self }
    }

    pub(super) const fn on_screen(self) -> Self {
        Self { screen: true, ..self }
    }

    pub(super) const fn in_session(self) -> Self {
        Self { needs: SessionRequirement::Session, ..self }
    }

    pub(super) const fn outside_session(self) -> Self {
        Self { needs: SessionRequirement::NoSession, ..self }
    }

    pub(super) const fn secondary(self) -> Self {
        Self { channel: Channel::Secondary, ..self }
    }

    pub(super) const fn when(self, field: &'static str, value: &'static str) -> Self {
        Self { only: Some((field, value)), ..self }
    }
    /// FUNCTION_TYPE, and COMMAND with the value that distinguishes it from another command of the same name.
    #[must_use]
    pub fn name(&self) -> (String, String) {
        let only = self.only.map_or_else(String::new, |(_, value)| format!(" ({value})"));
        (self.function_type.to_owned(), format!("{}{only}", self.command))
    }

    /// Whether a field is optional and its kind does not accept an empty value.
    #[must_use]
    pub fn may_be_absent_not_empty(&self, name: &str) -> bool {
        let mut fields = self.fields.iter().copied().flatten().chain(COMMON);
        fields.any(|field| field.name == name && !field.required && !field.kind.takes(""))
    }

    /// The first fault in the fields of a request for this command, as a text that names the field.
    #[must_use]
    pub fn complaint(&self, request: &Request) -> Option<String> {
        let fields = self.fields.iter().copied().flatten().chain(COMMON);
        fields.into_iter().find_map(|field| field.complaint(request))
    }
}

const COMMON: &[Field] = &[field::may("POS_RECON", Kind::Text(1, 30))];
