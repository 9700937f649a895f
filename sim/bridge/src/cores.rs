//! Cores of one command: their processes, each used for many worlds, and what was said in the current ones.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::lines::Level;
use crate::pinned::Pinned;
use crate::process::{Process, ProcessError};

/// One question with its answer, as lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// The index of the terminal.
    pub index: u64,
    /// The line of the harness.
    pub question: String,
    /// The line of the core; empty if none came.
    pub answer: String,
}

/// What was said with the cores of one world, in order.
#[derive(Debug, Clone, Default)]
pub struct Conversation(Arc<Mutex<Vec<Exchange>>>);

impl Conversation {
    /// Everything that was said so far.
    #[must_use]
    pub fn taken(&self) -> Vec<Exchange> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn add(&self, exchange: Exchange) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(exchange);
    }
}

/// A process that no world uses, with the processor that it runs on.
type Idle = (Option<usize>, Process);

/// The cores of one command.
#[derive(Clone)]
pub struct Cores {
    command: Arc<str>,
    level: Level,
    limit: Duration,
    /// Processes that no world uses now.
    idle: Arc<Mutex<Vec<Idle>>>,
    /// Where everything that is said is kept, if it is.
    conversation: Option<Conversation>,
}

impl fmt::Debug for Cores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cores({})", self.command)
    }
}

impl Cores {
    /// Cores that a shell command starts. Each answer may take `limit` of real time.
    #[must_use]
    pub fn new(command: &str, level: Level, limit: Duration) -> Self {
        Self { command: command.into(), level, limit, idle: Arc::default(), conversation: None }
    }

    /// The same cores, with everything that is said kept in a conversation.
    #[must_use]
    pub fn kept_in(&self, conversation: Conversation) -> Self {
        Self { conversation: Some(conversation), ..self.clone() }
    }

    /// The command.
    #[must_use]
    pub fn command(&self) -> &str {
        &self.command
    }

    /// The level that is asked for.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    pub(crate) fn conversation(&self) -> Option<&Conversation> {
        self.conversation.as_ref()
    }

    /// A process that no other world uses: an idle one, or a new one.
    pub(crate) fn process(&self) -> Result<Process, ProcessError> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let here = Pinned::processor();
        match idle.iter().position(|(processor, _)| *processor == here) {
            Some(at) => Ok(idle.swap_remove(at).1),
            None => {
                drop(idle);
                Process::start(&self.command, self.limit)
            }
        }
    }

    /// Takes back a process whose world is over.
    pub(crate) fn is_idle(&self, process: Process) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push((Pinned::processor(), process));
    }
}
