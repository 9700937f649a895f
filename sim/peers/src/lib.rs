//! The peers of the terminal, as value-to-value machines: the broker, the POS, the payment host and the estate host.
//!
//! They send what they are told to send and record what they receive. They do not depend on the terminal crate and read
//! no clock: time is an argument.

mod broker;
mod estate;
mod host;
mod pos;
mod upgrade_checks;

pub use broker::{Broker, BrokerInput, BrokerOutput, Peer};
pub use estate::Estate;
pub use host::{Host, HostConnection, HostInput, HostOutput};
pub use pos::{Heard, Pos, RequestId, key, request_in, unrouted_request_in};
