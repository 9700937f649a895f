//! The answers that a broker itself gives to a POS.

use sca_protocol::Response;
use sca_protocol::message::Layout;

/// Fixed parts of the broker's own answers: a prefix and a suffix.
pub(crate) const NO_TERMINAL: &str = "no terminal with pinpad";

pub(crate) const GONE: &str = "disconnected before it answered";

/// The result code of the broker's own answers; in the code tables, a terminal that is not ready.
pub(crate) const UNREACHED: &str = "59005";

/// Whether a RESPONSE_TEXT is one of the broker's own.
pub(crate) fn is_of_broker(text: &str) -> bool {
    text.starts_with(NO_TERMINAL) || text.ends_with(GONE)
}

/// The broker's own answer to a POS whose request reaches no terminal.
pub(crate) fn refusal(text: String) -> String {
    let refusal = Response::default()
        .with("RESPONSE_TEXT", text)
        .with("RESULT", "ERROR")
        .with("RESULT_CODE", UNREACHED)
        .with("TERMINATION_STATUS", "FAILURE");
    refusal.to_xml(Layout::Indented)
}
