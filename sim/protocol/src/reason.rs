//! The reasons for which a connection attempt fails: a closed list that screens, scenarios and reports share.

use std::fmt;

/// The reason for a failed connection attempt. Its text form is the one of scenarios: `tls expired`, `http 503`,
/// `refused`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The broker's name could not be resolved.
    Dns,
    /// The broker's port refused the connection.
    Refused,
    /// A step exceeded its time limit.
    Timeout,
    /// The connection was reset before it was open.
    Reset,
    /// TLS failed; one of [`TLS_WORDS`].
    Tls(&'static str),
    /// The proxy refused the connection: its status, or 0 if its response could not be read.
    Proxy(u16),
    /// The broker responded to the upgrade request with this status.
    Http(u16),
    /// The response to the upgrade request was not acceptable; one of [`HANDSHAKE_WORDS`].
    Handshake(&'static str),
    /// The settings do not allow a connection.
    Config,
}

/// The kinds of TLS failure: those found by this side, then the alerts of the other side, each with its text on the
/// screen.
pub const TLS_WORDS: &[(&str, &str)] = &[
    ("expired", "the broker's certificate has expired"),
    ("not-yet-valid", "the broker's certificate is not yet valid"),
    ("wrong-name", "the broker's certificate is for another name"),
    ("unknown-authority", "the broker's certificate is from an unknown authority"),
    ("wrong-usage", "the broker's certificate is not for servers"),
    ("revoked", "the broker's certificate has been revoked"),
    ("unknown-revocation", "whether the broker's certificate is revoked is unknown"),
    ("long-chain", "too many authorities stand behind the broker's certificate"),
    ("name-constraints", "the authority of the broker's certificate may not sign for its name"),
    ("bad-signature", "the broker does not hold the key of its certificate"),
    ("bad-certificate", "the broker's certificate cannot be read"),
    ("no-certificate", "no certificate was shown"),
    ("version", "no common TLS version"),
    ("incompatible", "no common TLS parameters"),
    ("garbage", "the broker does not speak TLS"),
    ("corrupt", "a TLS record was damaged"),
    ("eof", "the broker hung up during TLS"),
    ("alert-certificate-required", "the broker demands a certificate of this terminal"),
    ("alert-certificate-expired", "the broker says this terminal's certificate is not valid now"),
    ("alert-certificate-revoked", "the broker says this terminal's certificate is revoked"),
    ("alert-unknown-ca", "the broker does not know the authority of this terminal's certificate"),
    ("alert-bad-certificate", "the broker refused this terminal's certificate"),
    ("alert-unsupported-certificate", "the broker says this terminal's certificate is for another use"),
    ("alert-decrypt-error", "the broker says this terminal does not hold its certificate's key"),
    ("alert-handshake-failure", "the broker refused the TLS handshake"),
    ("alert-protocol-version", "the broker refused the TLS version"),
    ("alert-other", "the broker ended TLS with an alert"),
    ("other", "TLS failed"),
];

/// The kinds of fault in the response to the upgrade request, each with its text on the screen.
pub const HANDSHAKE_WORDS: &[(&str, &str)] = &[
    ("accept", "Sec-WebSocket-Accept is wrong or missing"),
    ("upgrade", "the answer does not say Upgrade: websocket"),
    ("connection", "the answer does not say Connection: Upgrade"),
    ("subprotocol", "the answer names a subprotocol that was not offered"),
    ("no-subprotocol", "the answer names no subprotocol"),
    ("extension", "the answer names an extension that was not offered"),
    ("version", "the answer is not HTTP/1.1"),
    ("garbage", "the answer is not HTTP"),
    ("oversized", "the answer is too long"),
    ("truncated", "the broker hung up before its answer was whole"),
    ("refused", "the answer was refused, for a reason that is not known"),
];

/// Converts a TLS failure at the broker's end into the terminal's view. An alert received by the broker is a failure
/// the terminal found; a failure found by the broker is an alert the terminal receives.
///
/// ```
/// use sca_protocol::reason::seen_by_terminal;
///
/// assert_eq!(seen_by_terminal("alert-certificate-expired"), "expired");
/// assert_eq!(seen_by_terminal("no-certificate"), "alert-certificate-required");
/// ```
#[must_use]
pub fn seen_by_terminal(word: &'static str) -> &'static str {
    match word {
        "alert-certificate-expired" => "expired",
        "alert-unknown-ca" => "unknown-authority",
        "alert-certificate-revoked" => "revoked",
        "alert-unsupported-certificate" => "wrong-usage",
        // The alert that common TLS libraries send for a wrong name.
        "alert-bad-certificate" => "wrong-name",
        "alert-decrypt-error" => "bad-signature",
        "no-certificate" => "alert-certificate-required",
        "expired" | "not-yet-valid" => "alert-certificate-expired",
        "unknown-authority" => "alert-unknown-ca",
        "revoked" => "alert-certificate-revoked",
        "wrong-usage" => "alert-unsupported-certificate",
        "bad-signature" => "alert-decrypt-error",
        other => other,
    }
}

impl Reason {
    /// The first word: `dns`, `refused`, `timeout`, `reset`, `tls`, `proxy`, `http`, `handshake` or `config`.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Refused => "refused",
            Self::Timeout => "timeout",
            Self::Reset => "reset",
            Self::Tls(_) => "tls",
            Self::Proxy(_) => "proxy",
            Self::Http(_) => "http",
            Self::Handshake(_) => "handshake",
            Self::Config => "config",
        }
    }

    /// The second word, if there is one.
    #[must_use]
    pub fn detail(self) -> Option<String> {
        match self {
            Self::Tls(word) | Self::Handshake(word) => Some(word.to_owned()),
            Self::Proxy(status @ 1..) | Self::Http(status) => Some(status.to_string()),
            Self::Proxy(0) | Self::Dns | Self::Refused | Self::Timeout | Self::Reset | Self::Config => None,
        }
    }

    /// The text on the screen (BOOT-05).
    #[must_use]
    pub fn sentence(self) -> String {
        let text = |words: &[(&str, &'static str)], word| words.iter().find(|w| w.0 == word).map_or("", |w| w.1);
        match self {
            Self::Dns => "the broker's name is not known".to_owned(),
            Self::Refused => "the broker refused the connection".to_owned(),
            Self::Timeout => "the broker did not answer in time".to_owned(),
            Self::Reset => "the connection was reset".to_owned(),
            Self::Tls(word) => text(TLS_WORDS, word).to_owned(),
            Self::Proxy(0) => "the proxy gave no answer that can be read".to_owned(),
            Self::Proxy(status) => format!("the proxy answered with HTTP status {status}"),
            Self::Http(status) => format!("the broker answered with HTTP status {status}"),
            Self::Handshake(word) => text(HANDSHAKE_WORDS, word).to_owned(),
            Self::Config => "this device or its settings do not allow WebSocket".to_owned(),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.detail() {
            Some(detail) => write!(f, "{} {detail}", self.kind()),
            None => f.write_str(self.kind()),
        }
    }
}
