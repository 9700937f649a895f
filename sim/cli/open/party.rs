//! What the parties in the open have in common: their settings, limits, and how they end.

use std::collections::BTreeMap;
use std::io::Read;
use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use sca_core::Target;
use sca_environment::parse_url;
use sca_protocol::settings::{SettingError, Settings, with};
use tokio::signal::unix::{Signal, signal};
use tokio::sync::oneshot;
use tokio::task::LocalSet;

use crate::console::complain;
use crate::exit::Exit;
use crate::interrupt::{ENDS, next};

/// File descriptors reserved for files and for the system.
const DESCRIPTORS_KEPT: u64 = 32;

/// Limits of a party that accepts connections.
#[derive(Debug, Args)]
pub(crate) struct Bounds {
    /// Maximum number of connections; beyond it, the oldest connection that has sent no request is closed to make room
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=60_000))]
    connections: u32,
    /// MiB of data read but not yet delivered; above this, reading pauses
    #[arg(long, value_name = "MIB", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    memory: u32,
    /// Seconds a connection may send no request, leave a frame or document unfinished, or read nothing before it is
    /// closed
    #[arg(long, value_name = "SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    patience: u32,
}

impl Bounds {
    /// The effective limits, given the number of descriptors each connection needs.
    pub(crate) fn limits(&self, each: u64) -> sca_live::Limits {
        raise_descriptors();
        let possible = descriptors().map_or(u64::MAX, |all| all.saturating_sub(DESCRIPTORS_KEPT).max(1) / each);
        sca_live::Limits {
            connections: usize::try_from(possible).unwrap_or(usize::MAX).clamp(1, self.connections as usize),
            memory: (self.memory as usize) << 20,
            patience: Duration::from_secs(self.patience.into()),
        }
    }
}

/// Reads an address to listen on. Names are not resolved, but for `localhost`.
pub(crate) fn address(text: &str) -> Result<SocketAddr, String> {
    let text = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    text.parse().map_err(|_| "expected IP:PORT, for example 127.0.0.1:9000".to_owned())
}

pub(crate) fn url(text: &str) -> Result<Target, String> {
    parse_url(text).ok_or_else(|| "expected ws://HOST:PORT or wss://HOST:PORT".to_owned())
}

/// Parses `NAME=VALUE` for a party in scenarios.
pub(crate) fn setting<T: Settings + Default>(text: &str) -> Result<(String, String), String> {
    checked(text, |name, value| T::default().set_in_scenario(name, value))
}

/// Parses `NAME=VALUE` for a party on real sockets.
pub(super) fn live_setting<T: Settings + Default>(text: &str) -> Result<(String, String), String> {
    checked(text, |name, value| T::default().set_on_real_sockets(name, value))
}

fn checked(text: &str, set: impl Fn(&str, &str) -> Result<(), SettingError>) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    set(name, value).map_err(|error| match error {
        SettingError::Unknown { suggestion: Some(near), .. } => format!("{error}; did you mean {near}?"),
        error => error.to_string(),
    })?;
    Ok((name.to_owned(), value.to_owned()))
}

pub(super) fn chosen<T: Settings + Default>(set: &[(String, String)]) -> Result<T, Refused> {
    let chosen: BTreeMap<String, String> = set.iter().cloned().collect();
    with(&chosen).map_err(|error| Refused::Usage(error.to_string()))
}

/// Runs a future on one thread with real sockets and real time.
pub(crate) fn on_one_thread<F: Future>(future: F) -> Result<F::Output, String> {
    raise_descriptors();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    Ok(LocalSet::new().block_on(&runtime, future))
}

/// Raises the soft limit of file descriptors to the hard limit: many systems default to a low one.
fn raise_descriptors() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
        // If that fails, fewer connections are accepted.
        _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    }
}

/// The limit of file descriptors, if known.
fn descriptors() -> Option<u64> {
    #[cfg(unix)]
    return rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    #[cfg(not(unix))]
    None
}

/// Starts listening for signals; the future completes with the first one. Needs a runtime.
pub(crate) fn interrupted() -> impl Future<Output = ()> {
    let heard: std::io::Result<Vec<Signal>> = ENDS.iter().map(|(kind, ..)| signal(*kind)).collect();
    async move {
        match heard {
            Ok(mut signals) => _ = next(&mut signals).await,
            // Without a signal handler, a signal terminates the process.
            Err(_) => std::future::pending::<()>().await,
        }
    }
}

/// When a party on real sockets ends without a signal.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Until {
    /// Exit when standard input closes, so that the process never outlives the test that started it
    #[arg(long)]
    end_with_stdin: bool,
}

impl Until {
    /// Waits for a signal, or for the end of standard input if that was requested. Needs a runtime.
    pub(crate) fn over(self) -> impl Future<Output = ()> {
        let signals = interrupted();
        let (ended, end) = oneshot::channel();
        if self.end_with_stdin {
            // A separate thread, because a blocking read of standard input cannot be cancelled.
            std::thread::spawn(move || {
                // The input is discarded, and an error counts as its end.
                _ = std::io::copy(&mut std::io::stdin().lock().take(u64::MAX), &mut std::io::sink());
                _ = ended.send(());
            });
        }
        async move {
            tokio::select! {
                biased;
                () = signals => {}
                Ok(()) = end => {}
            }
        }
    }
}

/// Why a party could not run.
pub(crate) enum Refused {
    /// Wrong usage: invalid or contradictory arguments.
    Usage(String),
    /// The environment does not allow it: a file, a port, a peer.
    CannotRun(String),
}

impl From<String> for Refused {
    fn from(why: String) -> Self {
        Self::CannotRun(why)
    }
}

pub(crate) fn exit(result: Result<(), Refused>) -> Exit {
    let (why, exit) = match result {
        Ok(()) => return Exit::Good,
        Err(Refused::Usage(why)) => (why, Exit::Usage),
        Err(Refused::CannotRun(why)) => (why, Exit::CannotRun),
    };
    complain!("error: {why}");
    exit
}
