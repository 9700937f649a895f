//! RSA keys of 1024 bits, which are too weak to be accepted; the certificate library (rcgen) cannot make them.

use rcgen::{PKCS_RSA_SHA256, PublicKeyData, SignatureAlgorithm};
use rsa::RsaPrivateKey;
use rsa::pkcs1::EncodeRsaPublicKey;
use rsa::pkcs8::EncodePrivateKey;
use rsa::rand_core::OsRng;

use crate::error::CertError;

const BITS: usize = 1_024;

/// An RSA key pair of 1024 bits.
pub(crate) struct Key {
    private: RsaPrivateKey,
    /// The public key as RSAPublicKey, DER.
    public: Vec<u8>,
}

impl Key {
    pub(crate) fn new() -> Result<Self, CertError> {
        let private = RsaPrivateKey::new(&mut OsRng, BITS).map_err(CertError::Key)?;
        let public = private.to_public_key().to_pkcs1_der().map_err(CertError::Public)?;
        Ok(Self { private, public: public.into_vec() })
    }

    /// The private key as PKCS#8.
    pub(crate) fn pkcs8(&self) -> Result<Vec<u8>, CertError> {
        let der = self.private.to_pkcs8_der().map_err(CertError::Private)?;
        Ok(der.as_bytes().to_vec())
    }
}

impl PublicKeyData for Key {
    fn der_bytes(&self) -> &[u8] {
        &self.public
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_RSA_SHA256
    }
}
