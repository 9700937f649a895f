//! The peers of the terminal, as value-to-value machines: the broker and the POS.
//!
//! The broker says what it is told and remembers what it heard. It has never heard of the terminal crate, and it cannot
//! tell what time it is.

mod broker;
mod pos;

pub use broker::{Broker, BrokerInput, BrokerOutput, Peer};
pub use pos::{Heard, Pos, RequestId};
