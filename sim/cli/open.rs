//! `terminal`, `broker` and `pos`: the simulated parties in the open, on real sockets.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, Read};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use sca_protocol::cards::{CARDS, Card, Entry};
use sca_protocol::settings::{
    BrokerSettings, EstateSettings, HostSettings, SettingError, Settings, TerminalSettings, nearest, with,
};
use sca_protocol::xml::{Split, split};
use sca_runner::live::{self, BrokerPlan, HostPlan, PosPlan, TerminalPlan};
use sca_runner::{parse_url, simulated};
use sca_terminal::{Cardholder, Target};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::signal::unix::{Signal, signal};
use tokio::sync::mpsc;
use tokio::task::LocalSet;

use crate::Exit;
use crate::certs::Files;
use crate::log::Log;
use crate::run::interrupt::{ENDS, next};
use crate::terms::{complain, say};

#[derive(Debug, Args)]
pub(crate) struct TerminalArguments {
    /// The broker: ws://HOST:PORT or wss://HOST:PORT. Not needed with --set POSCONNECTALLOW=ETHERNET, where POS call the
    /// terminal on its classic ports
    #[arg(long, value_name = "URL", value_parser = url)]
    connect: Option<Target>,
    /// The terminal's identity, sent as x-vfi-pinpad-id
    #[arg(long, value_name = "ID", default_value = "1")]
    pinpad: String,
    /// Another setting of the terminal, as `sca-sim settings` lists them; may be given several times
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting::<TerminalSettings>)]
    set: Vec<(String, String)>,
    /// What its chance follows from: keys, masks and the jitter of its pauses; without it they are others every time
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// The address on which the classic ports are opened (settings DEVICEPORT and DEVICEPORTSECONDARY)
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    listen_on: IpAddr,
    /// A folder that stands for the terminal's flash; it is read at the start and written like the device's own
    #[arg(long, value_name = "DIR")]
    flash: Option<PathBuf>,
    #[command(flatten)]
    bounds: Bounds,
    #[command(flatten)]
    files: Files,
}

/// Descriptors that are kept for files and for the system's own.
const DESCRIPTORS_KEPT: u64 = 32;

/// Limits of a party that listens.
#[derive(Debug, Args)]
pub(crate) struct Bounds {
    /// Connections at one time. Who has waited longest without asking for anything makes room for others
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=60_000))]
    connections: u32,
    /// MiB of what was read and nobody has taken yet; then reading waits
    #[arg(long, value_name = "MIB", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    memory: u32,
    /// Seconds that somebody may hold a connection and do nothing with it
    #[arg(long, value_name = "SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    patience: u32,
}

impl Bounds {
    /// What they come to where each connection takes so many descriptors.
    pub(crate) fn limits(&self, each: u64) -> live::Limits {
        raise_descriptors();
        let possible = descriptors().map_or(u64::MAX, |all| all.saturating_sub(DESCRIPTORS_KEPT).max(1) / each);
        live::Limits {
            connections: usize::try_from(possible).unwrap_or(usize::MAX).clamp(1, self.connections as usize),
            memory: (self.memory as usize) << 20,
            patience: Duration::from_secs(self.patience.into()),
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct HostArguments {
    /// Where to listen, for example 127.0.0.1:9000; port 0 takes a free one
    #[arg(long, value_name = "ADDR")]
    listen: SocketAddr,
    /// Be the estate host (VHQ), which offers updates, rather than the payment host
    #[arg(long)]
    estate: bool,
    /// A setting of the host, as `sca-sim settings` lists them; may be given several times
    #[arg(long, value_name = "NAME=VALUE", value_parser = host_setting)]
    set: Vec<(String, String)>,
    #[command(flatten)]
    bounds: Bounds,
}

fn host_setting(text: &str) -> Result<(String, String), String> {
    setting::<HostSettings>(text).or_else(|why| setting::<EstateSettings>(text).map_err(|_| why))
}

#[derive(Debug, Args)]
pub(crate) struct BrokerArguments {
    /// Where to listen, for example 127.0.0.1:8080; port 0 takes a free one
    #[arg(long, value_name = "ADDR")]
    listen: SocketAddr,
    /// Another setting of the broker, as `sca-sim settings` lists them; may be given several times
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting::<BrokerSettings>)]
    set: Vec<(String, String)>,
    #[command(flatten)]
    bounds: Bounds,
    #[command(flatten)]
    files: Files,
}

#[derive(Debug, Args)]
pub(crate) struct PosArguments {
    /// The broker: ws://HOST:PORT or wss://HOST:PORT
    #[arg(long, value_name = "URL", value_parser = url)]
    to: Target,
    /// The terminal to speak to
    #[arg(long, value_name = "ID", default_value = "1")]
    pinpad: String,
    /// Seconds to wait for the broker and for each answer
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    patience: u64,
    /// Requests, one XML document after the other; standard input when absent
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    files: Files,
}

pub(crate) fn url(text: &str) -> Result<Target, String> {
    parse_url(text).ok_or_else(|| "expected ws://HOST:PORT or wss://HOST:PORT".to_owned())
}

pub(crate) fn setting<T: Settings + Default>(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    T::default().set(name, value).map_err(|error| match error {
        SettingError::Unknown { suggestion: Some(near), .. } => format!("{error}; did you mean {near}?"),
        error => error.to_string(),
    })?;
    Ok((name.to_owned(), value.to_owned()))
}

fn chosen<T: Settings + Default>(set: &[(String, String)]) -> Result<T, String> {
    let chosen: BTreeMap<String, String> = set.iter().cloned().collect();
    with(&chosen).map_err(|error| error.to_string())
}

/// Runs a future on one thread with real sockets and real time.
pub(crate) fn on_one_thread<F: Future>(future: F) -> Result<F::Output, String> {
    raise_descriptors();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    Ok(LocalSet::new().block_on(&runtime, future))
}

/// Takes as many descriptors as the system gives: many systems give a process few unless it asks.
fn raise_descriptors() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
        // Where the system does not give them, fewer connections are taken.
        _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    }
}

/// Descriptors that there are, if that is known.
fn descriptors() -> Option<u64> {
    #[cfg(unix)]
    return rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    #[cfg(not(unix))]
    None
}

/// Listens for signals from now on; the first of them ends what is waited for so. Needs a runtime.
pub(crate) fn interrupted() -> impl Future<Output = ()> {
    let heard: std::io::Result<Vec<Signal>> = ENDS.iter().map(|(kind, ..)| signal(*kind)).collect();
    async move {
        match heard {
            Ok(mut signals) => _ = next(&mut signals).await,
            // Where signals cannot be heard, the process is ended the hard way.
            Err(_) => std::future::pending::<()>().await,
        }
    }
}

pub(crate) fn exit(result: Result<(), String>) -> Exit {
    match result {
        Ok(()) => Exit::Good,
        Err(error) => {
            complain!("error: {error}");
            Exit::CannotRun
        }
    }
}

pub(crate) fn terminal(arguments: &TerminalArguments) -> Exit {
    let run = || {
        let mut settings: TerminalSettings = chosen(&arguments.set)?;
        settings.pinpad_id.clone_from(&arguments.pinpad);
        let target = match &arguments.connect {
            Some(_) if settings.pos_connect_allow != "WEBSOCKETS" => {
                return Err(
                    "--connect is for POSCONNECTALLOW=WEBSOCKETS: any other terminal dials no broker".to_owned()
                );
            }
            Some(target) => target.clone(),
            None if settings.pos_connect_allow != "WEBSOCKETS" => {
                Target { host: String::new(), port: 0, secure: false }
            }
            None => return Err("--connect URL is missing; without a broker, --set POSCONNECTALLOW=ETHERNET".to_owned()),
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
        let log = Log::new();
        let mut tell = |line: &str| log.line(line);
        on_one_thread(async {
            let (sender, acts) = mpsc::channel(16);
            // A thread of its own: a read of standard input cannot be given up, and the end must not wait for it.
            std::thread::spawn(move || cardholder(&sender));
            live::connect(plan, &simulated, acts, interrupted(), &mut tell).await
        })?
        .map_err(|error| error.to_string())
    };
    exit(run())
}

/// Reads what the cardholder does, a line each: `taps visa`, `inserts CARD`, `swipes CARD`, `removes`, `signs`,
/// `presses BUTTON`, `enters TEXT`.
fn cardholder(to: &mpsc::Sender<Cardholder>) {
    for line in std::io::stdin().lock().take(1 << 30).lines().map_while(Result::ok) {
        let line = line.trim();
        let line = line.strip_prefix("cardholder ").unwrap_or(line);
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let card = |entry| Card::find(rest).map(|card| Cardholder::Presents(card, entry));
        if let ("taps" | "inserts" | "swipes", None) = (word, Card::find(rest)) {
            let names = CARDS.iter().map(|card| card.name);
            let near = nearest(rest, names.clone()).map(|near| format!("; did you mean {near}?"));
            complain!(
                "there is no card {rest}{}",
                near.unwrap_or_else(|| format!(": {}", names.collect::<Vec<_>>().join(", ")))
            );
            continue;
        }
        let act = match word {
            "" => continue,
            "presses" => Some(Cardholder::Presses(rest.to_owned())),
            "enters" => Some(Cardholder::Enters(rest.to_owned())),
            "taps" => card(Entry::Tapped),
            "inserts" => card(Entry::Inserted),
            "swipes" => card(Entry::Swiped),
            "removes" => Some(Cardholder::Removes),
            "signs" => Some(Cardholder::Signs),
            _ => None,
        };
        match act {
            Some(act) => {
                if to.blocking_send(act).is_err() {
                    return;
                }
            }
            None => complain!(
                "a cardholder taps, inserts or swipes a card, removes it, signs, presses a button or enters a text; \
                 there are the cards {}",
                CARDS.iter().map(|card| card.name).collect::<Vec<_>>().join(", ")
            ),
        }
    }
}

pub(crate) fn host(arguments: &HostArguments) -> Exit {
    let run = || {
        let plan = if arguments.estate {
            HostPlan::Estate(chosen::<EstateSettings>(&arguments.set)?)
        } else {
            HostPlan::Payment(chosen::<HostSettings>(&arguments.set)?)
        };
        let log = Log::new();
        let ready = |address: SocketAddr| log.line(&format!("listening on {address}"));
        let mut tell = |line: &str| log.line(line);
        let limits = arguments.bounds.limits(1);
        on_one_thread(async { live::host(arguments.listen, (plan, limits), interrupted(), ready, &mut tell).await })?
            .map_err(|error| format!("{}: {error}", arguments.listen))
    };
    exit(run())
}

pub(crate) fn broker(arguments: &BrokerArguments) -> Exit {
    let run = || {
        let credentials = arguments.files.read()?;
        let scheme = if credentials.identity.is_some() { "wss" } else { "ws" };
        let plan = BrokerPlan {
            listen: arguments.listen,
            credentials,
            settings: chosen::<BrokerSettings>(&arguments.set)?,
            limits: arguments.bounds.limits(1),
        };
        let log = Log::new();
        let ready = |address: SocketAddr| {
            log.line(&format!("listening on {scheme}://{address}; a POS asks at /pos/PINPAD-ID"));
        };
        let mut tell = |line: &str| log.line(line);
        on_one_thread(async { live::serve(plan, interrupted(), ready, &mut tell).await })?
            .map_err(|error| error.to_string())
    };
    exit(run())
}

pub(crate) fn pos(arguments: &PosArguments) -> Exit {
    let run = || {
        let plan = PosPlan {
            target: arguments.to.clone(),
            pinpad_id: arguments.pinpad.clone(),
            credentials: arguments.files.read_for(arguments.to.secure)?,
            patience: Duration::from_secs(arguments.patience),
        };
        on_one_thread(async {
            let (sender, requests) = mpsc::channel(1);
            let reading: tokio::task::JoinHandle<Result<(), String>> = match &arguments.file {
                Some(path) => {
                    let file = std::fs::File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
                    tokio::task::spawn_local(documents(tokio::fs::File::from_std(file), sender))
                }
                None => tokio::task::spawn_local(documents(tokio::io::stdin(), sender)),
            };
            let mut answered = |answer: &str| say!("{answer}");
            live::converse(&plan, requests, &mut answered).await.map_err(|error| error.to_string())?;
            reading.await.map_err(|error| error.to_string())?
        })?
    };
    exit(run())
}

/// Bytes of requests that may wait for the end of a document.
const WAITING_MAX: usize = 16 << 20;

/// Splits what is read into documents and passes them on. What is no document is passed on as it is, at the end: a POS
/// may send anything.
async fn documents(input: impl AsyncRead + Unpin, to: mpsc::Sender<String>) -> Result<(), String> {
    let mut lines = BufReader::new(input.take(1 << 30));
    let mut waiting = String::new();
    loop {
        let read = lines.read_line(&mut waiting).await.map_err(|error| format!("the requests: {error}"))?;
        while let Split::Whole(end) = split(&waiting) {
            let rest = waiting.split_off(end);
            let document = std::mem::replace(&mut waiting, rest);
            if to.send(document.trim().to_owned()).await.is_err() {
                return Ok(());
            }
        }
        if waiting.len() > WAITING_MAX {
            return Err(format!("the requests: no document ends within {WAITING_MAX} bytes"));
        }
        if read == 0 {
            let rest = waiting.trim();
            if !rest.is_empty() {
                drop(to.send(rest.to_owned()).await);
            }
            return Ok(());
        }
    }
}
