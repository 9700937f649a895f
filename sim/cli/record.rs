//! `record`: a transparent proxy between terminals and their broker that writes scenarios.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use sca_capture::record::{RecordPlan, record};
use sca_core::Target;
use sca_environment::credentials::Credentials;

use crate::certs::{self, CredentialFiles, credentials};
use crate::console::say;
use crate::exit::Exit;
use crate::log::{Log, Logging};
use crate::open::party::{Bounds, Refused, Until, exit, on_one_thread, url};

#[derive(Debug, Args)]
#[command(after_help = "Configure terminals to connect to the recorder instead of the broker. With wss the recorder \
    terminates TLS on both sides and needs a certificate for each: the terminals must trust the recorder's authority, \
    and the broker must accept its certificate. `--certs DIR` uses the files of `sca-sim certs DIR`, and creates them \
    if missing. Stop with Ctrl-C or kill; either way every file is a valid scenario. If the recording cannot be \
    written, that is reported and traffic is still forwarded.")]
pub(crate) struct Arguments {
    /// The address on which terminals reach the recorder, for example 127.0.0.1:9000; port 0 picks a free port
    #[arg(long, value_name = "ADDR", value_parser = crate::open::party::address)]
    listen: SocketAddr,
    /// The broker: ws://HOST:PORT or wss://HOST:PORT
    #[arg(long, value_name = "URL", value_parser = url)]
    to: Target,
    /// The folder for the recordings, one file per terminal; existing files are not changed
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// A folder from `sca-sim certs` with the credentials of both sides; created if missing
    #[arg(long, value_name = "DIR", conflicts_with_all = ["ca", "cert", "key", "crl"])]
    certs: Option<PathBuf>,
    /// A field or header whose value is redacted like a password; repeatable
    #[arg(long, value_name = "NAME")]
    redact: Vec<String>,
    /// List at the end what was redacted, and what looks like a secret but was kept
    #[arg(long)]
    audit: bool,
    #[command(flatten)]
    bounds: Bounds,
    #[command(flatten)]
    until: Until,
    #[command(flatten)]
    near: CredentialFiles,
    /// The certificate authority of the broker, PEM
    #[arg(long, value_name = "FILE")]
    to_ca: Option<PathBuf>,
    /// The client certificate presented to the broker, with its chain, PEM
    #[arg(long, value_name = "FILE", requires = "to_key")]
    to_cert: Option<PathBuf>,
    /// Its private key, PEM, PKCS#8
    #[arg(long, value_name = "FILE", requires = "to_cert")]
    to_key: Option<PathBuf>,
}

/// The credentials for the terminals' side and for the broker's side.
fn both(arguments: &Arguments) -> Result<(Credentials, Credentials), String> {
    let Some(folder) = &arguments.certs else {
        if arguments.to.secure && arguments.to_ca.is_none() {
            return Err("wss requires the broker's authority: --to-ca FILE".to_owned());
        }
        let shown = arguments.to_cert.as_deref().zip(arguments.to_key.as_deref());
        return Ok((arguments.near.read()?, credentials(arguments.to_ca.as_deref(), None, shown)?));
    };
    if !folder.join("authority.pem").exists() {
        certs::make(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        say!("created certificates in {}; terminals must trust its authority.pem", folder.display());
    }
    let path = |name: &str| folder.join(name);
    let of = |name: &str, authority: &Path, shown: Option<(&Path, &Path)>| {
        let (cert, key) = (path(&format!("{name}.pem")), path(&format!("{name}.key")));
        credentials(Some(authority), None, shown.or(Some((&cert, &key))))
    };
    // For the broker's side, what is given goes before what the folder holds.
    let far = arguments.to_cert.as_deref().zip(arguments.to_key.as_deref());
    let authority = path("authority.pem");
    let to_authority = arguments.to_ca.clone().unwrap_or_else(|| authority.clone());
    Ok((of("broker", &authority, None)?, of("terminal", &to_authority, far)?))
}

pub(crate) fn run(arguments: &Arguments) -> Exit {
    let run = || -> Result<(), Refused> {
        sca_masking::secret::add_names(&arguments.redact);
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
