//! The commands a terminal knows, one row each: how it is routed, what its fields may hold, what it does.

use crate::message::Request;

/// On which of the two channels a command belongs. Both share the one connection (CH-01).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// Transaction commands, one at a time.
    Primary,
    /// Status and the like, answered meanwhile.
    Secondary,
}

/// What a command does. Many commands share few behaviours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// Opens a session.
    StartSession,
    /// Ends the session.
    FinishSession,
    /// Answers with the counter.
    Counter,
    /// Answers with the state of the terminal.
    Status,
    /// Answers with the versions.
    Version,
    /// Answers with the device's name.
    DeviceName,
    /// Gives the device a name.
    NameDevice,
    /// Asks something of the cardholder, and answers when that is done.
    Prompt(Prompt),
    /// Ends the command that holds the device, not the session.
    Cancel,
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
}

/// What a field may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Characters, this many.
    Text(usize, usize),
    /// Digits, this many.
    Digits(usize, usize),
    /// A yes or no in any of the accepted spellings.
    Flag,
    /// ON, OFF or a flag.
    Training,
}

/// One field of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// The tag.
    pub name: &'static str,
    /// Whether the command is refused without it.
    pub required: bool,
    /// What it may hold.
    pub kind: Kind,
}

/// One command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Command {
    /// FUNCTION_TYPE.
    pub function_type: &'static str,
    /// COMMAND.
    pub command: &'static str,
    /// The channel it belongs to.
    pub channel: Channel,
    /// What it does.
    pub behaviour: Behaviour,
    /// RESPONSE_TEXT of the answer when all is well.
    pub text: &'static str,
    /// Its own fields; COUNTER, POS_RECON and the MAC fields belong to every command.
    pub fields: &'static [Field],
}

const fn optional(name: &'static str, kind: Kind) -> Field {
    Field { name, required: false, kind }
}

const fn required(name: &'static str, kind: Kind) -> Field {
    Field { name, required: true, kind }
}

/// The table. Sources: START SESSION, FINISH SESSION, GET COUNTER, VERSION, the device name, DISPLAY_MESSAGE, EMAIL and
/// LOYALTY pages, CANCEL and the other secondary port pages.
pub const COMMANDS: &[Command] = &[
    Command {
        function_type: "SESSION",
        command: "START",
        channel: Channel::Primary,
        behaviour: Behaviour::StartSession,
        text: "Session Started",
        fields: &[
            required("INVOICE", Kind::Text(1, 40)),
            optional("BUSINESSDATE", Kind::Digits(8, 8)),
            optional("SWIPE_AHEAD", Kind::Flag),
            optional("TRAINING_MODE", Kind::Training),
            optional("STORE_NUM", Kind::Text(1, 6)),
            optional("LANE", Kind::Digits(1, 8)),
            optional("CASHIER_ID", Kind::Text(1, 10)),
            optional("SERVER_ID", Kind::Digits(1, 10)),
            optional("SHIFT_ID", Kind::Text(1, 1)),
            optional("TABLE_NUM", Kind::Digits(1, 5)),
            optional("PURCHASE_ID", Kind::Text(1, 25)),
        ],
    },
    Command {
        function_type: "SESSION",
        command: "FINISH",
        channel: Channel::Primary,
        behaviour: Behaviour::FinishSession,
        text: "Session finished",
        fields: &[],
    },
    Command {
        function_type: "ADMIN",
        command: "GET_COUNTER",
        channel: Channel::Primary,
        behaviour: Behaviour::Counter,
        text: "Operation Successful",
        fields: &[],
    },
    Command {
        function_type: "SECONDARYPORT",
        command: "STATUS",
        channel: Channel::Secondary,
        behaviour: Behaviour::Status,
        text: "Operation SUCCESSFUL",
        fields: &[],
    },
    Command {
        function_type: "DEVICE",
        command: "VERSION",
        channel: Channel::Primary,
        behaviour: Behaviour::Version,
        text: "Version Information Captured",
        fields: &[optional("DISPLAY_VERSION", Kind::Flag)],
    },
    Command {
        function_type: "DEVICE",
        command: "GET_DEVICENAME",
        channel: Channel::Primary,
        behaviour: Behaviour::DeviceName,
        text: "Operation SUCCESSFUL",
        fields: &[],
    },
    Command {
        function_type: "DEVICE",
        command: "SET_DEVICENAME",
        channel: Channel::Primary,
        behaviour: Behaviour::NameDevice,
        text: "Operation SUCCESSFUL",
        fields: &[required("DEVICENAME", Kind::Text(1, 20))],
    },
    Command {
        function_type: "DEVICE",
        command: "DISPLAY_MESSAGE",
        channel: Channel::Primary,
        behaviour: Behaviour::Prompt(Prompt::Button),
        text: "Operation SUCCESSFUL",
        fields: &[
            required("DISPLAY_TEXT", Kind::Text(1, 4_000)),
            optional("BUTTON_DISPLAY", Kind::Flag),
            optional("BUTTON_LABEL", Kind::Text(1, 20)),
            optional("DISPLAY_TEXT_TOP", Kind::Text(1, 65)),
        ],
    },
    Command {
        function_type: "DEVICE",
        command: "EMAIL",
        channel: Channel::Primary,
        behaviour: Behaviour::Prompt(Prompt::Email("EMAILDATA")),
        text: "Email Captured",
        fields: &[optional("EMAILDATA", Kind::Text(1, 257))],
    },
    Command {
        function_type: "DEVICE",
        command: "LOYALTY",
        channel: Channel::Primary,
        behaviour: Behaviour::Prompt(Prompt::Loyalty("LOYALTY_DATA")),
        text: "Loyalty Details Captured",
        fields: &[optional("TYPE", Kind::Text(1, 6))],
    },
    Command {
        function_type: "SECONDARYPORT",
        command: "CANCEL",
        channel: Channel::Secondary,
        behaviour: Behaviour::Cancel,
        text: "SUCCESS",
        fields: &[],
    },
];

const COMMON: &[Field] = &[optional("POS_RECON", Kind::Text(1, 30))];

impl Command {
    /// The row with these routing fields. A POS that writes `SECONDARY_PORT` is understood.
    #[must_use]
    pub fn find(function_type: &str, command: &str) -> Option<&'static Self> {
        let function_type = if function_type == "SECONDARY_PORT" { "SECONDARYPORT" } else { function_type };
        COMMANDS.iter().find(|c| c.function_type == function_type && c.command == command)
    }

    /// What is wrong with the fields of a request for this command, as a text that names the field.
    #[must_use]
    pub fn complaint(&self, request: &Request) -> Option<String> {
        self.fields.iter().chain(COMMON).find_map(|field| match request.get(field.name) {
            None if field.required => Some(format!("{} is missing", field.name)),
            None => None,
            Some(value) => field.kind.complaint(value).map(|why| format!("{} {why}", field.name)),
        })
    }
}

impl Kind {
    fn complaint(self, value: &str) -> Option<String> {
        let length = value.chars().count();
        let span = |min: usize, max: usize| if min == max { format!("{min}") } else { format!("{min} to {max}") };
        match self {
            Self::Text(min, max) => {
                (length < min || length > max).then(|| format!("must have {} characters", span(min, max)))
            }
            Self::Digits(min, max) => {
                let fits = (min..=max).contains(&length) && value.bytes().all(|b| b.is_ascii_digit());
                (!fits).then(|| format!("must have {} digits", span(min, max)))
            }
            Self::Flag => flag(value).is_none().then(|| "must be 0 or 1".to_owned()),
            Self::Training => training(value).is_none().then(|| "must be 0, 1, ON or OFF".to_owned()),
        }
    }
}

/// A yes or no as SCA spells it: 1, 0, TRUE, FALSE, T, F, YES, NO.
#[must_use]
pub fn flag(value: &str) -> Option<bool> {
    match value {
        "1" | "TRUE" | "T" | "YES" => Some(true),
        "0" | "FALSE" | "F" | "NO" => Some(false),
        _ => None,
    }
}

/// TRAINING_MODE: the sample sends 0, the menu page shows ON; all are accepted.
#[must_use]
pub fn training(value: &str) -> Option<bool> {
    match value {
        "ON" => Some(true),
        "OFF" => Some(false),
        other => flag(other),
    }
}
