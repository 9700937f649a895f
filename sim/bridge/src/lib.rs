//! Client cores in other processes, in virtual time: core protocol 1.
//!
//! The harness owns time, chance and the network; a core owns its decisions. A [`ForeignCore`] is a
//! [`ClientCore`](sca_core::ClientCore) whose decisions are made by another process: one line of JSON in, one line out,
//! in lock-step, over standard input and output. The lines are in [`lines`]; [`Cores`] starts processes and uses each
//! for many worlds.

mod asker;
mod convert;
mod cores;
mod device;
mod foreign_core;
mod foreign_terminal;
pub mod lines;
mod pinned;
mod process;
pub mod replay;
pub mod serve;
mod withheld;

pub use convert::question;
pub use cores::{Conversation, Cores, Exchange};
pub use foreign_core::ForeignCore;
pub use foreign_terminal::ForeignTerminal;
pub use process::{Process, ProcessError};
