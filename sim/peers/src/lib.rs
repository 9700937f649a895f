//! The peers of the terminal, as value-to-value machines: the broker, the POS, the payment host and the estate host.
//!
//! They say what they are told and remember what they heard. They have never heard of the terminal crate, and they cannot
//! tell what time it is.

mod broker;
mod estate;
mod host;
mod pos;
mod upgrade;

pub use broker::{Broker, BrokerInput, BrokerOutput, Peer};
pub use estate::Estate;
pub use host::{Caller, Host, HostInput, HostOutput};
pub use pos::{Heard, Pos, RequestId, key, request_in};
