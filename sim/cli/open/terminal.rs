//! `terminal`: the simulated terminal as a process on real sockets, with the cardholder's actions read from standard
//! input.

use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, Read};
use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;
use sca_core::{Cardholder, Target};
use sca_live::{Act, Said, TerminalPlan};
use sca_protocol::cards::{CARDS, Card, Entry};
use sca_protocol::settings::{Settings, TerminalSettings, nearest};
use sca_terminal::simulated;
use tokio::sync::{mpsc, oneshot};

use super::party::{Bounds, Refused, chosen, exit, interrupted, live_setting, on_one_thread, url};
use crate::certs::CredentialFiles;
use crate::console::{complain, say};
use crate::exit::Exit;
use crate::log::{Log, Logging};

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct TerminalArguments {
    /// The broker: ws://HOST:PORT or wss://HOST:PORT. Not used with --set POSCONNECTALLOW=ETHERNET, where a POS
    /// connects to the terminal on its classic ports
    #[arg(long, value_name = "URL", value_parser = url)]
    connect: Option<Target>,
    /// The terminal's pinpad id, sent as x-vfi-pinpad-id; default: the setting pinpad-id, or 1
    #[arg(long, value_name = "ID")]
    pinpad: Option<String>,
    /// A setting of the terminal, see `sca-sim settings`; repeatable
    #[arg(long, value_name = "NAME=VALUE", value_parser = live_setting::<TerminalSettings>)]
    set: Vec<(String, String)>,
    /// Seed of the terminal's random choices (keys, masks, retry jitter); default: different each time
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// The address on which the classic ports listen (settings DEVICEPORT and DEVICEPORTSECONDARY)
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    listen_on: IpAddr,
    /// A folder that holds the terminal's flash; read at the start and written as the device writes its flash
    #[arg(long, value_name = "DIR")]
    flash: Option<PathBuf>,
    #[command(flatten)]
    bounds: Bounds,
    #[command(flatten)]
    files: CredentialFiles,
    #[command(flatten)]
    logging: Logging,
    /// Exit when standard input closes, so that the process never outlives the test that started it
    #[arg(long)]
    end_with_stdin: bool,
}

pub(crate) fn terminal(arguments: &TerminalArguments) -> Exit {
    let run = || -> Result<(), Refused> {
        let mut settings: TerminalSettings = chosen(&arguments.set)?;
        if let Some(id) = &arguments.pinpad {
            if arguments.set.iter().any(|(name, value)| name == "pinpad-id" && value != id) {
                return Err(Refused::Usage("--pinpad and --set pinpad-id contradict each other".to_owned()));
            }
            settings.set("pinpad-id", id).map_err(|error| Refused::Usage(error.to_string()))?;
        }
        without_effect(&settings, &arguments.set, arguments.connect.as_ref()).map_err(Refused::Usage)?;
        let target = match &arguments.connect {
            Some(_) if settings.pos_connect_allow != "WEBSOCKETS" => {
                let why = "--connect requires POSCONNECTALLOW=WEBSOCKETS: other terminals do not connect to a broker";
                return Err(Refused::Usage(why.to_owned()));
            }
            Some(target) => target.clone(),
            None if settings.pos_connect_allow != "WEBSOCKETS" => {
                Target { host: String::new(), port: 0, secure: false }
            }
            None => {
                let why = "missing --connect URL; without a broker use --set POSCONNECTALLOW=ETHERNET";
                return Err(Refused::Usage(why.to_owned()));
            }
        };
        let plan = TerminalPlan {
            settings,
            seed: arguments.seed.unwrap_or_else(|| RandomState::new().hash_one(std::process::id())),
            credentials: arguments.files.read_for(target.secure)?,
            target,
            listen_on: arguments.listen_on,
            flash: arguments.flash.clone(),
            limits: arguments.bounds.limits(1),
        };
        let log = Log::new(arguments.logging);
        let mut tell = |said: &Said<'_>| log.said(said);
        on_one_thread(async {
            let ((sender, acts), logging) = (mpsc::channel(16), arguments.logging);
            let (ended, end) = oneshot::channel();
            // A separate thread, because a blocking read of standard input cannot be cancelled and must not delay the
            // exit.
            std::thread::spawn(move || {
                read_actions(&sender, logging);
                // Without --end-with-stdin nobody listens for the end of input.
                _ = ended.send(());
            });
            let signals = interrupted();
            let ends_with_stdin = arguments.end_with_stdin;
            let over = async move {
                tokio::select! {
                    biased;
                    () = signals => {}
                    Ok(()) = end, if ends_with_stdin => {}
                }
            };
            sca_live::connect(plan, &simulated, acts, over, &mut tell).await
        })?
        .map_err(|error| error.to_string())?;
        Ok(())
    };
    exit(run())
}

/// Rejects settings that have no effect in this mode of the terminal.
fn without_effect(
    settings: &TerminalSettings,
    set: &[(String, String)],
    connect: Option<&Target>,
) -> Result<(), String> {
    const OF_TLS: &[&str] = &["tls", "groups", "resumption", "tls-timeout"];
    const OF_PORTS: &[&str] = &["DEVICEPORT", "DEVICEPORTSECONDARY", "document-timeout", "idle-timeout"];
    const OF_LINK: &[&str] = &[
        "boot-time",
        "retry-first",
        "retry-growth",
        "retry-cap",
        "retry-jitter",
        "retry-after-max",
        "connect-timeout",
        "upgrade-timeout",
        "pong-timeout",
        "message-size-max",
        "header-space-before-colon",
        "host-port",
        "subprotocol-required",
        "PROXY",
        "proxy-user",
        "proxy-password",
        "late-answer",
        "counter-over-reconnect",
        "notices",
    ];
    let is_link = settings.pos_connect_allow == "WEBSOCKETS";
    let is_plain = connect.is_some_and(|target| !target.secure);
    for name in set.iter().filter_map(|(name, _)| TerminalSettings::row(name).ok()).map(|row| row.name) {
        let is_of_link = OF_LINK.contains(&name) || name.starts_with("WEBSOCKET");
        let why = match name {
            "proxy-user" | "proxy-password" if settings.proxy.is_empty() => "no PROXY is set",
            name if OF_PORTS.contains(&name) && is_link => {
                "with POSCONNECTALLOW=WEBSOCKETS the classic ports are closed"
            }
            name if (is_of_link || OF_TLS.contains(&name)) && !is_link => {
                "without POSCONNECTALLOW=WEBSOCKETS the terminal does not connect to a broker"
            }
            name if OF_TLS.contains(&name) && is_plain => "ws does not use TLS",
            _ => continue,
        };
        return Err(format!("{name} has no effect here: {why}"));
    }
    Ok(())
}

/// Help text for the commands that the user can type while the terminal runs.
const HELP: &str = "While it runs, type the cardholder's actions, one per line:
  taps visa           also inserts, swipes; also amex, mastercard, debit and others
  removes             removes the card from the slot
  enters 1234         enters a PIN, a code or a text
  presses OK          presses a button, named by its label
  signs
  screen              prints the screen again
  power off           also power on
  help                this list";

/// Reads the cardholder's actions from standard input, one per line, until it ends.
fn read_actions(to: &mpsc::Sender<Act>, logging: Logging) {
    const LINE_MAX: u64 = 4 << 10;
    let mut input = std::io::stdin().lock();
    let mut bytes = Vec::new();
    while (&mut input).take(LINE_MAX).read_until(b'\n', &mut bytes).is_ok_and(|read| read > 0) {
        let line = String::from_utf8_lossy(&std::mem::take(&mut bytes)).into_owned();
        match act(&line) {
            Ok(Some(act)) => {
                if to.blocking_send(act).is_err() {
                    return;
                }
            }
            Ok(None) => {}
            // A machine-readable log on standard output must contain nothing else.
            Err(Told::Help) if logging.is_for_machines() => complain!("{HELP}"),
            Err(Told::Help) => say!("{HELP}"),
            Err(Told::Wrong(why)) => complain!("{why}"),
        }
    }
}

/// A reply to input that is not an action.
enum Told {
    Help,
    Wrong(String),
}

/// Parses one line of input; none if it is empty.
fn act(line: &str) -> Result<Option<Act>, Told> {
    let line = line.trim();
    let line = line.strip_prefix("cardholder ").unwrap_or(line);
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let rest = rest.trim();
    // Quoted as in scenario files.
    let rest = rest.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(rest);
    let card = |entry| match Card::find(rest) {
        Some(card) => Ok(Cardholder::Presents(card, entry)),
        None => {
            let names = CARDS.iter().map(|card| card.name);
            let near = nearest(rest, names.clone()).map(|near| format!("; did you mean {near}?"));
            let near = near.unwrap_or_else(|| format!(": {}", names.collect::<Vec<_>>().join(", ")));
            Err(Told::Wrong(format!("unknown card {rest}{near}")))
        }
    };
    let done = match (word, rest) {
        ("", _) => return Ok(None),
        ("help" | "?", _) => return Err(Told::Help),
        ("screen", "") => return Ok(Some(Act::Looks)),
        ("power", "on" | "off") => return Ok(Some(Act::Power(rest == "on"))),
        ("presses", _) => Cardholder::Presses(rest.to_owned()),
        ("enters", _) => Cardholder::Enters(rest.to_owned()),
        ("taps", _) => card(Entry::Tapped)?,
        ("inserts", _) => card(Entry::Inserted)?,
        ("swipes", _) => card(Entry::Swiped)?,
        ("removes", _) => Cardholder::Removes,
        ("signs", _) => Cardholder::Signs,
        _ => {
            const WORDS: [&str; 10] =
                ["taps", "inserts", "swipes", "removes", "signs", "presses", "enters", "screen", "power", "help"];
            let near = nearest(word, WORDS).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            return Err(Told::Wrong(format!("unknown action {word}{near} (help lists the actions)")));
        }
    };
    Ok(Some(Act::Cardholder(done)))
}
