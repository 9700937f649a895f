//! Signatures with RSA keys that are too weak for rustls, for scenarios that test how the other side reacts to them.

use std::sync::Arc;

use rsa::pkcs8::{DecodePrivateKey, EncodePublicKey};
use rsa::rand_core::OsRng;
use rsa::sha2::{Digest, Sha256};
use rsa::{Pss, RsaPrivateKey};
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::sign::{Signer, SigningKey};
use rustls::{Error, SignatureAlgorithm, SignatureScheme};

/// An RSA key of any length, with RSA-PSS and SHA-256 only.
#[derive(Debug)]
pub(crate) struct WeakKey(Arc<RsaPrivateKey>);

impl WeakKey {
    /// Parses a PKCS#8 key in DER; `None` if it is not an RSA key.
    pub(crate) fn read(pkcs8: &[u8]) -> Option<Arc<dyn SigningKey>> {
        let key = RsaPrivateKey::from_pkcs8_der(pkcs8).ok()?;
        Some(Arc::new(Self(Arc::new(key))))
    }
}

impl SigningKey for WeakKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let fits = offered.contains(&SignatureScheme::RSA_PSS_SHA256);
        fits.then(|| Box::new(WeakSigner(self.0.clone())) as Box<dyn Signer>)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::RSA
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        let der = self.0.to_public_key().to_public_key_der().ok()?;
        Some(der.into_vec().into())
    }
}

#[derive(Debug)]
struct WeakSigner(Arc<RsaPrivateKey>);

impl Signer for WeakSigner {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let signed = self.0.sign_with_rng(&mut OsRng, Pss::new::<Sha256>(), &Sha256::digest(message));
        signed.map_err(|error| Error::General(error.to_string()))
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::RSA_PSS_SHA256
    }
}
