//! `certs`: writes a certificate authority, identities and flawed certificates as PEM, and reads PEM credentials for
//! other commands.

use std::path::{Path, PathBuf};
use std::{fs, io};

use clap::Args;
use sca_certs::{FLAWS, Flaw, KeyKind, Role, certificate_pem, revocation_list_pem};
use sca_environment::{Identities, today};
use sca_model::Certificate;
use sca_network::pem;
use sca_network::pem::PemError;

use crate::console::{complain, say};
use crate::exit::Exit;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The output folder; created if missing
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// A host name or address in the broker's certificate; repeatable
    #[arg(long, value_name = "NAME", default_values = ["localhost", "127.0.0.1", "broker.test"])]
    name: Vec<String>,
    /// The pinpad id in the terminal's certificate
    #[arg(long, value_name = "ID", default_value = "1")]
    pinpad: String,
    /// Replace an existing authority and its identities
    #[arg(long)]
    force: bool,
    /// Also write one flawed identity per kind of flaw, for both sides
    #[arg(long)]
    flaws: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Exit {
    match write_all(arguments) {
        Ok(count) => {
            say!("{count} files in {}; only you can read the keys", arguments.folder.display());
            Exit::Good
        }
        Err(error) => {
            complain!("error: {}: {error}", arguments.folder.display());
            Exit::CannotRun
        }
    }
}

/// Creates the credentials for both ends of a connection on this machine, with the default names.
pub(crate) fn make(folder: &Path) -> io::Result<usize> {
    write_all(&Arguments {
        folder: folder.to_owned(),
        name: ["localhost", "127.0.0.1", "broker.test"].map(str::to_owned).to_vec(),
        pinpad: "1".to_owned(),
        force: false,
        flaws: false,
    })
}

fn write_all(arguments: &Arguments) -> io::Result<usize> {
    let folder = &arguments.folder;
    sca_files::make_folder(folder)?;
    if folder.join("authority.pem").exists() && !arguments.force {
        return Err(io::Error::other("an authority already exists; --force replaces it and everything it has signed"));
    }
    let clock = today();
    let other = |error: sca_certs::CertError| io::Error::other(error.to_string());
    let identities = Identities::new(KeyKind::P256, clock).map_err(other)?;
    let lists: String =
        identities.revocation_lists().map_err(other)?.iter().map(|der| revocation_list_pem(der)).collect();
    sca_files::replace(&folder.join("authority.pem"), certificate_pem(&identities.root("authority")))?;
    sca_files::replace(&folder.join("stranger.pem"), certificate_pem(&identities.root("stranger")))?;
    sca_files::replace(&folder.join("intermediate.pem"), certificate_pem(&identities.intermediate()))?;
    sca_files::replace(&folder.join("revoked.crl.pem"), lists)?;
    let sides =
        [(Role::Broker, "broker", &arguments.name), (Role::Terminal, "terminal", &vec![arguments.pinpad.clone()])];
    let mut count = 4;
    for (role, side, names) in sides {
        let flaws = FLAWS.iter().filter(|(flaw, _)| arguments.flaws && *flaw != Flaw::None);
        for word in std::iter::once(None).chain(flaws.map(|(_, word)| Some(*word))) {
            let certificate =
                Certificate { flaw: word.map(str::to_owned), names: names.clone(), ..Certificate::default() };
            let identity = identities.issue(role, &certificate, side, clock).map_err(io::Error::other)?;
            let name = word.map_or(side.to_owned(), |word| format!("{side}-{word}"));
            sca_files::replace(&folder.join(format!("{name}.pem")), identity.chain_pem())?;
            sca_files::replace_private(&folder.join(format!("{name}.key")), identity.key_pem())?;
            count += 2;
        }
    }
    Ok(count)
}

/// Options for TLS credentials in PEM files, for the commands that use real sockets.
#[derive(Debug, Args)]
pub(crate) struct CredentialFiles {
    /// Trusted certificate authorities, PEM
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Revocation lists (CRLs) of these authorities, PEM; every certificate must be covered by one
    #[arg(long, value_name = "FILE", requires = "ca")]
    crl: Option<PathBuf>,
    /// The certificate to present, with its chain, PEM
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// Its private key, PEM, PKCS#8
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
}

impl CredentialFiles {
    /// Reads the given files, for a client. Over wss a trusted authority is required.
    pub(crate) fn read_for(&self, secure: bool) -> Result<sca_environment::credentials::Credentials, String> {
        if secure && self.ca.is_none() {
            return Err("wss requires the broker's authority: --ca FILE".to_owned());
        }
        self.read()
    }

    /// Reads the given files.
    pub(crate) fn read(&self) -> Result<sca_environment::credentials::Credentials, String> {
        credentials(self.ca.as_deref(), self.crl.as_deref(), self.cert.as_deref().zip(self.key.as_deref()))
    }
}

/// Reads credentials from PEM files: trusted authorities, revocation lists, and a certificate with its key.
pub(crate) fn credentials(
    ca: Option<&Path>,
    crl: Option<&Path>,
    shown: Option<(&Path, &Path)>,
) -> Result<sca_environment::credentials::Credentials, String> {
    let text = |path: &Path| fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()));
    let mut credentials = sca_environment::credentials::Credentials::default();
    let wrong = |path: &Path| {
        let path = path.display().to_string();
        move |error: PemError| format!("{path}: {error}")
    };
    if let Some(path) = ca {
        credentials.roots = pem::certificates(&text(path)?).map_err(wrong(path))?;
    }
    if let Some(path) = crl {
        credentials.lists = pem::revocation_lists(&text(path)?).map_err(wrong(path))?;
    }
    if let Some((cert, key)) = shown {
        let chain = pem::certificates(&text(cert)?).map_err(wrong(cert))?;
        let identity = pem::identity(chain, &text(key)?).map_err(wrong(key))?;
        let fits = sca_network::tls::key_fits(&identity).map_err(|error| format!("{}: {error}", key.display()))?;
        if !fits {
            // Only a warning, as this may be what the test is about.
            complain!(
                "warning: the key in {} does not match {}; the peer will reject it",
                key.display(),
                cert.display()
            );
        }
        credentials.identity = Some(std::sync::Arc::new(identity));
    }
    Ok(credentials)
}
