//! Certificates and keys as PEM, read from text. It opens no file.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivatePkcs8KeyDer};
use sca_certs::Identity;

/// A text without what it should hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PemError {
    /// No certificate.
    #[error("no certificate in PEM")]
    NoCertificate,
    /// No revocation list.
    #[error("no revocation list in PEM")]
    NoList,
    /// No private key.
    #[error("no private key in PEM, PKCS#8")]
    NoKey,
}

/// The certificates of a text, as DER.
///
/// # Errors
/// [`PemError::NoCertificate`], if there is none or one cannot be read.
pub fn certificates(text: &str) -> Result<Vec<Vec<u8>>, PemError> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    let all: Vec<Vec<u8>> = read.map_err(|_| PemError::NoCertificate)?.iter().map(|der| der.to_vec()).collect();
    if all.is_empty() { Err(PemError::NoCertificate) } else { Ok(all) }
}

/// The revocation lists of a text, as DER.
///
/// # Errors
/// [`PemError::NoList`], if there is none or one cannot be read.
pub fn revocation_lists(text: &str) -> Result<Vec<Vec<u8>>, PemError> {
    let read: Result<Vec<_>, _> = CertificateRevocationListDer::pem_slice_iter(text.as_bytes()).collect();
    let all: Vec<Vec<u8>> = read.map_err(|_| PemError::NoList)?.iter().map(|der| der.to_vec()).collect();
    if all.is_empty() { Err(PemError::NoList) } else { Ok(all) }
}

/// An identity from its chain and its key.
///
/// # Errors
/// [`PemError`], if either cannot be read.
pub fn identity(chain: &str, key: &str) -> Result<Identity, PemError> {
    let chain = certificates(chain)?;
    let key = PrivatePkcs8KeyDer::from_pem_slice(key.as_bytes()).map_err(|_| PemError::NoKey)?;
    Ok(Identity { chain, key: key.secret_pkcs8_der().to_vec(), is_weak: false })
}
