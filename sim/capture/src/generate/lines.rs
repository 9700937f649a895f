//! Building blocks of scenario lines.

use sca_model::Span;
use sca_model::{Action, Awaited, Demand, Expect, Suffix, Test};
use sca_protocol::Request;
use sca_protocol::plain::is_invisible;
use sca_protocol::xml::Limits;

/// Maximum size in bytes of a message in a scenario; a file can hold a few of them.
pub(crate) const MESSAGE_MAX: usize = 128 << 10;

/// An expectation of the only terminal.
pub(super) fn expect(awaited: Awaited) -> Action {
    Action::Expect(Expect { who: 0, awaited, suffix: Suffix::default() })
}

/// A test of one field.
pub(super) fn test(field: &str, demand: Demand) -> Test {
    Test { field: field.to_owned(), demand, span: Span::default() }
}

/// A text made safe for a scenario line: without card data, literal inserts and control characters.
pub(super) fn safe_text(text: &str) -> String {
    let kept: String = text.trim_end().chars().filter(|c| !c.is_control() && !is_invisible(*c)).collect();
    let text = crate::redacted(&kept);
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        out.push_str(if c == '{' && out.ends_with('{') { " " } else { "" });
        out.push(c);
        out
    })
}

/// Whether a request opens a session.
pub(super) fn is_start(request: &Request) -> bool {
    request.function_type() == "SESSION" && request.command() == "START"
}

/// Parses a text as a request.
pub(super) fn request_in(text: &str) -> Option<Request> {
    Request::parse(text, Limits { bytes_max: usize::MAX, ..Limits::default() }).ok()
}
