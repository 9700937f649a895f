//! The reasons for which a connection attempt fails: a closed list that screens, scenarios and reports share.

use std::fmt;

use crate::failure::{HandshakeFailure, TlsFailure};

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
    /// TLS failed.
    Tls(TlsFailure),
    /// The proxy refused the connection: its status, or 0 if its response could not be read.
    Proxy(u16),
    /// The broker responded to the upgrade request with this status.
    Http(u16),
    /// The response to the upgrade request was not acceptable.
    Handshake(HandshakeFailure),
    /// The settings do not allow a connection.
    Config,
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
            Self::Tls(TlsFailure::Unsaid) | Self::Handshake(HandshakeFailure::Unsaid) => None,
            Self::Tls(failure) => Some(failure.word().to_owned()),
            Self::Handshake(failure) => Some(failure.word().to_owned()),
            Self::Proxy(status @ 1..) | Self::Http(status) => Some(status.to_string()),
            Self::Proxy(0) | Self::Dns | Self::Refused | Self::Timeout | Self::Reset | Self::Config => None,
        }
    }

    /// The text on the screen (BOOT-05).
    #[must_use]
    pub fn sentence(self) -> String {
        match self {
            Self::Dns => "the broker's name is not known".to_owned(),
            Self::Refused => "the broker refused the connection".to_owned(),
            Self::Timeout => "the broker did not answer in time".to_owned(),
            Self::Reset => "the connection was reset".to_owned(),
            Self::Tls(failure) => failure.sentence().to_owned(),
            Self::Proxy(0) => "the proxy gave no answer that can be read".to_owned(),
            Self::Proxy(status) => format!("the proxy answered with HTTP status {status}"),
            Self::Http(status) => format!("the broker answered with HTTP status {status}"),
            Self::Handshake(failure) => failure.sentence().to_owned(),
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

/// The error for a text that is not a reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a reason, for example `refused`, `http 503` or `tls expired`")]
pub struct ParseReasonError;

impl std::str::FromStr for Reason {
    type Err = ParseReasonError;

    fn from_str(text: &str) -> Result<Self, ParseReasonError> {
        let (kind, detail) = text.split_once(' ').unwrap_or((text, ""));
        let status = || detail.parse().map_err(|_| ParseReasonError);
        match (kind, detail) {
            ("dns", "") => Ok(Self::Dns),
            ("refused", "") => Ok(Self::Refused),
            ("timeout", "") => Ok(Self::Timeout),
            ("reset", "") => Ok(Self::Reset),
            ("config", "") => Ok(Self::Config),
            ("proxy", "") => Ok(Self::Proxy(0)),
            ("proxy", _) => status().map(Self::Proxy),
            ("http", _) => status().map(Self::Http),
            ("tls", word) => TlsFailure::of_word(word).map(Self::Tls).ok_or(ParseReasonError),
            ("handshake", word) => HandshakeFailure::of_word(word).map(Self::Handshake).ok_or(ParseReasonError),
            _ => Err(ParseReasonError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_reads_as_it_was_written() {
        let tls = TlsFailure::ALL.iter().map(|row| Reason::Tls(row.0));
        let handshake = HandshakeFailure::ALL.iter().map(|row| Reason::Handshake(row.0));
        let rest = [Reason::Dns, Reason::Refused, Reason::Timeout, Reason::Reset, Reason::Config, Reason::Proxy(0)];
        for reason in tls.chain(handshake).chain(rest).chain([Reason::Proxy(407), Reason::Http(503)]) {
            assert_eq!(reason.to_string().parse(), Ok(reason));
        }
        for odd in ["", "tls", "tls x", "http", "http x", "dns 1", "nothing"] {
            assert_eq!(odd.parse::<Reason>(), Err(ParseReasonError), "{odd}");
        }
    }
}
