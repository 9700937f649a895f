//! TLS on both sides: configurations from identities, with the world's clock, and names for what goes wrong.

use std::fmt::Debug;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime,
};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::time_provider::TimeProvider;
use rustls::{
    AlertDescription, CertificateError, ClientConfig, Error, KeyLog, NamedGroup, PeerIncompatible, RootCertStore,
    ServerConfig, SupportedProtocolVersion, version,
};
use sca_certs::Identity;
use tokio::io::{AsyncRead, AsyncWrite};
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::der::Decode;
use x509_cert::der::oid::db::rfc4519;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use crate::weak::WeakKey;

/// A terminal's side, ready for use.
pub type ClientTls = ClientConfig;
/// A broker's side, ready for use.
pub type ServerTls = ServerConfig;

/// Whom one side trusts: made once, and shared between all that trust the same.
#[derive(Debug)]
pub struct Trusted {
    servers: Arc<WebPkiServerVerifier>,
    clients: Arc<dyn ClientCertVerifier>,
    clients_if_any: Arc<dyn ClientCertVerifier>,
}

impl Trusted {
    /// Trust in these roots, DER. With revocation lists, DER, every certificate that they do not cover is refused, and so
    /// is every one that a list covers whose time is over.
    ///
    /// # Errors
    /// [`TlsError`], if a root or a list cannot be used.
    pub fn new(roots: &[Vec<u8>], lists: &[Vec<u8>]) -> Result<Self, TlsError> {
        let mut store = RootCertStore::empty();
        for root in roots {
            store.add(CertificateDer::from_slice(root))?;
        }
        let store = Arc::new(store);
        let lists = || lists.iter().cloned().map(CertificateRevocationListDer::from);
        let clients = || {
            WebPkiClientVerifier::builder_with_provider(store.clone(), provider())
                .with_crls(lists())
                .enforce_revocation_expiration()
        };
        Ok(Self {
            servers: WebPkiServerVerifier::builder_with_provider(store.clone(), provider())
                .with_crls(lists())
                .enforce_revocation_expiration()
                .build()?,
            clients: clients().build()?,
            clients_if_any: clients().allow_unauthenticated().build()?,
        })
    }
}

/// What one side shows: its certificate and its key, ready for use.
#[derive(Debug)]
pub struct Shown(Arc<SingleCertAndKey>);

impl Shown {
    /// An identity, or nothing for one without a certificate. The key need not fit: a scenario may want that.
    ///
    /// # Errors
    /// [`TlsError`], if the key cannot be used.
    pub fn new(identity: &Identity) -> Result<Option<Arc<Self>>, TlsError> {
        if identity.chain.is_empty() {
            return Ok(None);
        }
        Ok(Some(Arc::new(Self(Arc::new(SingleCertAndKey::from(certified(identity)?))))))
    }
}

fn certified(identity: &Identity) -> Result<CertifiedKey, TlsError> {
    let chain = identity.chain.iter().cloned().map(CertificateDer::from).collect();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(identity.key.clone()));
    let key = match provider().key_provider.load_private_key(key) {
        Ok(key) => key,
        // Only the factory means it.
        Err(error) => {
            Some(&identity.key).filter(|_| identity.is_weak).and_then(|key| WeakKey::read(key)).ok_or(error)?
        }
    };
    Ok(CertifiedKey::new(chain, key))
}

/// Whether the key of an identity belongs to its certificate.
///
/// # Errors
/// [`TlsError`], if the key cannot be used at all.
pub fn key_fits(identity: &Identity) -> Result<bool, TlsError> {
    Ok(!matches!(
        certified(identity)?.keys_match(),
        Err(Error::InconsistentKeys(rustls::InconsistentKeys::KeyMismatch))
    ))
}

/// What one side knows and shows.
#[derive(Debug, Clone)]
pub struct Trust {
    /// Whom it trusts.
    pub trusted: Arc<Trusted>,
    /// What it shows, if anything.
    pub shown: Option<Arc<Shown>>,
    /// Whether sessions are resumed.
    pub resumption: bool,
    /// The versions it speaks: `1.2`, `1.3` or anything else for both.
    pub versions: String,
    /// The group it agrees keys in; anything that is no group stands for all.
    pub groups: String,
}

/// Whether a server asks clients for a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    /// None is accepted only if it is good.
    Required,
    /// None is accepted too.
    Optional,
    /// It does not ask.
    No,
}

/// A configuration that cannot be made from what was given.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The library refused.
    #[error("TLS is not configurable: {0}")]
    Tls(#[from] Error),
    /// The verifier refused.
    #[error("trust is not configurable: {0}")]
    Verifier(#[from] rustls::client::VerifierBuilderError),
}

/// A wall clock that rustls asks for the time: `now` in seconds since 1970.
pub struct Clock<F>(pub F);

impl<F> Debug for Clock<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

impl<F: Fn() -> i64 + Send + Sync> TimeProvider for Clock<F> {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = u64::try_from((self.0)()).ok()?;
        Some(UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds)))
    }
}

/// A TLS key log, kept in memory, for looking at captures of harness traffic.
#[derive(Debug, Default)]
pub struct KeyNotes(Mutex<String>);

impl KeyNotes {
    /// The log in the format of NSS.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl KeyLog for KeyNotes {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
        let mut text = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        text.push_str(&format!("{label} {} {}\n", hex(client_random), hex(secret)));
    }
}

fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: std::sync::OnceLock<Arc<CryptoProvider>> = std::sync::OnceLock::new();
    PROVIDER.get_or_init(|| Arc::new(rustls::crypto::ring::default_provider())).clone()
}

/// The library's primitives with one group for keys, or with all.
fn provider_of(group: &str) -> Arc<CryptoProvider> {
    let wanted = match group {
        "x25519" => NamedGroup::X25519,
        "secp256r1" => NamedGroup::secp256r1,
        "secp384r1" => NamedGroup::secp384r1,
        _ => return provider(),
    };
    let mut one = CryptoProvider::clone(&provider());
    one.kx_groups.retain(|group| group.name() == wanted);
    Arc::new(one)
}

fn versions(word: &str) -> &'static [&'static SupportedProtocolVersion] {
    const BOTH: &[&SupportedProtocolVersion] = &[&version::TLS13, &version::TLS12];
    match word {
        "1.2" => &BOTH[1..],
        "1.3" => &BOTH[..1],
        _ => BOTH,
    }
}

/// The names in a certificate, DER: the common name, then the names it is for. None where it cannot be read.
pub(crate) fn names_in(certificate: &CertificateDer<'_>) -> Vec<String> {
    let Ok(read) = x509_cert::Certificate::from_der(certificate) else { return Vec::new() };
    let body = read.tbs_certificate;
    let parts = body.subject.0.iter().flat_map(|part| part.0.iter());
    let common = parts.filter(|part| part.oid == rfc4519::CN);
    let text = |part: &AttributeTypeAndValue| String::from_utf8_lossy(part.value.value()).into_owned();
    let mut names: Vec<String> = common.map(text).collect();
    if let Ok(Some((_, SubjectAltName(all)))) = body.get::<SubjectAltName>() {
        names.extend(all.into_iter().filter_map(|name| match name {
            GeneralName::DnsName(name) => Some(name.as_str().to_owned()),
            _ => None,
        }));
    }
    names
}

/// The terminal's side.
///
/// # Errors
/// [`TlsError`], if the identity's key or the roots cannot be used.
pub fn client(
    trust: &Trust,
    clock: Arc<dyn TimeProvider>,
    notes: Option<Arc<KeyNotes>>,
) -> Result<Arc<ClientConfig>, TlsError> {
    let builder = ClientConfig::builder_with_details(provider_of(&trust.groups), clock)
        .with_protocol_versions(versions(&trust.versions))?
        .dangerous()
        .with_custom_certificate_verifier(trust.trusted.servers.clone());
    let mut config = match &trust.shown {
        Some(shown) => builder.with_client_cert_resolver(shown.0.clone()),
        None => builder.with_no_client_auth(),
    };
    if !trust.resumption {
        config.resumption = Resumption::disabled();
    }
    if let Some(notes) = notes {
        config.key_log = notes;
    }
    Ok(Arc::new(config))
}

/// The broker's side.
///
/// # Errors
/// [`TlsError`], if the identity's key or the roots cannot be used.
pub fn server(trust: &Trust, clock: Arc<dyn TimeProvider>, demand: Demand) -> Result<Arc<ServerConfig>, TlsError> {
    let builder = ServerConfig::builder_with_details(provider_of(&trust.groups), clock)
        .with_protocol_versions(versions(&trust.versions))?;
    let builder = match demand {
        Demand::No => builder.with_no_client_auth(),
        Demand::Optional => builder.with_client_cert_verifier(trust.trusted.clients_if_any.clone()),
        Demand::Required => builder.with_client_cert_verifier(trust.trusted.clients.clone()),
    };
    let shown = trust.shown.as_ref().ok_or(Error::NoCertificatesPresented)?;
    let mut config = builder.with_cert_resolver(shown.0.clone());
    if !trust.resumption {
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
    }
    Ok(Arc::new(config))
}

/// TLS over a stream, as the side that has dialled or as the one that was dialled.
pub use tokio_rustls::TlsStream as Secured;

/// A handshake as a client over any stream, by itself.
///
/// # Errors
/// What rustls or the stream says.
pub async fn connect<S: AsyncRead + AsyncWrite + Unpin>(
    config: Arc<ClientTls>,
    name: String,
    stream: S,
) -> io::Result<tokio_rustls::client::TlsStream<S>> {
    let name = ServerName::try_from(name).map_err(io::Error::other)?;
    tokio_rustls::TlsConnector::from(config).connect(name, stream).await
}

/// A handshake as a server over any stream, by itself.
///
/// # Errors
/// What rustls or the stream says.
pub async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
    config: Arc<ServerTls>,
    stream: S,
) -> io::Result<tokio_rustls::server::TlsStream<S>> {
    tokio_rustls::TlsAcceptor::from(config).accept(stream).await
}

/// The word of [`sca_protocol::reason::TLS_WORDS`] for an error of TLS; none if it is no such error.
#[must_use]
pub fn word(error: &io::Error) -> Option<&'static str> {
    let inner = error.get_ref()?.downcast_ref::<Error>()?;
    Some(match inner {
        Error::InvalidCertificate(certificate) => certificate_word(certificate),
        Error::AlertReceived(alert) => alert_word(*alert),
        Error::NoCertificatesPresented => "no-certificate",
        Error::InvalidMessage(_) | Error::InappropriateMessage { .. } | Error::InappropriateHandshakeMessage { .. } => {
            "garbage"
        }
        Error::DecryptError => "corrupt",
        Error::PeerIncompatible(
            PeerIncompatible::Tls12NotOffered
            | PeerIncompatible::Tls12NotOfferedOrEnabled
            | PeerIncompatible::Tls13RequiredForQuic
            | PeerIncompatible::SupportedVersionsExtensionRequired,
        ) => "version",
        Error::PeerIncompatible(_) => "incompatible",
        _ => "other",
    })
}

fn certificate_word(error: &CertificateError) -> &'static str {
    use CertificateError as C;
    match error {
        C::Expired | C::ExpiredContext { .. } => "expired",
        C::NotValidYet | C::NotValidYetContext { .. } => "not-yet-valid",
        C::NotValidForName | C::NotValidForNameContext { .. } => "wrong-name",
        C::UnknownIssuer => "unknown-authority",
        C::InvalidPurpose | C::InvalidPurposeContext { .. } => "wrong-usage",
        C::Revoked => "revoked",
        C::UnknownRevocationStatus | C::ExpiredRevocationList | C::ExpiredRevocationListContext { .. } => {
            "unknown-revocation"
        }
        C::BadSignature => "bad-signature",
        C::BadEncoding => "bad-certificate",
        C::Other(other) => match other.0.downcast_ref::<webpki::Error>() {
            Some(webpki::Error::NameConstraintViolation) => "name-constraints",
            Some(webpki::Error::MaximumPathDepthExceeded) => "long-chain",
            _ => "other",
        },
        _ => "other",
    }
}

fn alert_word(alert: AlertDescription) -> &'static str {
    use AlertDescription as A;
    match alert {
        A::CertificateRequired => "alert-certificate-required",
        A::CertificateExpired => "alert-certificate-expired",
        A::CertificateRevoked => "alert-certificate-revoked",
        A::UnknownCA => "alert-unknown-ca",
        A::BadCertificate => "alert-bad-certificate",
        A::UnsupportedCertificate => "alert-unsupported-certificate",
        A::DecryptError => "alert-decrypt-error",
        A::HandshakeFailure => "alert-handshake-failure",
        A::ProtocolVersion => "alert-protocol-version",
        _ => "alert-other",
    }
}
