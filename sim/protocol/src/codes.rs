//! The table of result codes: each row has a number, a result word and a text.
//!
//! Two number spaces overlap: the device's own codes and those of the payment platform. Notices use numbers of both: 5
//! in a notice is the card entry screen, 5 in an answer is an approval. Only RESULT and RESPONSE_TEXT tell them apart.
//!
//! Source: Point Device Codes, Point Platform Codes, Unsolicited Consumer Notification Responses.

/// The outcome of a command, as it appears in a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// RESULT_CODE.
    pub number: i32,
    /// RESULT.
    pub result: &'static str,
    /// RESPONSE_TEXT, unless the command has its own.
    pub text: &'static str,
    /// Whether TERMINATION_STATUS is SUCCESS.
    pub success: bool,
    /// The assumption that the row rests on, if no page states it.
    pub assumption: Option<&'static str>,
}

impl Code {
    /// The same outcome, resting on this assumption.
    #[must_use]
    pub const fn on(self, assumption: &'static str) -> Self {
        Self { assumption: Some(assumption), ..self }
    }
}

const fn failure(number: i32, result: &'static str, text: &'static str, assumption: Option<&'static str>) -> Code {
    Code { number, result, text, success: false, assumption }
}

/// An outcome of the platform. It is a SUCCESS even if the bank declines, because an outcome was produced.
const fn platform(number: i32, result: &'static str, text: &'static str) -> Code {
    Code { number, result, text, success: true, assumption: None }
}

const fn notice(number: i32, result: &'static str, text: &'static str, success: bool) -> Code {
    Code { number, result, text, success, assumption: None }
}

/// The command succeeded.
pub const DONE: Code = platform(-1, "OK", "");
/// The barcode reader works.
pub const TESTED: Code = platform(-1, "SUCCESS", "Command response 0");
/// The request is not a well-formed document of the right shape (platform code -2).
pub const BAD_XML: Code = failure(-2, "ERROR", "XML Format Incorrect", Some("A-20"));
/// The platform does not know the command.
pub const UNKNOWN_COMMAND: Code = failure(0, "ERROR", "Unknown Command or error", Some("A-21"));
/// There is no such transaction or token.
pub const NOT_FOUND: Code = platform(0, "UNKNOWN", "Not found");
/// MAC_LABEL is not registered.
pub const UNKNOWN_LABEL: Code = failure(19, "FIELD_ERROR", "MAC_LABEL does not exist", None);
/// PAYLOAD is not base64.
pub const NOT_BASE64: Code = failure(40001, "ERROR", "Base 64 Encode ERROR", Some("A-56"));
/// The answer cannot be encrypted.
pub const CANNOT_ENCRYPT: Code = failure(40002, "ERROR", "Resp Encryption ERROR", Some("A-56"));
/// The request cannot be decrypted.
pub const CANNOT_DECRYPT: Code = failure(40006, "ERROR", "Decryption ERROR", Some("A-56"));
/// MAC or MAC_LABEL is absent.
pub const MAC_MISSING: Code = failure(40007, "ERROR", "MAC or MAC_LABEL is missing", None);
/// The typed code does not match ENTRY_CODE.
pub const ENTRY_CODE_MISMATCH: Code = failure(40009, "ERROR", "ENTRY_CODE does not match", None);
/// A forced repetition has a different invoice.
pub const INVOICE_MISMATCH: Code = failure(56023, "INVOICE MISMATCH", "Invoice mismatch", None);
/// The payment repeats an earlier one.
pub const DUPLICATE: Code = failure(56783, "DUPLICATE TRANSACTION", "Duplicate transaction", None);
/// A command was cancelled before it was done.
pub const CANCELLED: Code = failure(59001, "CANCELLED", "Transaction Cancelled", Some("A-29"));
/// Another command holds the device.
pub const BUSY: Code = failure(59002, "BUSY", "DEVICE IS BUSY", None);
/// A session is open already.
pub const SESSION_IN_PROGRESS: Code = failure(59003, "BUSY", "SESSION in progress", None);
/// No session is open.
pub const NO_SESSION: Code = failure(59004, "ERROR", "No session", Some("A-24"));
/// The terminal is installing an update.
pub const NOT_READY: Code = failure(59005, "ERROR", "Terminal is not ready", Some("A-49"));
/// The parameter that the command needs is off, or the device cannot do it.
pub const NOT_ALLOWED: Code = failure(59006, "ERROR", "Not allowed", Some("A-49"));
/// A registration contains no public key.
pub const NO_KEY: Code = failure(59012, "ERROR", "NO PUBLIC KEY", Some("A-54"));
/// The public key of a registration is invalid.
pub const BAD_KEY: Code = failure(59013, "ERROR", "BAD PUBLIC KEY", Some("A-54"));
/// SECURITY commands are refused with SKIPPOSAUTH=1 (AUTH-03).
pub const SECURITY_REFUSED: Code = failure(59020, "ERROR", "SECURITY commands are not allowed", Some("A-22"));
/// A field is missing, of the wrong type or out of range; a MAC or a COUNTER is wrong.
pub const FIELD_ERROR: Code = failure(59040, "FIELD_ERROR", "", Some("A-23"));
/// There is nothing to show, or nothing to show it with.
pub const NOTHING_TO_SHOW: Code = failure(59045, "ERROR", "Line items are not displayed", Some("A-49"));
/// No stored transaction has this number.
pub const NO_RECORD: Code = failure(59046, "ERROR", "No such SAF record", Some("A-51"));
/// The range of numbers ends before it begins.
pub const BAD_RANGE: Code = failure(59047, "ERROR", "SAF_NUM_END is lower than SAF_NUM_BEGIN", Some("A-51"));
/// There is no such SAF_STATUS.
pub const BAD_STATUS: Code = failure(59048, "ERROR", "No such SAF_STATUS", Some("A-51"));
/// There is nothing that CANCEL can end.
pub const NOTHING_TO_CANCEL: Code = failure(59049, "ERROR", "Nothing to cancel", Some("A-30"));
/// There is no room for another registration.
pub const NO_ROOM: Code = failure(59051, "ERROR", "No more registrations", Some("A-54"));
/// There is no update to apply.
pub const NO_UPDATES: Code = failure(59052, "ERROR", "No Updates Available on Terminal to Apply", Some("A-59"));
/// The issuer asks for a call.
pub const CALL: Code = failure(59074, "ERROR", "Call for authorisation", Some("A-49"));

/// The payment host cannot decide now.
pub const HOST_ERROR: Code = failure(43, "ERROR", "Communication error", None);

/// The token of a card was found (token flows; elsewhere 1 is IN SETTLEMENT).
pub const TOKEN_FOUND: Code =
    Code { number: 1, result: "OK", text: "Token found", success: true, assumption: Some("A-38") };
/// Approved and in the batch.
pub const CAPTURED: Code = platform(4, "CAPTURED", "APPROVED");
/// Approved.
pub const APPROVED: Code = platform(5, "APPROVED", "APPROVED");
/// Cut over.
pub const CUT_OVER: Code = platform(5, "APPROVED", "Cutover Successful");
/// Approved offline and stored, to be captured.
pub const CAPTURE_STORED: Code = platform(4, "APPROVED/STORED", "APPROVED");
/// Approved offline and stored.
pub const APPROVAL_STORED: Code = platform(5, "APPROVED/STORED", "APPROVED");
/// Declined; RESPONSE_TEXT says why.
pub const DECLINED: Code = platform(6, "DECLINED", "DECLINE");
/// Voided.
pub const VOIDED: Code = platform(7, "VOIDED", "VOIDED");
/// A completion is in the batch.
pub const COMPLETED: Code = platform(10, "COMPLETED/APPROVED", "APPROVED");
/// A report.
pub const REPORTED: Code = platform(14, "REPORT OK", "REPORT OK");
/// A tip was changed.
pub const TIP_MODIFIED: Code = platform(17, "TIP_MODIFIED", "TIP MODIFIED");
/// Settlement is scheduled.
pub const SETTLEMENT_SCHEDULED: Code = platform(21, "Settlement Scheduled", "Settlement Scheduled");
/// A payment without an answer was reversed.
pub const REVERSED: Code = failure(22, "REVERSED", "Timeout reversal", None);
/// The host did not answer in time.
pub const HOST_TIMED_OUT: Code = failure(23, "Host Timed Out", "Host timed out", None);
/// The host cannot be reached.
pub const HOST_NOT_AVAILABLE: Code = failure(24, "Host Not Available", "Host not available", None);
/// The connection to the host ended before its answer.
pub const HOST_BROKE_OFF: Code = failure(61, "ERROR", "Host did not answer", None);

/// The terminal's own outcomes.
pub const DEVICE: &[Code] = &[
    DONE,
    BAD_XML,
    UNKNOWN_COMMAND,
    UNKNOWN_LABEL,
    NOT_BASE64,
    CANNOT_ENCRYPT,
    CANNOT_DECRYPT,
    MAC_MISSING,
    ENTRY_CODE_MISMATCH,
    INVOICE_MISMATCH,
    DUPLICATE,
    CANCELLED,
    BUSY,
    SESSION_IN_PROGRESS,
    NO_SESSION,
    NOT_READY,
    NOT_ALLOWED,
    NO_KEY,
    BAD_KEY,
    SECURITY_REFUSED,
    FIELD_ERROR,
    NOTHING_TO_SHOW,
    NO_RECORD,
    BAD_RANGE,
    BAD_STATUS,
    NOTHING_TO_CANCEL,
    NO_ROOM,
    NO_UPDATES,
    CALL,
];

/// The platform's outcomes, as the payment host gives them.
pub const PLATFORM: &[Code] = &[
    NOT_FOUND,
    TOKEN_FOUND,
    platform(1, "IN SETTLEMENT", "IN SETTLEMENT"),
    platform(2, "SETTLED", "SETTLED"),
    CAPTURED,
    CAPTURE_STORED,
    APPROVED,
    APPROVAL_STORED,
    DECLINED,
    VOIDED,
    platform(8, "CAPTURED", "CAPTURED"),
    platform(9, "CAPTURED", "CAPTURED"),
    COMPLETED,
    REPORTED,
    TIP_MODIFIED,
    platform(20, "CAPTURED", "CAPTURED"),
    SETTLEMENT_SCHEDULED,
    REVERSED,
    HOST_TIMED_OUT,
    HOST_NOT_AVAILABLE,
    failure(25, "EOD Command Failed", "EOD Command Failed", None),
    platform(30, "CAPTURED", "CAPTURED"),
    HOST_ERROR,
    failure(44, "ERROR", "HTTP error", None),
    failure(55, "ERROR", "Socket open error", None),
    HOST_BROKE_OFF,
    failure(68, "ERROR", "Socket read timeout", None),
    failure(92, "NOTERMKEYS", "No terminal keys", None),
    platform(93, "DECLINED", "Invalid Card Number"),
    platform(97, "DECLINED", "Invalid Expiration Date"),
    platform(904, "GENERATED", "GENERATED"),
    platform(931, "TOGGLEON", "TOGGLEON"),
    platform(935, "REGISTER", "REGISTER"),
    platform(1000, "DECLINED", "DECLINED"),
    platform(1010, "DECLINED", "Invalid Amount"),
    failure(2098, "ERROR", "XML", None),
];

/// The card has been read.
pub const CARD_ENTRY: Code = notice(1, "OK", "CONSUMER CARD ENTRY", true);
/// The payment is with the host and can no longer be cancelled.
pub const IN_FLIGHT: Code = notice(2, "OK", "TRANSACTION IN FLIGHT", true);
/// The terminal asks for a card.
pub const CARD_ENTRY_SCREEN: Code = notice(5, "OK", "CARD ENTRY SCREEN", true);
/// The card could not be read.
pub const CARD_READ_ERROR: Code = notice(6, "ERROR", "CARD READ ERROR", false);
/// A card with a chip was swiped.
pub const USE_CHIP_READER: Code = notice(7, "ERROR", "USE CHIP READER", false);
/// The chip could not be read in any of the permitted tries; the stripe is asked for.
pub const CHIP_ERROR: Code = notice(8, "ERROR", "CHIP ERROR, SWIPE CARD", false);
/// The card must be removed.
pub const REMOVE_CARD: Code = notice(9, "OK", "REMOVE CARD", true);
/// Present the card again, without contactless.
pub const REDO_WITHOUT_CONTACTLESS: Code = notice(10, "ERROR", "REDO WITHOUT CTLS", false);
/// Present the card again, with contactless.
pub const REDO_WITH_CONTACTLESS: Code = notice(11, "ERROR", "REDO WITH CTLS", false);
/// Several cards are in the field.
pub const ONE_CARD: Code = notice(12, "ERROR", "PRESENT ONE CARD", false);
/// The card has no usable application.
pub const NO_APPLICATION: Code = notice(13, "ERROR", "APPLICATION NOT AVAILABLE", false);
/// The chip has no usable application; its stripe may do.
pub const NO_APPLICATION_SWIPE: Code = notice(14, "ERROR", "APPLICATION NOT AVAILABLE, SWIPE CARD", false);

/// The notices, which the terminal sends unsolicited.
pub const NOTICES: &[Code] = &[
    CARD_ENTRY,
    IN_FLIGHT,
    CARD_ENTRY_SCREEN,
    CARD_READ_ERROR,
    USE_CHIP_READER,
    CHIP_ERROR,
    REMOVE_CARD,
    REDO_WITHOUT_CONTACTLESS,
    REDO_WITH_CONTACTLESS,
    ONE_CARD,
    NO_APPLICATION,
    NO_APPLICATION_SWIPE,
];

/// RESPONSE_TEXT of the answer that returns a card before the payment is decided. Its RESULT is OK; another answer
/// follows.
pub const EARLY_CARD: &str = "CAPTURE EARLY CARD NOTIFICATION";

/// The first outcome with this number, of the platform if it has one, else of the device.
#[must_use]
pub fn find_code(number: i32) -> Option<&'static Code> {
    PLATFORM.iter().chain(DEVICE).find(|code| code.number == number)
}

/// Whether these fields are those of a notice: number, result word and text together.
#[must_use]
pub fn is_notice(number: &str, result: &str, text: &str) -> bool {
    NOTICES.iter().any(|code| code.text == text && code.result == result && code.number.to_string() == number)
}
