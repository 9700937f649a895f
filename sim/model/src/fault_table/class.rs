//! The classes of faults that coverage counts.

use sca_protocol::Reason;

/// A class of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultClass {
    /// The broker cannot be reached.
    Dial,
    /// The proxy does not open the tunnel.
    Proxy,
    /// RST.
    Reset,
    /// FIN without a Close frame.
    End,
    /// Silence in one direction or both.
    Silence,
    /// The line is slow, or cut into small segments.
    Slow,
    /// TLS is cut, corrupted or otherwise invalid.
    Tls,
    /// A certificate is rejected.
    Trust,
    /// The answer to the upgrade is rejected.
    Http,
    /// A frame violates the protocol or closes the link.
    Frame,
    /// A document cannot be parsed.
    Document,
    /// A message is lost, duplicated, swapped or late.
    Message,
    /// The power fails.
    Power,
}

/// Every class with its name.
pub const CLASSES: &[(FaultClass, &str)] = &[
    (FaultClass::Dial, "dial"),
    (FaultClass::Proxy, "proxy"),
    (FaultClass::Reset, "reset"),
    (FaultClass::End, "fin"),
    (FaultClass::Silence, "silence"),
    (FaultClass::Slow, "slow"),
    (FaultClass::Tls, "TLS"),
    (FaultClass::Trust, "trust"),
    (FaultClass::Http, "HTTP"),
    (FaultClass::Frame, "frame"),
    (FaultClass::Document, "document"),
    (FaultClass::Message, "message"),
    (FaultClass::Power, "power"),
];

impl FaultClass {
    /// The class that follows from the failure reason of an attempt, if the reason alone decides it.
    #[must_use]
    pub fn of_reason(reason: Reason) -> Option<Self> {
        match reason {
            Reason::Tls(failure) if failure.is_of_trust() => Some(Self::Trust),
            Reason::Tls(_) => Some(Self::Tls),
            Reason::Proxy(_) => Some(Self::Proxy),
            Reason::Http(_) | Reason::Handshake(_) => Some(Self::Http),
            Reason::Dns | Reason::Refused | Reason::Timeout | Reason::Reset | Reason::Config => None,
        }
    }
}
