//! Parser of certificates, revocation lists and keys in PEM text. It opens no file.

use rustls::pki_types::pem::{Error, PemObject};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivatePkcs8KeyDer};
use sca_certs::Identity;

/// An error in PEM text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PemError {
    /// The text has no certificate.
    #[error("no certificate in PEM")]
    NoCertificate,
    /// The text has no revocation list.
    #[error("no revocation list in PEM")]
    NoList,
    /// The text has no private key in PKCS#8.
    #[error("no PKCS#8 private key in PEM")]
    NoKey,
    /// A section is invalid: its number, counted from one, and the reason, without any of its content.
    #[error("section {0} is damaged: {1}")]
    Damaged(usize, &'static str),
}

/// The reason why a section is invalid. It may be a key, so nothing of its content is shown.
fn reason(error: &Error) -> &'static str {
    match error {
        Error::MissingSectionEnd { .. } => "it has no END line",
        Error::IllegalSectionStart { .. } => "its BEGIN line is malformed",
        Error::Base64Decode(_) => "it is not Base64",
        _ => "it cannot be read",
    }
}

/// The text without the byte order mark that some editors put in front.
fn without_mark(text: &str) -> &str {
    text.trim_start_matches('\u{feff}')
}

/// The sections of one kind in a text, as DER.
fn sections<T: PemObject + AsRef<[u8]>>(text: &str, none: PemError) -> Result<Vec<Vec<u8>>, PemError> {
    let mut all = Vec::new();
    for section in T::pem_slice_iter(without_mark(text).as_bytes()) {
        let section = section.map_err(|error| PemError::Damaged(all.len() + 1, reason(&error)))?;
        all.push(section.as_ref().to_vec());
    }
    if all.is_empty() { Err(none) } else { Ok(all) }
}

/// Parses the certificates of a text, as DER.
///
/// # Errors
/// [`PemError::NoCertificate`], if there is none; [`PemError::Damaged`], if one cannot be read.
pub fn certificates(text: &str) -> Result<Vec<Vec<u8>>, PemError> {
    sections::<CertificateDer<'_>>(text, PemError::NoCertificate)
}

/// Parses the revocation lists of a text, as DER.
///
/// # Errors
/// [`PemError::NoList`], if there is none; [`PemError::Damaged`], if one cannot be read.
pub fn revocation_lists(text: &str) -> Result<Vec<Vec<u8>>, PemError> {
    sections::<CertificateRevocationListDer<'_>>(text, PemError::NoList)
}

/// An identity from its certificate chain in DER and the PEM text of its key.
///
/// # Errors
/// [`PemError::NoKey`], if there is no key; [`PemError::Damaged`], if it cannot be read. The error shows nothing of the
/// key.
pub fn identity(chain: Vec<Vec<u8>>, key: &str) -> Result<Identity, PemError> {
    let key = PrivatePkcs8KeyDer::from_pem_slice(without_mark(key).as_bytes()).map_err(|error| match error {
        Error::NoItemsFound => PemError::NoKey,
        error => PemError::Damaged(1, reason(&error)),
    })?;
    Ok(Identity { chain, key: key.secret_pkcs8_der().to_vec(), is_weak: false })
}
