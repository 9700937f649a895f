//! `record`: stands between terminals and their broker.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use sca_capture::record::{RecordPlan, record};
use sca_runner::live::Credentials;
use sca_terminal::Target;

use crate::certs::{self, Files, credentials};
use crate::exit::Exit;
use crate::log::{Log, Logging};
use crate::open::party::{Bounds, Refused, Until, exit, on_one_thread, url};
use crate::terms::say;

#[derive(Debug, Args)]
#[command(
    after_help = "Terminals are sent to the recorder's address in place of their broker's. Over wss both of its \
    sides need a certificate, for TLS cannot be looked into from between: the terminals have to trust the recorder's \
    authority, and the broker its certificate. `--certs DIR` takes what `sca-sim certs DIR` has made, and makes it where \
    it is missing. The recording ends with Ctrl-C, or when it is killed; either way every file is a scenario. Where it cannot be \
    written it says so, and passes everything on."
)]
pub(crate) struct Arguments {
    /// Where terminals reach the recorder, for example 127.0.0.1:9000; port 0 takes a free one
    #[arg(long, value_name = "ADDR")]
    listen: SocketAddr,
    /// The broker: ws://HOST:PORT or wss://HOST:PORT
    #[arg(long, value_name = "URL", value_parser = url)]
    to: Target,
    /// The folder of the recordings, a file for each terminal; files that are there stay as they are
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// A folder of `sca-sim certs` with all that both sides need; made where it is missing
    #[arg(long, value_name = "DIR", conflicts_with_all = ["ca", "cert", "key", "crl", "to_ca", "to_cert", "to_key"])]
    certs: Option<PathBuf>,
    /// A field or header whose value is kept out like a password; may be given several times
    #[arg(long, value_name = "NAME")]
    redact: Vec<String>,
    /// List at the end what was taken out, and what looks like a secret and was kept
    #[arg(long)]
    audit: bool,
    #[command(flatten)]
    bounds: Bounds,
    #[command(flatten)]
    until: Until,
    #[command(flatten)]
    near: Files,
    /// The authority of the broker, PEM
    #[arg(long, value_name = "FILE")]
    to_ca: Option<PathBuf>,
    /// The certificate that the broker is shown, with its chain, PEM
    #[arg(long, value_name = "FILE", requires = "to_key")]
    to_cert: Option<PathBuf>,
    /// Its private key, PEM, PKCS#8
    #[arg(long, value_name = "FILE", requires = "to_cert")]
    to_key: Option<PathBuf>,
}

/// What is shown to terminals, and what to the broker.
fn both(arguments: &Arguments) -> Result<(Credentials, Credentials), String> {
    let Some(folder) = &arguments.certs else {
        if arguments.to.secure && arguments.to_ca.is_none() {
            return Err("over wss the broker's authority has to be known: give it with --to-ca FILE".to_owned());
        }
        let shown = arguments.to_cert.as_deref().zip(arguments.to_key.as_deref());
        return Ok((arguments.near.read()?, credentials(arguments.to_ca.as_deref(), None, shown)?));
    };
    if !folder.join("authority.pem").exists() {
        certs::make(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        say!("new certificates are in {}; terminals have to trust its authority.pem", folder.display());
    }
    let path = |name: &str| folder.join(name);
    let of = |name: &str| {
        let (cert, key) = (path(&format!("{name}.pem")), path(&format!("{name}.key")));
        credentials(Some(&path("authority.pem")), None, Some((&cert, &key)))
    };
    Ok((of("broker")?, of("terminal")?))
}

pub(crate) fn run(arguments: &Arguments) -> Exit {
    let run = || -> Result<(), Refused> {
        sca_protocol::secret::also(&arguments.redact);
        let (near, far) = both(arguments)?;
        let scheme = if near.identity.is_some() { "wss" } else { "ws" };
        let (to, out, limits) = (arguments.to.clone(), arguments.out.clone(), arguments.bounds.limits(2));
        let plan = RecordPlan { listen: arguments.listen, near, to, far, out, limits, audits: arguments.audit };
        let log = Log::new(Logging::default());
        let ready = |address: SocketAddr| log.line(&format!("listening on {scheme}://{address}"));
        let mut tell = |line: &str| log.line(line);
        on_one_thread(async { record(plan, arguments.until.over(), ready, &mut tell).await })?
            .map_err(|error| error.to_string())?;
        Ok(())
    };
    exit(run())
}
