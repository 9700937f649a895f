//! The certificate factory: one authority, named identities, named flaws, all made per run. No key is ever committed.
//!
//! It reads no clock and no files: validity periods are arguments, and certificates and keys are returned as bytes.

mod error;
mod weak_key;

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, NameConstraints,
    PKCS_ECDSA_P256_SHA256, PKCS_ED25519, RevokedCertParams, SerialNumber,
};
use rsa::pkcs8::{PrivateKeyInfo, SecretDocument};
use time::{Duration, OffsetDateTime};

pub use error::CertError;

/// A defect that an identity is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flaw {
    /// Its validity period is over.
    Expired,
    /// Its validity period has not begun.
    NotYetValid,
    /// It is issued for `elsewhere.test` in place of its names.
    WrongName,
    /// It is signed by the stranger, an authority that nobody trusts by default.
    UnknownAuthority,
    /// It is self-signed.
    SelfSigned,
    /// The chain leaves out the intermediate certificate.
    MissingIntermediate,
    /// Its extended key usage is that of the other role: client for a broker, server for a terminal.
    WrongUsage,
    /// Its serial number is on the authority's revocation lists.
    Revoked,
    /// No certificate at all: the chain is empty.
    None,
    /// The private key does not belong to the certificate.
    KeyOfAnother,
    /// The key is RSA with 1024 bits.
    WeakKey,
    /// The chain has more intermediate authorities than verifiers follow.
    LongChain,
    /// Its authority may sign for other names only (X.509 name constraints).
    NameConstraints,
    /// The certificate of its authority has expired; its own is still valid.
    ExpiredAuthority,
}

/// Every flaw, with the word that names it in scenarios and options.
pub const FLAWS: &[(Flaw, &str)] = &[
    (Flaw::Expired, "expired"),
    (Flaw::NotYetValid, "not-yet-valid"),
    (Flaw::WrongName, "wrong-name"),
    (Flaw::UnknownAuthority, "unknown-authority"),
    (Flaw::SelfSigned, "self-signed"),
    (Flaw::MissingIntermediate, "missing-intermediate"),
    (Flaw::WrongUsage, "wrong-usage"),
    (Flaw::Revoked, "revoked"),
    (Flaw::None, "none"),
    (Flaw::KeyOfAnother, "key-of-another"),
    (Flaw::WeakKey, "weak-key"),
    (Flaw::LongChain, "long-chain"),
    (Flaw::NameConstraints, "name-constraints"),
    (Flaw::ExpiredAuthority, "expired-authority"),
];

impl Flaw {
    /// The flaw named by a word, if any.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        FLAWS.iter().find(|(_, w)| *w == word).map(|(flaw, _)| *flaw)
    }
}

/// The TLS role that an identity is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// A server that terminals connect to.
    Broker,
    /// A client that connects.
    Terminal,
}

/// The algorithm of the keys to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// Ed25519. Its signatures have a constant size, so wire sizes are the same in every run.
    Ed25519,
    /// ECDSA on P-256, which devices in the field use.
    P256,
}

/// The specification of an identity to issue.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Order {
    /// The TLS role.
    pub role: Role,
    /// The names it is issued for: DNS names or IP addresses.
    pub names: Vec<String>,
    /// Start of the validity period, in seconds since 1970.
    pub not_before: i64,
    /// End of the validity period, in seconds since 1970.
    pub not_after: i64,
    /// The flaw to make it with; `None` for a sound identity.
    pub flaw: Option<Flaw>,
    /// Whether the intermediate authority signs it, rather than the root.
    pub by_intermediate: bool,
}

/// A certificate chain and its private key, both as DER.
#[derive(Clone)]
pub struct Identity {
    /// The leaf, then the certificates between it and the root. Empty for [`Flaw::None`].
    pub chain: Vec<Vec<u8>>,
    /// The private key as PKCS#8.
    pub key: Vec<u8>,
    /// Whether the key is too weak to be accepted: [`Flaw::WeakKey`].
    pub is_weak: bool,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Identity {{ chain of {}, key withheld }}", self.chain.len())
    }
}

/// Encodes DER as PEM.
fn armour(tag: &str, der: &[u8]) -> String {
    pem::encode_config(&pem::Pem::new(tag, der), pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF))
}

/// A certificate in PEM.
#[must_use]
pub fn certificate_pem(der: &[u8]) -> String {
    armour("CERTIFICATE", der)
}

/// A revocation list in PEM.
#[must_use]
pub fn revocation_list_pem(der: &[u8]) -> String {
    armour("X509 CRL", der)
}

impl Identity {
    /// The chain in PEM, the leaf first.
    #[must_use]
    pub fn chain_pem(&self) -> String {
        self.chain.iter().map(|der| certificate_pem(der)).collect()
    }

    /// The private key in PEM, PKCS#8 of version 1 (RFC 5208): OpenSSL 3 reads no other version. The caller must keep a file
    /// with it private.
    #[must_use]
    pub fn key_pem(&self) -> String {
        let without_public = PrivateKeyInfo::try_from(self.key.as_slice()).and_then(|info| {
            SecretDocument::encode_msg(&PrivateKeyInfo { public_key: None, ..info }).map_err(Into::into)
        });
        match without_public {
            Ok(document) => armour("PRIVATE KEY", document.as_bytes()),
            Err(_) => armour("PRIVATE KEY", &self.key),
        }
    }
}

/// The certificate authorities of one world: a root, an intermediate and a stranger. They issue identities and
/// revocation lists.
pub struct Authority {
    kind: KeyKind,
    root: CertifiedIssuer<'static, KeyPair>,
    intermediate: CertifiedIssuer<'static, KeyPair>,
    stranger: CertifiedIssuer<'static, KeyPair>,
    epoch: OffsetDateTime,
}

const REVOKED_SERIAL: u64 = 666;
/// Intermediate authorities in the chain of [`Flaw::LongChain`]. Verifiers follow six.
const LONG: usize = 8;

/// The state of a set of revocation lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RevocationState {
    /// Current lists of the root and the intermediate.
    Current,
    /// The root's list is missing.
    Missing,
    /// The lists have expired.
    Expired,
    /// The only list is the stranger's.
    OtherIssuer,
}

impl Authority {
    /// Makes the three authorities, valid from 20,000 days before `epoch` (seconds since 1970) to 36,500 days after it.
    ///
    /// # Errors
    /// [`CertError`], if the library refuses or the date does not exist.
    pub fn new(kind: KeyKind, epoch: i64) -> Result<Self, CertError> {
        let epoch = date(epoch)?;
        let root = CertifiedIssuer::self_signed(authority("sca-sim root", epoch), pair(kind)?)?;
        let intermediate = CertifiedIssuer::signed_by(authority("sca-sim intermediate", epoch), pair(kind)?, &root)?;
        let stranger = CertifiedIssuer::self_signed(authority("a stranger", epoch), pair(kind)?)?;
        Ok(Self { kind, root, intermediate, stranger, epoch })
    }

    /// The root certificate as DER, which the other side trusts.
    #[must_use]
    pub fn root(&self) -> Vec<u8> {
        self.root.der().to_vec()
    }

    /// The stranger's root certificate as DER, which nobody trusts unless a scenario says so.
    #[must_use]
    pub fn stranger(&self) -> Vec<u8> {
        self.stranger.der().to_vec()
    }

    /// The intermediate certificate as DER.
    #[must_use]
    pub fn intermediate(&self) -> Vec<u8> {
        self.intermediate.der().to_vec()
    }

    /// The revocation lists as DER, in the given state. Each holds the one serial number that all revoked identities
    /// share.
    ///
    /// # Errors
    /// [`CertError`], if the library refuses.
    pub fn revocation_lists(&self, lists: RevocationState) -> Result<Vec<Vec<u8>>, CertError> {
        let (from, to) = if lists == RevocationState::Expired { (20_000, -10_000) } else { (1, 36_500) };
        let list = |issuer: &CertifiedIssuer<'static, KeyPair>| {
            let params = CertificateRevocationListParams {
                this_update: self.epoch - Duration::days(from),
                next_update: self.epoch + Duration::days(to),
                crl_number: SerialNumber::from(1),
                issuing_distribution_point: None,
                revoked_certs: vec![RevokedCertParams {
                    serial_number: SerialNumber::from(REVOKED_SERIAL),
                    revocation_time: self.epoch - Duration::days(1),
                    reason_code: None,
                    invalidity_date: None,
                }],
                key_identifier_method: KeyIdMethod::Sha256,
            };
            params.signed_by(issuer).map(|crl| crl.der().to_vec())
        };
        Ok(match lists {
            RevocationState::Missing => vec![list(&self.intermediate)?],
            RevocationState::OtherIssuer => vec![list(&self.stranger)?],
            RevocationState::Current | RevocationState::Expired => vec![list(&self.root)?, list(&self.intermediate)?],
        })
    }

    /// Issues an identity, with its flaw.
    ///
    /// # Errors
    /// [`CertError`], if the library refuses or a date does not exist.
    pub fn issue(&self, order: &Order) -> Result<Identity, CertError> {
        match order.flaw {
            Some(Flaw::WeakKey) => return self.weak(order),
            Some(Flaw::LongChain) => return self.with_long_chain(order),
            Some(Flaw::NameConstraints) => return self.with_name_constraints(order),
            Some(Flaw::ExpiredAuthority) => return self.with_expired_authority(order),
            _ => {}
        }
        let key = pair(self.kind)?;
        let params = leaf(order)?;
        let leaf = match order.flaw {
            Some(Flaw::SelfSigned) => params.self_signed(&key)?,
            Some(Flaw::UnknownAuthority) => params.signed_by(&key, &self.stranger)?,
            Some(Flaw::MissingIntermediate) => params.signed_by(&key, &self.intermediate)?,
            _ if order.by_intermediate => params.signed_by(&key, &self.intermediate)?,
            _ => params.signed_by(&key, &self.root)?,
        };
        let key = if order.flaw == Some(Flaw::KeyOfAnother) { pair(self.kind)? } else { key };
        let mut chain = vec![leaf.der().to_vec()];
        if order.by_intermediate && order.flaw.is_none() {
            chain.push(self.intermediate());
        }
        if order.flaw == Some(Flaw::None) {
            chain.clear();
        }
        Ok(Identity { chain, key: key.serialize_der(), is_weak: false })
    }

    /// An identity with the weak RSA key.
    fn weak(&self, order: &Order) -> Result<Identity, CertError> {
        let key = weak_key::Key::new()?;
        let leaf = leaf(order)?.signed_by(&key, &self.root)?;
        Ok(Identity { chain: vec![leaf.der().to_vec()], key: key.pkcs8()?, is_weak: true })
    }

    /// An identity behind more intermediate authorities than verifiers follow.
    fn with_long_chain(&self, order: &Order) -> Result<Identity, CertError> {
        let named = |i: usize| authority(&format!("sca-sim intermediate {i}"), self.epoch);
        let mut issuer = CertifiedIssuer::signed_by(named(1), pair(self.kind)?, &self.root)?;
        let mut chain = vec![issuer.der().to_vec()];
        for i in 2..=LONG {
            issuer = CertifiedIssuer::signed_by(named(i), pair(self.kind)?, &issuer)?;
            chain.insert(0, issuer.der().to_vec());
        }
        self.behind(order, &issuer, chain)
    }

    /// An identity whose authority may sign for `elsewhere.test` only.
    fn with_name_constraints(&self, order: &Order) -> Result<Identity, CertError> {
        let mut confined = authority("sca-sim for elsewhere.test", self.epoch);
        confined.name_constraints = Some(NameConstraints {
            permitted_subtrees: vec![GeneralSubtree::DnsName("elsewhere.test".to_owned())],
            excluded_subtrees: Vec::new(),
        });
        let issuer = CertifiedIssuer::signed_by(confined, pair(self.kind)?, &self.root)?;
        let chain = vec![issuer.der().to_vec()];
        self.behind(order, &issuer, chain)
    }

    /// An identity whose authority expires one second after the identity's validity begins.
    fn with_expired_authority(&self, order: &Order) -> Result<Identity, CertError> {
        let mut old = authority("sca-sim of long ago", self.epoch);
        old.not_after = date(order.not_before)? + Duration::seconds(1);
        let issuer = CertifiedIssuer::signed_by(old, pair(self.kind)?, &self.root)?;
        let chain = vec![issuer.der().to_vec()];
        self.behind(order, &issuer, chain)
    }

    fn behind(
        &self,
        order: &Order,
        issuer: &CertifiedIssuer<'static, KeyPair>,
        mut chain: Vec<Vec<u8>>,
    ) -> Result<Identity, CertError> {
        let key = pair(self.kind)?;
        chain.insert(0, leaf(order)?.signed_by(&key, issuer)?.der().to_vec());
        Ok(Identity { chain, key: key.serialize_der(), is_weak: false })
    }
}

/// An identity shared between the connections of a world.
pub type SharedIdentity = Arc<Identity>;

fn pair(kind: KeyKind) -> Result<KeyPair, CertError> {
    let algorithm = match kind {
        KeyKind::Ed25519 => &PKCS_ED25519,
        KeyKind::P256 => &PKCS_ECDSA_P256_SHA256,
    };
    Ok(KeyPair::generate_for(algorithm)?)
}

fn date(seconds: i64) -> Result<OffsetDateTime, CertError> {
    OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| CertError::Date(seconds))
}

fn authority(name: &str, epoch: OffsetDateTime) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    params.not_before = epoch - Duration::days(20_000);
    params.not_after = epoch + Duration::days(36_500);
    params.serial_number = Some(SerialNumber::from(1));
    params
}

fn leaf(order: &Order) -> Result<CertificateParams, CertError> {
    let names =
        if order.flaw == Some(Flaw::WrongName) { vec!["elsewhere.test".to_owned()] } else { order.names.clone() };
    let name = names.first().map_or("unnamed", String::as_str).to_owned();
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = named(&name);
    (params.not_before, params.not_after) = (date(order.not_before)?, date(order.not_after)?);
    params.serial_number = Some(SerialNumber::from(if order.flaw == Some(Flaw::Revoked) { REVOKED_SERIAL } else { 7 }));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let server = (order.role == Role::Broker) != (order.flaw == Some(Flaw::WrongUsage));
    params.extended_key_usages =
        vec![if server { ExtendedKeyUsagePurpose::ServerAuth } else { ExtendedKeyUsagePurpose::ClientAuth }];
    Ok(params)
}

fn named(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}
