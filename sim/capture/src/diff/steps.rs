//! Steps of a scenario, looked at as messages.

use sca_scenario::model::{Action, Expect, Message, Sight, Step};

/// What a step demands of a message to the POS.
pub(super) fn message_of(step: &Step) -> Option<(&Expect, &Message)> {
    match &step.action {
        Action::Expect(expect) => match &expect.sight {
            Sight::ToPos(message) => Some((expect, message)),
            _ => None,
        },
        _ => None,
    }
}

/// The label of the request that such a step answers.
pub(super) fn label_of(step: &Step) -> Option<&str> {
    message_of(step)?.0.suffix.re.as_ref().map(|(label, _)| label.as_str())
}
