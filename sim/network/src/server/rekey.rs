//! New keys for a connection in its middle.

use tokio_rustls::server::TlsStream;

use crate::plaintext::Incoming;
use crate::tap::Tapped;

/// A stream whose keys can be made new.
pub(super) trait Rekey {
    fn new_keys(&mut self) {}
}

impl Rekey for Tapped {}

impl<S: Rekey> Rekey for Incoming<S> {
    fn new_keys(&mut self) {
        self.get_mut().new_keys();
    }
}

impl<S> Rekey for TlsStream<S> {
    fn new_keys(&mut self) {
        // With TLS 1.2 there is no such message, and the library says so.
        drop(self.get_mut().1.refresh_traffic_keys());
    }
}
