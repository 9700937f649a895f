//! Why TLS or the upgrade fails: two closed lists, each with the word of scenarios and the text of the screen.

/// Why TLS fails: found by this side, or, for those that begin with `Alert`, told by the other one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TlsFailure {
    /// The broker's certificate has expired.
    Expired,
    /// The broker's certificate is not yet valid.
    NotYetValid,
    /// The broker's certificate is for another name.
    WrongName,
    /// The broker's certificate is from an unknown authority.
    UnknownAuthority,
    /// The broker's certificate is not for servers.
    WrongUsage,
    /// The broker's certificate has been revoked.
    Revoked,
    /// Whether the broker's certificate is revoked is unknown.
    UnknownRevocation,
    /// Too many authorities stand behind the broker's certificate.
    LongChain,
    /// The authority of the broker's certificate may not sign for its name.
    NameConstraints,
    /// The broker does not hold the key of its certificate.
    BadSignature,
    /// The broker's certificate cannot be read.
    BadCertificate,
    /// No certificate was shown.
    NoCertificate,
    /// No common TLS version.
    Version,
    /// No common TLS parameters.
    Incompatible,
    /// The broker does not speak TLS.
    Garbage,
    /// A TLS record was damaged.
    Corrupt,
    /// The broker hung up during TLS.
    Eof,
    /// The broker demands a certificate of this terminal.
    AlertCertificateRequired,
    /// The broker says this terminal's certificate is not valid now.
    AlertCertificateExpired,
    /// The broker says this terminal's certificate is revoked.
    AlertCertificateRevoked,
    /// The broker does not know the authority of this terminal's certificate.
    AlertUnknownAuthority,
    /// The broker refused this terminal's certificate.
    AlertBadCertificate,
    /// The broker says this terminal's certificate is for another use.
    AlertUnsupportedCertificate,
    /// The broker says this terminal does not hold its certificate's key.
    AlertDecryptError,
    /// The broker refused the TLS handshake.
    AlertHandshakeFailure,
    /// The broker refused the TLS version.
    AlertProtocolVersion,
    /// The broker ended TLS with an alert.
    AlertOther,
    /// TLS failed.
    Other,
    /// TLS failed, and the core that says so does not say why.
    Unsaid,
}

impl TlsFailure {
    /// Every failure that has a word, with the word and its text on the screen.
    pub const ALL: &[(Self, &str, &str)] = &[
        (Self::Expired, "expired", "the broker's certificate has expired"),
        (Self::NotYetValid, "not-yet-valid", "the broker's certificate is not yet valid"),
        (Self::WrongName, "wrong-name", "the broker's certificate is for another name"),
        (Self::UnknownAuthority, "unknown-authority", "the broker's certificate is from an unknown authority"),
        (Self::WrongUsage, "wrong-usage", "the broker's certificate is not for servers"),
        (Self::Revoked, "revoked", "the broker's certificate has been revoked"),
        (Self::UnknownRevocation, "unknown-revocation", "whether the broker's certificate is revoked is unknown"),
        (Self::LongChain, "long-chain", "too many authorities stand behind the broker's certificate"),
        (
            Self::NameConstraints,
            "name-constraints",
            "the authority of the broker's certificate may not sign for its name",
        ),
        (Self::BadSignature, "bad-signature", "the broker does not hold the key of its certificate"),
        (Self::BadCertificate, "bad-certificate", "the broker's certificate cannot be read"),
        (Self::NoCertificate, "no-certificate", "no certificate was shown"),
        (Self::Version, "version", "no common TLS version"),
        (Self::Incompatible, "incompatible", "no common TLS parameters"),
        (Self::Garbage, "garbage", "the broker does not speak TLS"),
        (Self::Corrupt, "corrupt", "a TLS record was damaged"),
        (Self::Eof, "eof", "the broker hung up during TLS"),
        (
            Self::AlertCertificateRequired,
            "alert-certificate-required",
            "the broker demands a certificate of this terminal",
        ),
        (
            Self::AlertCertificateExpired,
            "alert-certificate-expired",
            "the broker says this terminal's certificate is not valid now",
        ),
        (
            Self::AlertCertificateRevoked,
            "alert-certificate-revoked",
            "the broker says this terminal's certificate is revoked",
        ),
        (
            Self::AlertUnknownAuthority,
            "alert-unknown-ca",
            "the broker does not know the authority of this terminal's certificate",
        ),
        (Self::AlertBadCertificate, "alert-bad-certificate", "the broker refused this terminal's certificate"),
        (
            Self::AlertUnsupportedCertificate,
            "alert-unsupported-certificate",
            "the broker says this terminal's certificate is for another use",
        ),
        (
            Self::AlertDecryptError,
            "alert-decrypt-error",
            "the broker says this terminal does not hold its certificate's key",
        ),
        (Self::AlertHandshakeFailure, "alert-handshake-failure", "the broker refused the TLS handshake"),
        (Self::AlertProtocolVersion, "alert-protocol-version", "the broker refused the TLS version"),
        (Self::AlertOther, "alert-other", "the broker ended TLS with an alert"),
        (Self::Other, "other", "TLS failed"),
    ];

    fn row(self) -> &'static (Self, &'static str, &'static str) {
        Self::ALL.iter().find(|row| row.0 == self).unwrap_or(&Self::ALL[Self::ALL.len() - 1])
    }

    /// The word, as scenarios and captures write it.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.row().1
    }

    /// The text on the screen.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        self.row().2
    }

    /// The failure with this word, if there is one.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|row| row.1 == word).map(|row| row.0)
    }

    /// Converts a failure at the broker's end into the terminal's view. An alert received by the broker is a failure
    /// the terminal found; a failure found by the broker is an alert the terminal receives.
    ///
    /// ```
    /// use sca_protocol::TlsFailure;
    ///
    /// assert_eq!(TlsFailure::AlertCertificateExpired.seen_by_terminal(), TlsFailure::Expired);
    /// assert_eq!(TlsFailure::NoCertificate.seen_by_terminal(), TlsFailure::AlertCertificateRequired);
    /// ```
    #[must_use]
    pub fn seen_by_terminal(self) -> Self {
        match self {
            Self::AlertCertificateExpired => Self::Expired,
            Self::AlertUnknownAuthority => Self::UnknownAuthority,
            Self::AlertCertificateRevoked => Self::Revoked,
            Self::AlertUnsupportedCertificate => Self::WrongUsage,
            // The alert that common TLS libraries send for a wrong name.
            Self::AlertBadCertificate => Self::WrongName,
            Self::AlertDecryptError => Self::BadSignature,
            Self::NoCertificate => Self::AlertCertificateRequired,
            Self::Expired | Self::NotYetValid => Self::AlertCertificateExpired,
            Self::UnknownAuthority => Self::AlertUnknownAuthority,
            Self::Revoked => Self::AlertCertificateRevoked,
            Self::WrongUsage => Self::AlertUnsupportedCertificate,
            Self::BadSignature => Self::AlertDecryptError,
            other => other,
        }
    }

    /// Whether the failure is about a certificate.
    #[must_use]
    pub fn is_of_trust(self) -> bool {
        matches!(
            self,
            Self::Expired
                | Self::NotYetValid
                | Self::WrongName
                | Self::UnknownAuthority
                | Self::WrongUsage
                | Self::Revoked
                | Self::UnknownRevocation
                | Self::LongChain
                | Self::NameConstraints
                | Self::BadSignature
                | Self::BadCertificate
                | Self::NoCertificate
                | Self::AlertCertificateRequired
                | Self::AlertCertificateExpired
                | Self::AlertCertificateRevoked
                | Self::AlertUnknownAuthority
                | Self::AlertBadCertificate
                | Self::AlertUnsupportedCertificate
                | Self::AlertDecryptError
        )
    }
}

/// Why the answer to the upgrade request is not acceptable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HandshakeFailure {
    /// Sec-WebSocket-Accept is wrong or missing.
    Accept,
    /// The answer does not say Upgrade: websocket.
    Upgrade,
    /// The answer does not say Connection: Upgrade.
    Connection,
    /// The answer names a subprotocol that was not offered.
    Subprotocol,
    /// The answer names no subprotocol.
    NoSubprotocol,
    /// The answer names an extension that was not offered.
    Extension,
    /// The answer is not HTTP/1.1.
    Version,
    /// The answer is not HTTP.
    Garbage,
    /// The answer is too long.
    Oversized,
    /// The broker hung up before its answer was whole.
    Truncated,
    /// The answer was refused, for a reason that is not known.
    Refused,
    /// The answer is not acceptable, and the core that says so does not say why.
    Unsaid,
}

impl HandshakeFailure {
    /// Every failure that has a word, with the word and its text on the screen.
    pub const ALL: &[(Self, &str, &str)] = &[
        (Self::Accept, "accept", "Sec-WebSocket-Accept is wrong or missing"),
        (Self::Upgrade, "upgrade", "the answer does not say Upgrade: websocket"),
        (Self::Connection, "connection", "the answer does not say Connection: Upgrade"),
        (Self::Subprotocol, "subprotocol", "the answer names a subprotocol that was not offered"),
        (Self::NoSubprotocol, "no-subprotocol", "the answer names no subprotocol"),
        (Self::Extension, "extension", "the answer names an extension that was not offered"),
        (Self::Version, "version", "the answer is not HTTP/1.1"),
        (Self::Garbage, "garbage", "the answer is not HTTP"),
        (Self::Oversized, "oversized", "the answer is too long"),
        (Self::Truncated, "truncated", "the broker hung up before its answer was whole"),
        (Self::Refused, "refused", "the answer was refused, for a reason that is not known"),
    ];

    fn row(self) -> &'static (Self, &'static str, &'static str) {
        Self::ALL.iter().find(|row| row.0 == self).unwrap_or(&Self::ALL[Self::ALL.len() - 1])
    }

    /// Whether the head of the answer was read to its end before it was refused, as far as that is known.
    #[must_use]
    pub fn is_of_whole_answer(self) -> bool {
        !matches!(self, Self::Garbage | Self::Oversized | Self::Truncated | Self::Refused | Self::Unsaid)
    }

    /// The word, as scenarios and captures write it.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.row().1
    }

    /// The text on the screen.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        self.row().2
    }

    /// The failure with this word, if there is one.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|row| row.1 == word).map(|row| row.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_is_found_by_its_word() {
        for (failure, word, sentence) in TlsFailure::ALL {
            assert_eq!((failure.word(), failure.sentence()), (*word, *sentence));
            assert_eq!(TlsFailure::of_word(word), Some(*failure));
        }
        for (failure, word, sentence) in HandshakeFailure::ALL {
            assert_eq!((failure.word(), failure.sentence()), (*word, *sentence));
            assert_eq!(HandshakeFailure::of_word(word), Some(*failure));
        }
        assert_eq!((TlsFailure::of_word("x"), HandshakeFailure::of_word("")), (None, None));
    }
}
