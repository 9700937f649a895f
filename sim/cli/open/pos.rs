//! `pos`: sends requests from a file or standard input, and prints the responses on standard output.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use sca_core::Target;
use sca_live::PosPlan;
use sca_protocol::xml::{Split, split};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::sync::mpsc;

use super::party::{Refused, exit, on_one_thread, url};
use crate::certs::CredentialFiles;
use crate::console::say;
use crate::exit::Exit;

#[derive(Debug, Args)]
pub(crate) struct PosArguments {
    /// The broker: ws://HOST:PORT or wss://HOST:PORT, optionally with /pos/PINPAD-ID as the broker prints it
    #[arg(long, value_name = "URL", value_parser = pos_url)]
    to: (Target, Option<String>),
    /// The pinpad id of the terminal; default: that of the URL, or 1
    #[arg(long, value_name = "ID")]
    pinpad: Option<String>,
    /// Timeout in seconds for the connection and for each response
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    patience: u64,
    /// Requests, as consecutive XML documents; default: standard input
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    files: CredentialFiles,
}

/// Parses a broker's URL, and the pinpad id if the path names one.
fn pos_url(text: &str) -> Result<(Target, Option<String>), String> {
    match text.split_once("/pos/") {
        Some((_, "")) => Err("expected a pinpad id after /pos/".to_owned()),
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
            sca_live::converse(&plan, requests, &mut answered).await.map_err(|error| error.to_string())?;
            reading.await.map_err(|error| error.to_string())?
        })??;
        Ok(())
    };
    exit(run())
}

/// Maximum size in bytes of an unfinished document.
const WAITING_MAX: usize = 16 << 20;

/// Splits the input into documents and sends them on. Trailing text that is not a document is sent too: a POS may send
/// anything.
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
            return Err(format!("the requests: no end of document within {WAITING_MAX} bytes"));
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
