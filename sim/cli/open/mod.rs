//! `terminal`, `broker`, `host` and `pos`: the simulated parties as processes of their own, on real sockets.

pub(crate) mod party;
mod pos;
mod servers;
mod terminal;

pub(crate) use pos::{PosArguments, pos};
pub(crate) use servers::{BrokerArguments, HostArguments, broker, host};
pub(crate) use terminal::{TerminalArguments, terminal};
