//! Client cores in other processes, in virtual time: core protocol 1.
//!
//! The harness owns time, chance and the network; a core owns its decisions. A [`ForeignCore`] is a
//! [`ClientCore`](sca_core::ClientCore) whose decisions are made by another process: one line of JSON in, one line out,
//! in lock-step, over standard input and output. The lines are in [`lines`]; [`Cores`] starts processes and uses each
//! for many worlds.

mod convert;
mod cores;
mod foreign_core;
pub mod lines;
mod pinned;
mod process;
pub mod replay;
mod withheld;

pub use convert::question;
pub use cores::{Conversation, Cores, Exchange};
pub use foreign_core::ForeignCore;
pub use process::{Process, ProcessError};
