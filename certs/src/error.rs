//! Errors of the certificate factory.

/// An error while making a certificate or a key.
#[derive(Debug, thiserror::Error)]
pub enum CertError {
    /// The certificate library (rcgen) refused.
    #[error("cannot make the certificate: {0}")]
    Made(#[from] rcgen::Error),
    /// The weak RSA key cannot be generated.
    #[error("cannot generate the weak key: {0}")]
    Key(rsa::Error),
    /// The weak private key cannot be encoded.
    #[error("cannot encode the weak private key: {0}")]
    Private(rsa::pkcs8::Error),
    /// The weak public key cannot be encoded.
    #[error("cannot encode the weak public key: {0}")]
    Public(rsa::pkcs1::Error),
    /// A time that is out of range for a calendar date.
    #[error("no calendar date for {0} s since 1970")]
    Date(i64),
}
