//! The memory network: byte streams in virtual time.

mod network;
mod pipe;

pub use network::MemoryNetwork;
pub(crate) use pipe::MemoryEnd;
