//! `pos`: requests from a file or standard input, answers on standard output.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use sca_protocol::xml::{Split, split};
use sca_runner::live::{self, PosPlan};
use sca_terminal::Target;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::sync::mpsc;

use super::party::{Refused, exit, on_one_thread, url};
use crate::certs::Files;
use crate::exit::Exit;
use crate::terms::say;

#[derive(Debug, Args)]
pub(crate) struct PosArguments {
    /// The broker: ws://HOST:PORT or wss://HOST:PORT, also with /pos/PINPAD-ID as it prints it
    #[arg(long, value_name = "URL", value_parser = pos_url)]
    to: (Target, Option<String>),
    /// The terminal to speak to: 1 unless this or the URL says otherwise
    #[arg(long, value_name = "ID")]
    pinpad: Option<String>,
    /// Seconds to wait for the broker and for each answer
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    patience: u64,
    /// Requests, one XML document after the other; standard input when absent
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    files: Files,
}

/// A broker's address, and the terminal behind it where the path names one.
fn pos_url(text: &str) -> Result<(Target, Option<String>), String> {
    match text.split_once("/pos/") {
        Some((_, "")) => Err("expected a pinpad id behind /pos/".to_owned()),
        Some((broker, id)) => Ok((url(broker)?, Some(id.to_owned()))),
        None => Ok((url(text)?, None)),
    }
}

pub(crate) fn pos(arguments: &PosArguments) -> Exit {
    let run = || -> Result<(), Refused> {
        let (target, named) = arguments.to.clone();
        let pinpad_id = match (named, &arguments.pinpad) {
            (Some(named), Some(asked)) if named != *asked => {
                return Err(Refused::Usage(format!("--to names terminal {named}, --pinpad {asked}")));
            }
            (named, asked) => named.or_else(|| asked.clone()).unwrap_or_else(|| "1".to_owned()),
        };
        let plan = PosPlan {
            credentials: arguments.files.read_for(target.secure)?,
            target,
            pinpad_id,
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
        })??;
        Ok(())
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
