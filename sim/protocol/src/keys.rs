//! The keys of a registered POS: MACs over COUNTER, and the encryption of documents into packets.
//!
//! Keys have no text form, so nothing can print one.

use std::fmt;

use aes::Aes128;
use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// A key of 16 bytes: MAC_KEY, or TERMINAL_KEY, which also encrypts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key([u8; 16]);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

/// An encrypted document as ETRANSACTION and ERESPONSE carry it, with both parts in base64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// The initialisation vector, IV.
    pub iv: String,
    /// The ciphertext, PAYLOAD.
    pub payload: String,
}

/// Why a packet cannot be decrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PacketError {
    /// A part is not base64.
    NotBase64,
    /// It does not decrypt with this key.
    NotDecrypted,
}

impl Key {
    /// A key from its bytes.
    #[must_use]
    pub fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes, to be encrypted for the key's owner.
    #[must_use]
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, to be stored in the device's flash only.
    #[must_use]
    pub fn bytes_for_flash(&self) -> [u8; 16] {
        self.0
    }

    /// The MAC of a COUNTER: HMAC-SHA-256 over its plain digits, in base64.
    ///
    /// The other reading of the page, one block of AES, cannot produce its own sample of 44 characters.
    ///
    /// ```
    /// use sca_protocol::keys::Key;
    /// assert_eq!(Key::new([7; 16]).mac(1).len(), 44);
    /// ```
    #[must_use]
    pub fn mac(&self, counter: u32) -> String {
        STANDARD.encode(self.hmac(counter).finalize().into_bytes())
    }

    /// Whether a MAC is the one of this COUNTER, compared in constant time.
    #[must_use]
    pub fn made(&self, mac: &str, counter: u32) -> bool {
        STANDARD.decode(mac).is_ok_and(|bytes| self.hmac(counter).verify_slice(&bytes).is_ok())
    }

    fn hmac(&self, counter: u32) -> Hmac<Sha256> {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(counter.to_string().as_bytes());
        mac
    }

    /// Encrypts a document: AES-128-CBC, PKCS#7 padding.
    #[must_use]
    pub fn close(&self, text: &str, iv: [u8; 16]) -> Packet {
        let cipher = cbc::Encryptor::<Aes128>::new(&self.0.into(), &iv.into());
        let payload = cipher.encrypt_padded_vec::<Pkcs7>(text.as_bytes());
        Packet { iv: STANDARD.encode(iv), payload: STANDARD.encode(payload) }
    }

    /// Decrypts a document.
    ///
    /// # Errors
    /// [`PacketError`] says which step failed.
    pub fn open(&self, packet: &Packet) -> Result<String, PacketError> {
        let part = |text: &str| STANDARD.decode(text).map_err(|_| PacketError::NotBase64);
        let (iv, payload) = (part(&packet.iv)?, part(&packet.payload)?);
        let iv: [u8; 16] = iv.try_into().map_err(|_| PacketError::NotDecrypted)?;
        let cipher = cbc::Decryptor::<Aes128>::new(&self.0.into(), &iv.into());
        let plain = cipher.decrypt_padded_vec::<Pkcs7>(&payload).map_err(|_| PacketError::NotDecrypted)?;
        String::from_utf8(plain).map_err(|_| PacketError::NotDecrypted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mac_fits_its_counter_and_key_alone() {
        let key = Key::new([1; 16]);
        assert!(key.made(&key.mac(42), 42));
        assert!(!key.made(&key.mac(42), 43));
        assert!(!key.made(&Key::new([2; 16]).mac(42), 42));
        assert!(!key.made("not base64", 42));
    }

    #[test]
    fn a_packet_opens_with_its_key_alone() {
        let (key, other) = (Key::new([1; 16]), Key::new([2; 16]));
        let packet = key.close("<TRANSACTION />", [9; 16]);
        assert_eq!(key.open(&packet).as_deref(), Ok("<TRANSACTION />"));
        assert_eq!(other.open(&packet), Err(PacketError::NotDecrypted));
        assert_eq!(key.open(&Packet { iv: "*".to_owned(), ..packet.clone() }), Err(PacketError::NotBase64));
        assert_eq!(key.open(&Packet { iv: "AAAA".to_owned(), ..packet }), Err(PacketError::NotDecrypted));
    }
}
