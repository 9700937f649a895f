//! The option `--core`: which client core is played, ours or one in another process.

use std::time::Duration;

use clap::{Args, ValueEnum};
use sca_bridge::lines::Level;
use sca_bridge::{Conversation, Cores, ForeignCore, ForeignTerminal};
use sca_core::{
    Client, ClientCore, CoreConfig, CoreInput, CoreOutput, CoreSettings, Display, Input, Output, Terminal,
    TerminalConfig, Trouble,
};
use sca_environment::shell;
use sca_protocol::Now;
use sca_protocol::settings::TerminalSettings;
use sca_terminal::SimulatedTerminal;

/// What a command is told of the core.
#[derive(Debug, Clone, Args)]
pub(crate) struct CoreOption {
    /// Play a client core of yours in place of ours: a shell command that speaks the core protocol on its standard input
    /// and output (see `sca-sim core --help`)
    #[arg(long, value_name = "CMD")]
    pub(crate) core: Option<String>,
    /// How much the core does itself, with --core
    #[arg(long, value_enum, value_name = "LEVEL", default_value = "documents", requires = "core")]
    core_level: CoreLevel,
    /// How long each answer of the core may take in real time
    #[arg(long, value_name = "D", default_value = "5s", value_parser = limit, requires = "core")]
    core_timeout: Duration,
}

/// How long each answer of a core may take, unless an option says otherwise.
const LIMIT: Duration = Duration::from_secs(5);

/// How much a core does itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CoreLevel {
    /// When to dial, what to ask, when to ping, close and pause
    Documents,
    /// The same, with a TLS and a WebSocket of its own
    Bytes,
    /// Everything: the whole device, with its screens, payments and files
    Terminal,
}

impl CoreLevel {
    /// The level as the protocol has it.
    pub(crate) fn of_protocol(self) -> Level {
        match self {
            Self::Documents => Level::Documents,
            Self::Bytes => Level::Bytes,
            Self::Terminal => Level::Terminal,
        }
    }

    /// Its word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Documents => "documents",
            Self::Bytes => "bytes",
            Self::Terminal => "terminal",
        }
    }

    /// The option as it is written in a command; empty for the usual level.
    pub(crate) fn said(self) -> &'static str {
        match self {
            Self::Documents => "",
            Self::Bytes => " --core-level bytes",
            Self::Terminal => " --core-level terminal",
        }
    }
}

/// Parses the limit of an answer.
pub(crate) fn limit(text: &str) -> Result<Duration, String> {
    let span = sca_protocol::settings::span(text).filter(|span| !span.is_zero());
    span.ok_or_else(|| "expected a duration, for example 5s or 500ms".to_owned())
}

/// The terminal that is played.
pub(crate) enum PlayedTerminal {
    /// The simulated device around the chosen core.
    Simulated(Box<SimulatedTerminal<PlayedCore>>),
    /// A whole device in another process.
    Foreign(Box<ForeignTerminal>),
}

/// The client core that is played.
pub(crate) enum PlayedCore {
    /// Ours.
    Ours(Box<Client>),
    /// One in another process.
    Foreign(Box<ForeignCore>),
}

impl CoreOption {
    /// Whether the core is another one than ours.
    pub(crate) fn is_foreign(&self) -> bool {
        self.core.is_some()
    }

    /// The cores of the command; none if the core is ours.
    pub(crate) fn cores(&self) -> Option<Cores> {
        let level = self.core_level.of_protocol();
        self.core.as_ref().map(|command| Cores::new(command, level, self.core_timeout))
    }

    /// The function that makes the terminals of a run.
    pub(crate) fn terminals(&self) -> impl Fn(TerminalConfig) -> PlayedTerminal + Sync + use<> {
        terminals(self.cores())
    }

    /// The same, with everything that is said with a core in another process kept.
    pub(crate) fn kept_in(&self, conversation: Conversation) -> impl Fn(TerminalConfig) -> PlayedTerminal + use<> {
        terminals(self.cores().map(|cores| cores.kept_in(conversation)))
    }

    /// The option as it is written in a command that plays a run again.
    pub(crate) fn said(&self) -> String {
        let Some(command) = &self.core else { return String::new() };
        let timeout = match self.core_timeout {
            LIMIT => String::new(),
            other => format!(" --core-timeout {}", sca_protocol::settings::format_duration(other)),
        };
        let level = self.core_level.said();
        format!(" --core {}{level}{timeout}", shell::word(command))
    }
}

/// The function that makes terminals: around our core, around another, or whole devices.
pub(crate) fn terminals(cores: Option<Cores>) -> impl Fn(TerminalConfig) -> PlayedTerminal + Sync {
    move |config| match &cores {
        Some(cores) if cores.level() == Level::Terminal => {
            PlayedTerminal::Foreign(Box::new(ForeignTerminal::new(cores, config)))
        }
        _ => {
            PlayedTerminal::Simulated(Box::new(SimulatedTerminal::around(config, |config: CoreConfig| match &cores {
                None => PlayedCore::Ours(Box::new(Client::new(config))),
                Some(cores) => PlayedCore::Foreign(Box::new(ForeignCore::new(cores, config))),
            })))
        }
    }
}

impl Terminal for PlayedTerminal {
    fn handle(&mut self, now: Now, input: Input) -> Vec<Output> {
        match self {
            Self::Simulated(terminal) => terminal.handle(now, input),
            Self::Foreign(terminal) => terminal.handle(now, input),
        }
    }

    fn deadline(&self) -> Option<Duration> {
        match self {
            Self::Simulated(terminal) => terminal.deadline(),
            Self::Foreign(terminal) => terminal.deadline(),
        }
    }

    fn display(&self) -> Display {
        match self {
            Self::Simulated(terminal) => terminal.display(),
            Self::Foreign(terminal) => terminal.display(),
        }
    }

    fn configure(&mut self, settings: TerminalSettings) {
        match self {
            Self::Simulated(terminal) => terminal.configure(settings),
            Self::Foreign(terminal) => terminal.configure(settings),
        }
    }

    fn trouble(&self) -> Option<Trouble> {
        match self {
            Self::Simulated(terminal) => terminal.trouble(),
            Self::Foreign(terminal) => terminal.trouble(),
        }
    }
}

impl ClientCore for PlayedCore {
    fn handle(&mut self, now: Now, input: CoreInput) -> Vec<CoreOutput> {
        match self {
            Self::Ours(core) => core.handle(now, input),
            Self::Foreign(core) => core.handle(now, input),
        }
    }

    fn deadline(&self) -> Option<Duration> {
        match self {
            Self::Ours(core) => core.deadline(),
            Self::Foreign(core) => core.deadline(),
        }
    }

    fn configure(&mut self, settings: CoreSettings) {
        match self {
            Self::Ours(core) => core.configure(settings),
            Self::Foreign(core) => core.configure(settings),
        }
    }

    fn trouble(&self) -> Option<Trouble> {
        match self {
            Self::Ours(core) => core.trouble(),
            Self::Foreign(core) => core.trouble(),
        }
    }
}
