//! Result codes of the device, one row each: the number, the word and the text that go with it.
//!
//! Source: the result code table of the specification digest. A code whose text no page shows is an assumption.

/// One outcome as it stands in a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// RESULT_CODE.
    pub number: i32,
    /// RESULT.
    pub result: &'static str,
    /// RESPONSE_TEXT where the command has none of its own.
    pub text: &'static str,
    /// Whether TERMINATION_STATUS is SUCCESS.
    pub success: bool,
    /// The assumption behind the row, where no page states it.
    pub assumption: Option<&'static str>,
}

const fn failure(number: i32, result: &'static str, text: &'static str, assumption: Option<&'static str>) -> Code {
    Code { number, result, text, success: false, assumption }
}

/// The command did what it should.
pub const DONE: Code = Code { number: -1, result: "OK", text: "", success: true, assumption: None };
/// The request is not a well-formed document of the right shape (platform code -2).
pub const BAD_XML: Code = failure(-2, "ERROR", "XML Format Incorrect", Some("A-20"));
/// No such command.
pub const UNKNOWN_COMMAND: Code = failure(0, "ERROR", "Unknown Command or error", Some("A-21"));
/// SECURITY commands are refused with SKIPPOSAUTH=1 (AUTH-03).
pub const SECURITY_REFUSED: Code = failure(59020, "ERROR", "SECURITY commands are not allowed", Some("A-22"));
/// A field is missing, of the wrong type or out of range.
pub const FIELD_ERROR: Code = failure(59040, "FIELD_ERROR", "", Some("A-23"));
/// A session is open already.
pub const SESSION_IN_PROGRESS: Code = failure(59003, "BUSY", "SESSION in progress", None);
/// No session is open.
pub const NO_SESSION: Code = failure(59004, "ERROR", "No session", Some("A-24"));
/// A command was ended before it was done.
pub const CANCELLED: Code = failure(59001, "CANCELLED", "Transaction Cancelled", Some("A-29"));
/// Another command holds the device.
pub const BUSY: Code = failure(59002, "BUSY", "DEVICE IS BUSY", None);
/// There is nothing that CANCEL could end.
pub const NOTHING_TO_CANCEL: Code = failure(59049, "ERROR", "Nothing to cancel", Some("A-30"));
/// Every row, for documentation and coverage.
pub const ALL: &[Code] = &[
    DONE,
    BAD_XML,
    UNKNOWN_COMMAND,
    SECURITY_REFUSED,
    FIELD_ERROR,
    SESSION_IN_PROGRESS,
    NO_SESSION,
    CANCELLED,
    BUSY,
    NOTHING_TO_CANCEL,
];
