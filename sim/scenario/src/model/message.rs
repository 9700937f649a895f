//! Messages: what is sent, and what is demanded of what comes.

use regex::Regex;
use sca_protocol::frame::LengthForm;

use crate::problem::Span;

/// What is sent or expected.
#[derive(Debug, Clone)]
pub enum Message {
    /// FUNCTION_TYPE and COMMAND, then fields.
    Fields(Fields),
    /// A document, as it stands.
    Xml(String),
    /// Any text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
    /// An HTTP head, line by line.
    Http(Vec<String>),
    /// A ping.
    Ping(Option<String>),
    /// A pong.
    Pong(Option<String>),
    /// A close.
    Close(Option<u16>, Option<String>),
    /// A raw frame.
    Frame(RawFrame),
}

/// A message by its fields.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    /// It answers nothing.
    pub notice: bool,
    /// It travels encrypted.
    pub encrypted: bool,
    /// FUNCTION_TYPE and COMMAND of a request; none in an answer.
    pub routing: Vec<String>,
    /// Its fields, or what is demanded of them.
    pub tests: Vec<Test>,
}

/// One field, or what is demanded of it.
#[derive(Debug, Clone)]
pub struct Test {
    /// The field.
    pub field: String,
    /// What is demanded.
    pub demand: Demand,
    /// Where.
    pub span: Span,
}

impl Test {
    /// The value that is sent, or demanded; nothing where none is named.
    #[must_use]
    pub fn value(&self) -> &str {
        match &self.demand {
            Demand::Is(_, value) => value,
            _ => "",
        }
    }

    /// Whether a refusal is demanded, or that something is absent.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        match (&self.demand, self.field.as_str()) {
            (Demand::Absent, _) => true,
            (Demand::Is(Op::Equal, value), "RESULT_CODE") => {
                value.len() >= 5 || value == "-2" || value == "0" || value == "19"
            }
            (Demand::Is(Op::Unequal, value), "RESULT_CODE") => value == "-1",
            (Demand::Is(Op::Equal, value), "TERMINATION_STATUS") => value == "FAILURE",
            (Demand::Is(Op::Equal, value), "RESULT") => {
                matches!(value.as_str(), "ERROR" | "BUSY" | "FIELD_ERROR" | "CANCELLED" | "DECLINED")
            }
            _ => false,
        }
    }
}

/// What is demanded of a value.
#[derive(Debug, Clone)]
pub enum Demand {
    /// `!FIELD`: it is absent.
    Absent,
    /// `=*`: it is there.
    Any,
    /// `=?name`: it is there, and remembered.
    Capture(String),
    /// It compares like this.
    Is(Op, String),
    /// It matches.
    Matches(Regex),
}

/// How values compare; `<` and its kin compare numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// `=`
    Equal,
    /// `!=`
    Unequal,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
}

impl Op {
    /// As it is written.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Unequal => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
        }
    }
}

/// A frame, legal or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawFrame {
    /// 0 to 15.
    pub opcode: u8,
    /// Whether it ends its message.
    pub last: bool,
    /// Whether it is masked.
    pub masked: bool,
    /// Reserved bits, 0 to 7.
    pub reserved: u8,
    /// A length that is not the true one.
    pub length: Option<u64>,
    /// How the length is written, where that is not the shortest way.
    pub length_form: Option<LengthForm>,
    /// The payload.
    pub payload: Vec<u8>,
    /// Whether the payload is a text with inserts, which are filled in when it is sent.
    pub has_inserts: bool,
}
