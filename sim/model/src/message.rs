//! Messages: contents to send, and conditions on received messages.

use regex::Regex;
use sca_protocol::frame::LengthForm;

use crate::problem::Span;

/// A message to send, or the conditions on an expected one.
#[derive(Debug, Clone)]
pub enum Message {
    /// A document given by its fields: FUNCTION_TYPE and COMMAND of a request, then fields.
    Fields(Fields),
    /// A document given verbatim as XML.
    Xml(String),
    /// A text message that need not be a document.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
    /// An HTTP head, one line per element.
    Http(Vec<String>),
    /// A ping with its payload.
    Ping(Option<String>),
    /// A pong with its payload.
    Pong(Option<String>),
    /// A close frame with its code and reason.
    Close(Option<u16>, Option<String>),
    /// A single raw frame.
    Frame(RawFrame),
}

/// A document described by its fields.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    /// Whether it is a notice: a message that answers no request.
    pub notice: bool,
    /// Whether it is sent encrypted.
    pub encrypted: bool,
    /// FUNCTION_TYPE and COMMAND of a request; empty for an answer.
    pub routing: Vec<String>,
    /// The fields to send, or the conditions on them.
    pub tests: Vec<Test>,
}

/// A field with its value, or with a condition on it.
#[derive(Debug, Clone)]
pub struct Test {
    /// The name of the field.
    pub field: String,
    /// The value or condition.
    pub demand: Demand,
    /// Its position in the source.
    pub span: Span,
}

impl Test {
    /// The value that is sent or compared with; empty for other conditions.
    #[must_use]
    pub fn value(&self) -> &str {
        match &self.demand {
            Demand::Is(_, value) => value,
            _ => "",
        }
    }

    /// Whether the condition expects a refusal or the absence of the field.
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

/// The condition on a field; in a message to send, always [`Demand::Is`] with [`Op::Equal`].
#[derive(Debug, Clone)]
pub enum Demand {
    /// `!FIELD`: the field is absent.
    Absent,
    /// `=*`: the field is present.
    Any,
    /// `=?name`: the field is present, and its value is captured under this name.
    Capture(String),
    /// The value compares with this one as the operator says.
    Is(Op, String),
    /// `~"regex"`: the value matches a regular expression.
    Matches(Regex),
}

/// A comparison operator. `<`, `<=`, `>` and `>=` compare numbers.
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
    /// The operator as it is written in scenarios.
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

/// A WebSocket frame that need not be legal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawFrame {
    /// The opcode, 0 to 15.
    pub opcode: u8,
    /// Whether FIN is set: the frame ends its message.
    pub last: bool,
    /// Whether the payload is masked.
    pub masked: bool,
    /// The three reserved bits as a number, 0 to 7.
    pub reserved: u8,
    /// The length to announce, if it is to differ from the true one.
    pub length: Option<u64>,
    /// The encoding of the length, if it is not to be the shortest one.
    pub length_form: Option<LengthForm>,
    /// The payload, unmasked.
    pub payload: Vec<u8>,
    /// Whether the payload is a text with inserts, which are filled in when it is sent.
    pub has_inserts: bool,
}
