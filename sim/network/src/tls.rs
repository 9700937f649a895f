//! TLS of both sides: configurations made from identities, with the world's clock, and words for TLS errors.

use sca_protocol::TlsFailure;
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

use crate::weak_key::WeakKey;

/// TLS configuration of a terminal.
pub type ClientTls = ClientConfig;
/// TLS configuration of a broker.
pub type ServerTls = ServerConfig;

/// Certificate verifiers for one set of trusted roots, made once and shared by all parties with the same roots.
#[derive(Debug)]
pub struct Verifiers {
    servers: Arc<WebPkiServerVerifier>,
    clients: Arc<dyn ClientCertVerifier>,
    clients_if_any: Arc<dyn ClientCertVerifier>,
}

impl Verifiers {
    /// Verifiers that trust these roots, in DER. With revocation lists, in DER, every certificate not covered by one of
    /// them is refused, and so is every certificate covered by an expired list.
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

/// A certificate chain with its key, ready to be presented.
#[derive(Debug)]
pub struct Shown(Arc<SingleCertAndKey>);

impl Shown {
    /// Prepares an identity; `None` for one without a certificate. The key need not match: a scenario may want that.
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
        // A weak key is accepted only if the certificate factory made it weak on purpose.
        Err(error) => {
            Some(&identity.key).filter(|_| identity.is_weak).and_then(|key| WeakKey::read(key)).ok_or(error)?
        }
    };
    Ok(CertifiedKey::new(chain, key))
}

/// Whether the key of an identity matches its certificate.
///
/// # Errors
/// [`TlsError`], if the key cannot be used at all.
pub fn key_fits(identity: &Identity) -> Result<bool, TlsError> {
    Ok(!matches!(
        certified(identity)?.keys_match(),
        Err(Error::InconsistentKeys(rustls::InconsistentKeys::KeyMismatch))
    ))
}

/// TLS settings of one side: trust, identity and parameters.
#[derive(Debug, Clone)]
pub struct Trust {
    /// The trusted roots and revocation lists.
    pub trusted: Arc<Verifiers>,
    /// The certificate to present, if any.
    pub shown: Option<Arc<Shown>>,
    /// Whether sessions are resumed.
    pub resumption: bool,
    /// The TLS versions to offer: `1.2`, `1.3`, or both for any other value.
    pub versions: String,
    /// The key exchange group to offer; all groups for any value that does not name one.
    pub groups: String,
}

/// Whether a server requests client certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    /// A valid client certificate is required.
    Required,
    /// A client certificate is requested; a client without one is accepted.
    Optional,
    /// No client certificate is requested.
    No,
}

/// A TLS configuration that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// rustls refused a certificate, a key or a parameter.
    #[error("TLS cannot be configured: {0}")]
    Tls(#[from] Error),
    /// rustls refused to build a certificate verifier.
    #[error("certificate verification cannot be configured: {0}")]
    Verifier(#[from] rustls::client::VerifierBuilderError),
}

/// A wall clock for rustls: a function that returns seconds since 1970.
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

/// A TLS key log in memory, for decrypting captures of simulated traffic.
#[derive(Debug, Default)]
pub struct KeyLogBuffer(Mutex<String>);

impl KeyLogBuffer {
    /// The log in NSS key log format.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl KeyLog for KeyLogBuffer {
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

/// The crypto provider with this key exchange group only, or with all groups if the name is unknown.
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

/// The names in a certificate in DER: the common names, then the DNS names of its subjectAltName. Empty if it cannot be
/// parsed.
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

/// The TLS configuration of a terminal.
///
/// # Errors
/// [`TlsError`], if the identity's key or the roots cannot be used.
pub fn client(
    trust: &Trust,
    clock: Arc<dyn TimeProvider>,
    notes: Option<Arc<KeyLogBuffer>>,
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

/// The TLS configuration of a broker.
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

/// A TLS stream, client or server side.
pub use tokio_rustls::TlsStream as Secured;

/// Makes a TLS handshake as a client, over any stream.
///
/// # Errors
/// The error of rustls or of the stream, or an invalid server name.
pub async fn connect<S: AsyncRead + AsyncWrite + Unpin>(
    config: Arc<ClientTls>,
    name: String,
    stream: S,
) -> io::Result<tokio_rustls::client::TlsStream<S>> {
    let name = ServerName::try_from(name).map_err(io::Error::other)?;
    tokio_rustls::TlsConnector::from(config).connect(name, stream).await
}

/// Makes a TLS handshake as a server, over any stream.
///
/// # Errors
/// The error of rustls or of the stream.
pub async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
    config: Arc<ServerTls>,
    stream: S,
) -> io::Result<tokio_rustls::server::TlsStream<S>> {
    tokio_rustls::TlsAcceptor::from(config).accept(stream).await
}

/// The failure that an error of TLS amounts to; `None` if the error is not one of TLS.
#[must_use]
pub fn failure(error: &io::Error) -> Option<TlsFailure> {
    let inner = error.get_ref()?.downcast_ref::<Error>()?;
    Some(match inner {
        Error::InvalidCertificate(certificate) => of_certificate(certificate),
        Error::AlertReceived(alert) => of_alert(*alert),
        Error::NoCertificatesPresented => TlsFailure::NoCertificate,
        Error::InvalidMessage(_) | Error::InappropriateMessage { .. } | Error::InappropriateHandshakeMessage { .. } => {
            TlsFailure::Garbage
        }
        Error::DecryptError => TlsFailure::Corrupt,
        Error::PeerIncompatible(
            PeerIncompatible::Tls12NotOffered
            | PeerIncompatible::Tls12NotOfferedOrEnabled
            | PeerIncompatible::Tls13RequiredForQuic
            | PeerIncompatible::SupportedVersionsExtensionRequired,
        ) => TlsFailure::Version,
        Error::PeerIncompatible(_) => TlsFailure::Incompatible,
        _ => TlsFailure::Other,
    })
}

fn of_certificate(error: &CertificateError) -> TlsFailure {
    use CertificateError as C;
    match error {
        C::Expired | C::ExpiredContext { .. } => TlsFailure::Expired,
        C::NotValidYet | C::NotValidYetContext { .. } => TlsFailure::NotYetValid,
        C::NotValidForName | C::NotValidForNameContext { .. } => TlsFailure::WrongName,
        C::UnknownIssuer => TlsFailure::UnknownAuthority,
        C::InvalidPurpose | C::InvalidPurposeContext { .. } => TlsFailure::WrongUsage,
        C::Revoked => TlsFailure::Revoked,
        C::UnknownRevocationStatus | C::ExpiredRevocationList | C::ExpiredRevocationListContext { .. } => {
            TlsFailure::UnknownRevocation
        }
        C::BadSignature => TlsFailure::BadSignature,
        C::BadEncoding => TlsFailure::BadCertificate,
        C::Other(other) => match other.0.downcast_ref::<webpki::Error>() {
            Some(webpki::Error::NameConstraintViolation) => TlsFailure::NameConstraints,
            Some(webpki::Error::MaximumPathDepthExceeded) => TlsFailure::LongChain,
            _ => TlsFailure::Other,
        },
        _ => TlsFailure::Other,
    }
}

fn of_alert(alert: AlertDescription) -> TlsFailure {
    use AlertDescription as A;
    match alert {
        A::CertificateRequired => TlsFailure::AlertCertificateRequired,
        A::CertificateExpired => TlsFailure::AlertCertificateExpired,
        A::CertificateRevoked => TlsFailure::AlertCertificateRevoked,
        A::UnknownCA => TlsFailure::AlertUnknownAuthority,
        A::BadCertificate => TlsFailure::AlertBadCertificate,
        A::UnsupportedCertificate => TlsFailure::AlertUnsupportedCertificate,
        A::DecryptError => TlsFailure::AlertDecryptError,
        A::HandshakeFailure => TlsFailure::AlertHandshakeFailure,
        A::ProtocolVersion => TlsFailure::AlertProtocolVersion,
        _ => TlsFailure::AlertOther,
    }
}
