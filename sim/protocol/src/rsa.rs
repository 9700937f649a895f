//! RSA, as REGISTER uses it: a POS shows its public key, the terminal seals a key of its own to it.
//!
//! The private key here is the simulated POS's and no other, and all chance comes as an argument.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::pkcs8::{DecodePublicKey, EncodePublicKey};
use rsa::rand_core::{CryptoRng, Error, RngCore};
use rsa::sha2::Sha256;
use rsa::traits::PublicKeyParts;
use rsa::{Oaep, Pkcs1v15Encrypt, RsaPrivateKey, RsaPublicKey};

use crate::chance::Stream;
use crate::keys::Key;

/// How a key is sealed (REG_VER).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sealing {
    /// PKCS#1 v1.5, as version 1 has it.
    Pkcs1,
    /// OAEP with SHA-256, as version 2 of REGISTER_ENCRYPTION has it.
    Oaep,
}

/// The public key of a POS: RSA, 2048 bits.
#[derive(Debug, Clone)]
pub struct PublicKey(RsaPublicKey);

/// The key pair of the simulated POS.
#[derive(Clone)]
pub struct PosKey(RsaPrivateKey);

const BITS: usize = 2_048;

impl PublicKey {
    /// Reads KEY: base64 of DER, with or without the wrapping of SubjectPublicKeyInfo.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let der = STANDARD.decode(text).ok()?;
        let key = RsaPublicKey::from_public_key_der(&der).or_else(|_| RsaPublicKey::from_pkcs1_der(&der)).ok()?;
        (key.size() * 8 == BITS).then_some(Self(key))
    }

    /// Seals bytes so that the POS alone can read them, in base64.
    #[must_use]
    pub fn seal(&self, bytes: &[u8], sealing: Sealing, chance: &mut Stream) -> Option<String> {
        let mut draws = Draws(chance);
        let sealed = match sealing {
            Sealing::Pkcs1 => self.0.encrypt(&mut draws, Pkcs1v15Encrypt, bytes),
            Sealing::Oaep => self.0.encrypt(&mut draws, Oaep::new::<Sha256>(), bytes),
        };
        sealed.ok().map(|bytes| STANDARD.encode(bytes))
    }

    /// Seals a key.
    #[must_use]
    pub fn seal_key(&self, key: &Key, sealing: Sealing, chance: &mut Stream) -> Option<String> {
        self.seal(key.bytes(), sealing, chance)
    }
}

impl PosKey {
    /// The key pair that follows from a stream of chance.
    #[must_use]
    pub fn generate(chance: &mut Stream) -> Option<Self> {
        RsaPrivateKey::new(&mut Draws(chance), BITS).ok().map(Self)
    }

    /// KEY: the public key as base64 of DER.
    #[must_use]
    pub fn public(&self) -> String {
        let der = self.0.to_public_key().to_public_key_der();
        der.map(|der| STANDARD.encode(der.as_bytes())).unwrap_or_default()
    }

    /// Opens a sealed key, whichever way it was sealed.
    #[must_use]
    pub fn open_key(&self, sealed: &str) -> Option<Key> {
        let bytes = STANDARD.decode(sealed).ok()?;
        let pkcs1 = self.0.decrypt(Pkcs1v15Encrypt, &bytes).ok().and_then(|key| key.try_into().ok());
        let key = pkcs1.or_else(|| self.0.decrypt(Oaep::new::<Sha256>(), &bytes).ok()?.try_into().ok());
        key.map(Key::new)
    }
}

/// A stream of chance as RSA wants it.
struct Draws<'a>(&'a mut Stream);

impl RngCore for Draws<'_> {
    fn next_u32(&mut self) -> u32 {
        u32::from_le_bytes(self.0.bytes())
    }

    fn next_u64(&mut self) -> u64 {
        u64::from_le_bytes(self.0.bytes())
    }

    fn fill_bytes(&mut self, dest: &mut [u8]) {
        dest.iter_mut().for_each(|byte| [*byte] = self.0.bytes());
    }

    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(dest);
        Ok(())
    }
}

// The stream is a ChaCha8 keyed by the world's seed: as good as the seed, which is all a simulation wants.
impl CryptoRng for Draws<'_> {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Chance;

    #[test]
    fn a_sealed_key_opens_with_the_private_key() {
        let chance = Chance::new(1);
        let pos = PosKey::generate(&mut chance.stream("pos-key", &[])).expect("a key can be made");
        let public = PublicKey::read(&pos.public()).expect("its public half can be read");
        let key = Key::new([5; 16]);
        for sealing in [Sealing::Pkcs1, Sealing::Oaep] {
            let sealed = public.seal_key(&key, sealing, &mut chance.stream("seal", &[])).expect("16 bytes fit");
            assert_eq!(pos.open_key(&sealed), Some(key));
            let again = public.seal_key(&key, sealing, &mut chance.stream("seal", &[]));
            assert_eq!(again, Some(sealed), "the same chance seals the same");
        }
        assert!(PublicKey::read("").is_none());
        assert!(PublicKey::read("QUJD").is_none());
    }
}
