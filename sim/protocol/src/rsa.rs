//! RSA as REGISTER uses it: a POS sends its public key, and the terminal encrypts a key of its own with it.
//!
//! The only private key here is the simulated POS's; randomness comes as an argument.

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

/// The padding with which a key is encrypted (REG_VER).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// PKCS#1 v1.5, for version 1.
    Pkcs1,
    /// OAEP with SHA-256, for version 2 of REGISTER_ENCRYPTION.
    Oaep,
}

/// The public key of a POS: RSA, 2048 bits.
#[derive(Debug, Clone)]
pub struct PublicKey(RsaPublicKey);

/// The key pair of the simulated POS.
#[derive(Clone)]
pub struct PosKeyPair(RsaPrivateKey);

const BITS: usize = 2_048;

impl PublicKey {
    /// Parses KEY: base64 of DER, as SubjectPublicKeyInfo or as PKCS#1.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let der = STANDARD.decode(text).ok()?;
        let key = RsaPublicKey::from_public_key_der(&der).or_else(|_| RsaPublicKey::from_pkcs1_der(&der)).ok()?;
        (key.size() * 8 == BITS).then_some(Self(key))
    }

    /// Encrypts bytes for the POS, as base64; `None` if they do not fit.
    #[must_use]
    pub fn seal(&self, bytes: &[u8], sealing: Padding, chance: &mut Stream) -> Option<String> {
        let mut draws = StreamRng(chance);
        let sealed = match sealing {
            Padding::Pkcs1 => self.0.encrypt(&mut draws, Pkcs1v15Encrypt, bytes),
            Padding::Oaep => self.0.encrypt(&mut draws, Oaep::new::<Sha256>(), bytes),
        };
        sealed.ok().map(|bytes| STANDARD.encode(bytes))
    }

    /// Encrypts a key for the POS, as base64.
    #[must_use]
    pub fn encrypt_key(&self, key: &Key, sealing: Padding, chance: &mut Stream) -> Option<String> {
        self.seal(key.bytes(), sealing, chance)
    }
}

impl PosKeyPair {
    /// Generates the key pair that this random stream determines.
    #[must_use]
    pub fn generate(chance: &mut Stream) -> Option<Self> {
        RsaPrivateKey::new(&mut StreamRng(chance), BITS).ok().map(Self)
    }

    /// The public key as KEY carries it: base64 of DER.
    #[must_use]
    pub fn public(&self) -> String {
        let der = self.0.to_public_key().to_public_key_der();
        der.map(|der| STANDARD.encode(der.as_bytes())).unwrap_or_default()
    }

    /// Decrypts a key, with either padding.
    #[must_use]
    pub fn decrypt_key(&self, sealed: &str) -> Option<Key> {
        let bytes = STANDARD.decode(sealed).ok()?;
        let pkcs1 = self.0.decrypt(Pkcs1v15Encrypt, &bytes).ok().and_then(|key| key.try_into().ok());
        let key = pkcs1.or_else(|| self.0.decrypt(Oaep::new::<Sha256>(), &bytes).ok()?.try_into().ok());
        key.map(Key::new)
    }
}

/// Adapter that lets the `rsa` crate draw from a random stream.
struct StreamRng<'a>(&'a mut Stream);

impl RngCore for StreamRng<'_> {
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

// The stream is a ChaCha8 keyed by the world's seed: as good as the seed, which is enough for a simulation.
impl CryptoRng for StreamRng<'_> {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Chance;

    #[test]
    fn a_sealed_key_opens_with_the_private_key() {
        let chance = Chance::new(1);
        let pos = PosKeyPair::generate(&mut chance.stream("pos-key", &[])).expect("a key can be made");
        let public = PublicKey::read(&pos.public()).expect("its public half can be read");
        let key = Key::new([5; 16]);
        for sealing in [Padding::Pkcs1, Padding::Oaep] {
            let sealed = public.encrypt_key(&key, sealing, &mut chance.stream("seal", &[])).expect("16 bytes fit");
            assert_eq!(pos.decrypt_key(&sealed), Some(key));
            let again = public.encrypt_key(&key, sealing, &mut chance.stream("seal", &[]));
            assert_eq!(again, Some(sealed), "the same random stream gives the same ciphertext");
        }
        assert!(PublicKey::read("").is_none());
        assert!(PublicKey::read("QUJD").is_none());
    }
}
