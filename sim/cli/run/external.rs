//! Options of `run --terminal external` and `run --broker`: which party is external, and how it is reached.

use std::io::{BufRead, Read, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::{Args, ValueEnum};
use sca_core::Target;
use sca_environment::broker_under_test::{ExternalBroker, split_path};
use sca_environment::device::{ExternalTerminal, Operator, PLACEHOLDERS};
use sca_environment::parse_url;
use sca_protocol::settings::{BrokerSettings, TerminalSettings};
use sca_suite::ExternalParty;

use crate::certs::CredentialFiles;
use crate::console::{complain, threads};
use crate::exit::Exit;

/// Which terminal is under test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Terminal {
    /// The simulated terminal.
    Simulated,
    /// A real terminal, or any other client core, that connects to --listen.
    External,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "External terminal or broker under test")]
pub(crate) struct Device {
    /// Which terminal is under test
    #[arg(long, value_enum, default_value = "simulated")]
    pub(crate) terminal: Terminal,
    /// The address on which the terminal reaches its broker; with port 0 each scenario gets its own port, and several
    /// run in parallel
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0", value_parser = crate::open::party::address)]
    listen: SocketAddr,
    /// The host name or address that the terminal dials to reach it
    #[arg(long, value_name = "NAME", default_value = "localhost")]
    listen_name: String,
    /// Start the terminal for each scenario with this command. Placeholders, each filled in with quotes of its own:
    /// {url} {ca} {cert} {key} {pinpad}, and {settings} for a JSON file with the terminal's settings. Within your own
    /// quotes use the environment variables SCA_URL, SCA_PINPAD and so on
    #[arg(long, value_name = "CMD", value_parser = command)]
    spawn: Option<String>,
    /// Run this command before each scenario to reset the terminal
    #[arg(long, value_name = "CMD", conflicts_with = "spawn")]
    reset: Option<String>,
    /// A setting of the terminal: one that the external terminal is known to have, or one given to the simulated
    /// terminal before an external broker; repeatable
    #[arg(long, value_name = "NAME=VALUE", value_parser = crate::open::party::setting::<TerminalSettings>)]
    set: Vec<(String, String)>,
    /// A setting of the simulated broker in every scenario that does not set it, for terminals that insist on it
    /// (`subprotocol sci`); repeatable
    #[arg(long, value_name = "NAME=VALUE", value_parser = broker_setting)]
    broker_set: Vec<(String, String)>,
    /// Ask the operator at the terminal what its screen shows, and prompt for the cardholder's actions
    #[arg(long)]
    interactive: bool,
    /// Timeout in seconds for the terminal to connect
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    patience: u64,
    /// Skip scenarios that take longer than this many real seconds; default: 30 with an external party, 5 with --wire
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3_600))]
    longest: Option<u64>,
    /// Milliseconds added to every deadline
    #[arg(long, value_name = "MS", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(0..=60_000))]
    slack: u64,
    /// Milliseconds to wait after the upgrade response for a terminal that rejects it and disconnects; after that it
    /// counts as connected
    #[arg(long, value_name = "MS", default_value_t = 150, value_parser = clap::value_parser!(u64).range(1..=60_000))]
    second_thoughts: u64,
    /// Append everything the terminal prints to this file
    #[arg(long, value_name = "FILE", requires = "spawn")]
    device_log: Option<PathBuf>,
    /// The external broker under test, ws:// or wss://HOST:PORT; the terminal and its POS are simulated
    #[arg(long, value_name = "URL", value_parser = crate::open::party::url, requires = "pos", conflicts_with = "terminal")]
    broker: Option<Target>,
    /// The URL at which a POS reaches that broker; {pinpad} is replaced by the id of its terminal, as in
    /// ws://localhost:8080/pos/{pinpad}
    #[arg(long, value_name = "URL", value_parser = pos_url, requires = "broker")]
    pos: Option<String>,
    #[command(flatten)]
    files: CredentialFiles,
}

fn broker_setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = crate::open::party::setting::<BrokerSettings>(text)?;
    if matches!(name.as_str(), "url" | "latency" | "bandwidth" | "clock") {
        return Err(format!("{name} cannot be set for a broker on real sockets"));
    }
    Ok((name, value))
}

fn pos_url(text: &str) -> Result<String, String> {
    check_placeholders(text, &["pinpad"])?;
    let (front, _) = split_path(text);
    parse_url(front)
        .map(|_| text.to_owned())
        .ok_or_else(|| "expected ws://HOST:PORT/PATH or wss://HOST:PORT/PATH".to_owned())
}

impl Device {
    /// The longest real time a row may take with an external party.
    fn real_time_max(&self) -> Duration {
        Duration::from_secs(self.longest.unwrap_or(30))
    }

    /// The longest real time a row may take with `--wire`.
    pub(crate) fn wire_time_max(&self) -> Duration {
        Duration::from_secs(self.longest.unwrap_or(5))
    }

    /// The options that affect verdicts with an external party. Parts of one run must agree on them to be merged, even
    /// if each part has its own device.
    pub(crate) fn verdict_options(&self) -> Vec<String> {
        if self.world().is_none() {
            return Vec::new();
        }
        let mut said = vec![format!("--slack {}", self.slack), format!("--longest {}", self.real_time_max().as_secs())];
        said.extend(self.set.iter().map(|(name, value)| format!("--set {name}={value}")));
        said.extend(self.broker_set.iter().map(|(name, value)| format!("--broker-set {name}={value}")));
        said
    }

    /// The external party that these options describe. Prints an error and returns the exit code if they contradict
    /// each other.
    pub(crate) fn real(&self) -> Result<ExternalParty, Exit> {
        if !self.broker_set.is_empty() && self.terminal == Terminal::Simulated {
            complain!("error: --broker-set requires --terminal external");
            return Err(Exit::Usage);
        }
        if let (Some(broker), Some(pos)) = (&self.broker, &self.pos) {
            return Ok(ExternalParty::Broker(ExternalBroker {
                broker: broker.clone(),
                pos: pos.clone(),
                terminal: self.set.clone(),
                credentials: self.files.read_for(broker.secure).map_err(credentials_error)?,
                patience: Duration::from_secs(self.patience),
                longest: self.real_time_max(),
                slack: Duration::from_millis(self.slack),
            }));
        }
        if self.terminal == Terminal::Simulated {
            let asked = self.spawn.is_some() || self.reset.is_some() || self.interactive || !self.set.is_empty();
            if asked {
                complain!("error: --spawn, --reset, --interactive and --set require --terminal external or --broker");
                return Err(Exit::Usage);
            }
            return Ok(ExternalParty::Nothing);
        }
        let credentials = self.files.read().map_err(credentials_error)?;
        let person = self.interactive.then(|| Arc::new(Beside::default()) as Arc<dyn Operator>);
        Ok(ExternalParty::Terminal(ExternalTerminal {
            listen: self.listen,
            name: self.listen_name.clone(),
            spawn: self.spawn.clone(),
            reset: self.reset.clone(),
            has: self.set.clone(),
            broker: self.broker_set.clone(),
            credentials: credentials.identity.is_some().then_some(credentials),
            patience: Duration::from_secs(self.patience),
            longest: self.real_time_max(),
            second_thoughts: Duration::from_millis(self.second_thoughts),
            slack: Duration::from_millis(self.slack),
            log: self.device_log.clone(),
            person,
        }))
    }

    /// The external-party options of the command line, quoted for the shell, for a command that repeats a run.
    pub(crate) fn said(&self) -> String {
        if self.world().is_none() {
            return String::new();
        }
        let mine = [
            "--terminal",
            "--listen",
            "--listen-name",
            "--spawn",
            "--reset",
            "--set",
            "--broker-set",
            "--broker",
            "--pos",
            "--ca",
            "--crl",
            "--cert",
            "--key",
            "--slack",
            "--longest",
            "--patience",
            "--second-thoughts",
        ];
        let mut said = String::new();
        let mut all = std::env::args();
        while let Some(argument) = all.next() {
            let (name, value) =
                argument.split_once('=').map_or((argument.as_str(), None), |(n, v)| (n, Some(v.to_owned())));
            if mine.contains(&name) {
                let value = value.or_else(|| all.next()).unwrap_or_default();
                said.push_str(&format!(" {name} '{}'", value.replace('\'', "'\\''")));
            } else if name == "--interactive" {
                said.push_str(" --interactive");
            }
        }
        said
    }

    /// The name of the world as it appears in reports; none if everything is simulated.
    pub(crate) fn world(&self) -> Option<&'static str> {
        match self.terminal {
            Terminal::External => Some("external terminal"),
            Terminal::Simulated if self.broker.is_some() => Some("real broker"),
            Terminal::Simulated => None,
        }
    }

    /// Whether an operator is asked questions (`--interactive`).
    pub(crate) fn is_interactive(&self) -> bool {
        self.interactive
    }

    /// How many scenarios run in parallel. A device that exists once plays one at a time; devices started by `--spawn`
    /// mostly wait, so eight of them run by default.
    pub(crate) fn jobs(&self, asked: Option<u16>) -> usize {
        const STARTED: u16 = 8;
        let is_one = self.listen.port() != 0 || self.interactive || self.spawn.is_none();
        match self.terminal {
            // A pinpad id can have only one connection to the broker at a time.
            Terminal::Simulated if self.broker.is_some() => 1,
            Terminal::Simulated => threads(asked),
            Terminal::External if is_one => 1,
            Terminal::External => threads(asked.or(Some(STARTED))),
        }
    }
}

/// Prints why credentials cannot be used, and returns the exit code.
fn credentials_error(why: impl std::fmt::Display) -> Exit {
    complain!("error: {why}");
    Exit::CannotRun
}

/// The operator of `--interactive`: instructions and questions on standard error, answers on standard input.
#[derive(Default)]
struct Beside(Mutex<()>);

impl Operator for Beside {
    fn told(&self, what: &str) {
        complain!("please: {what}");
    }

    fn asked(&self, question: &str) -> Option<bool> {
        let _one_at_a_time = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let mut to = std::io::stderr().lock();
            write!(to, "{question}? [y/n] ").and_then(|()| to.flush()).ok()?;
            drop(to);
            let mut line = String::new();
            if std::io::stdin().lock().take(4_096).read_line(&mut line).unwrap_or(0) == 0 {
                return None;
            }
            match line.trim() {
                "y" | "yes" => return Some(true),
                "n" | "no" => return Some(false),
                _ => complain!("please answer yes or no"),
            }
        }
    }
}

/// Checks that every lower-case word in braces is a known placeholder.
fn check_placeholders(text: &str, known: &[&str]) -> Result<(), String> {
    for part in text.split('{').skip(1) {
        let Some((name, _)) = part.split_once('}') else { continue };
        let is_word = !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase());
        if is_word && !known.contains(&name) {
            let known: Vec<String> = known.iter().map(|name| format!("{{{name}}}")).collect();
            return Err(format!("unknown placeholder {{{name}}}; known: {}", known.join(" ")));
        }
    }
    Ok(())
}

fn command(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("expected a command, got an empty string".to_owned());
    }
    check_placeholders(text, PLACEHOLDERS)?;
    quoted(text, PLACEHOLDERS)?;
    Ok(text.to_owned())
}

/// Rejects a placeholder within quotes: its replacement is quoted, which would end the surrounding quotes.
fn quoted(text: &str, known: &[&str]) -> Result<(), String> {
    if let Some(at) = text.find("<<") {
        let is_within = |name: &&&str| text[at..].contains(&format!("{{{name}}}"));
        if let Some(name) = known.iter().find(is_within) {
            let variable = format!("SCA_{}", name.to_ascii_uppercase());
            return Err(format!("{{{name}}} is behind `<<`, where its quotes would be text; use ${variable} there"));
        }
    }
    let mut quote = None;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            (Some('\''), '\'') | (Some('"'), '"') => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None | Some('"'), '\\') => _ = chars.next(),
            (Some(_), '{') => {
                let name = text[at + 1..].split_once('}').map_or("", |(name, _)| name);
                if known.contains(&name) {
                    let variable = format!("SCA_{}", name.to_ascii_uppercase());
                    return Err(format!(
                        "{{{name}}} is within quotes and brings its own; write it bare, or use \"${variable}\""
                    ));
                }
            }
            _ => {}
        }
    }
    Ok(())
}
