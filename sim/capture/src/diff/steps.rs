//! Access to the messages and labels of scenario steps.

use sca_model::{Action, Awaited, Expect, Message, Step};

/// The expectation of a step and its message, if it is one to the POS.
pub(super) fn message_of(step: &Step) -> Option<(&Expect, &Message)> {
    match &step.action {
        Action::Expect(expect) => match &expect.awaited {
            Awaited::ToPos(message) => Some((expect, message)),
            _ => None,
        },
        _ => None,
    }
}

/// The label of the request that a message step answers.
pub(super) fn label_of(step: &Step) -> Option<&str> {
    message_of(step)?.0.suffix.re.as_ref().map(|(label, _)| label.as_str())
}
