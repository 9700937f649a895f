//! Why a certificate could not be made.

/// A certificate that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum CertError {
    /// The library refused.
    #[error("certificate not made: {0}")]
    Made(#[from] rcgen::Error),
    /// A weak key cannot be made.
    #[error("key not made: {0}")]
    Key(rsa::Error),
    /// A weak key cannot be written.
    #[error("key not written: {0}")]
    Private(rsa::pkcs8::Error),
    /// A weak public key cannot be written.
    #[error("key not written: {0}")]
    Public(rsa::pkcs1::Error),
    /// A date without a place in the calendar.
    #[error("no calendar date for {0} s since 1970")]
    Date(i64),
}
