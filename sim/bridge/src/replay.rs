//! A kept conversation asked again: where the answers of a core part from those that were kept.

use std::time::Duration;

use sca_judge::mask::mask_texts;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cores::Exchange;
use crate::process::{Process, ProcessError};
use crate::withheld::{has_gaps, without_bytes};

/// A line of a kept conversation: one question with its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Kept {
    question: Value,
    answer: Value,
}

/// A conversation as JSON lines, for one terminal, with card numbers and secret values masked.
#[must_use]
pub fn to_lines(exchanges: &[Exchange]) -> String {
    let value = |line: &str| serde_json::from_str(line).unwrap_or_else(|_| Value::String(line.to_owned()));
    let mut text = String::new();
    for exchange in exchanges {
        let mut kept = Kept { question: value(&exchange.question), answer: value(&exchange.answer) };
        without_bytes(&mut kept.question);
        without_bytes(&mut kept.answer);
        mask_texts(&mut kept.question);
        mask_texts(&mut kept.answer);
        text.push_str(&serde_json::to_string(&kept).unwrap_or_default());
        text.push('\n');
    }
    text
}

/// Why a conversation cannot be asked again.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// A line is not one of a conversation.
    #[error("line {0} is not one of a conversation: {1}")]
    Line(usize, serde_json::Error),
    /// A question has a gap.
    #[error(
        "line {0} has only the size of bytes, or a key or password was taken out, so it cannot be asked again; play the \
         row again"
    )]
    Gap(usize),
    /// The file has no line.
    #[error("the conversation is empty")]
    Empty,
    /// The core gives no answer to the first question.
    #[error("the core cannot be started: {0}; its standard error: {1}")]
    Start(String, String),
    /// The core cannot be started.
    #[error("the core failed: {0}")]
    Core(#[from] ProcessError),
}

/// Where a core parted from a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parting {
    /// The line of the conversation, from 1.
    pub line: usize,
    /// The question.
    pub question: String,
    /// The answer that was kept; empty if none came then.
    pub kept: String,
    /// The answer now, or why there is none.
    pub now: Result<String, String>,
    /// The last lines of standard error.
    pub last: Vec<String>,
}

/// The number of questions asked, and the first answer that is another one.
///
/// # Errors
/// [`ReplayError`], if the conversation cannot be read or the core cannot be started.
pub fn replay(text: &str, command: &str, limit: Duration) -> Result<(usize, Option<Parting>), ReplayError> {
    let lines = text.lines().filter(|line| !line.trim().is_empty()).enumerate();
    let kept: Result<Vec<Kept>, ReplayError> =
        lines.map(|(at, line)| serde_json::from_str(line).map_err(|error| ReplayError::Line(at + 1, error))).collect();
    let kept = kept?;
    if kept.is_empty() {
        return Err(ReplayError::Empty);
    }
    if let Some(at) = kept.iter().position(|kept| has_gaps(&kept.question)) {
        return Err(ReplayError::Gap(at + 1));
    }
    let mut process = Process::start(command, limit)?;
    for (at, Kept { question, answer }) in kept.iter().enumerate() {
        let now = process.ask(&question.to_string());
        if let (0, Err(error)) = (at, &now)
            && *answer != Value::String(String::new())
        {
            let last = process.last_lines().join("; ");
            return Err(ReplayError::Start(error.to_string(), last));
        }
        let same = now.as_ref().is_ok_and(|line| {
            serde_json::from_str::<Value>(line).is_ok_and(|mut now| {
                without_bytes(&mut now);
                now == *answer
            })
        });
        if !same {
            let parting = Parting {
                line: at + 1,
                question: question.to_string(),
                kept: if *answer == Value::String(String::new()) { String::new() } else { answer.to_string() },
                now: now.map_err(|error| error.to_string()),
                last: process.last_lines(),
            };
            return Ok((at + 1, Some(parting)));
        }
    }
    Ok((kept.len(), None))
}
