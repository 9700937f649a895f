//! Why a run stops before its end.

use std::time::Duration;

use sca_core::Trouble;
use sca_judge::time_format::stamp;
use sca_judge::verdict::Failure;

/// Why a run stops before its end.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The scenario failed.
    Failed(Box<Failure>),
    /// A limit of the run was exceeded, or an operation of the harness failed.
    Error(String),
    /// The harness could not go on: something it needs from outside is missing.
    CannotRun(String),
    /// The core does not support what the scenario asks of it.
    Unsupported(String),
}

impl From<Trouble> for Stop {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Failed(why) => Self::Error(why),
            Trouble::Unsupported(why) => Self::Unsupported(why),
        }
    }
}

impl From<Box<Failure>> for Stop {
    fn from(failure: Box<Failure>) -> Self {
        Self::Failed(failure)
    }
}

/// Turns a broken standing rule into a stop, with a note of the observation and its time.
pub(super) fn seen_at(
    now: Duration,
    result: Result<(), Box<Failure>>,
    what: impl FnOnce(&str) -> String,
) -> Result<(), Stop> {
    result.map_err(|failure| {
        let note = format!("seen at {}: {}", stamp(now), what(&failure.label));
        Stop::Failed(Box::new(failure.note(note)))
    })
}
