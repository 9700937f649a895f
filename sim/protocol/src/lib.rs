//! The protocol between a POS and a terminal, and its rules.
//!
//! Messages, commands, codes, settings, the counter, the upgrade request and the validation of its response. Nothing
//! here moves bytes, reads a clock or draws a random number: all of that comes in as arguments.

pub mod assumptions;
pub mod cards;
pub mod chance;
pub mod clauses;
pub mod codes;
pub mod commands;
pub mod counter;
mod failure;
pub mod frame;
pub mod handshake;
pub mod instant;
pub mod keys;
pub mod message;
pub mod models;
pub mod plain;
mod port;
pub mod reason;
pub mod rsa;
pub mod screens;
pub mod settings;
pub mod xml;

pub use chance::Chance;
pub use failure::{HandshakeFailure, TlsFailure};
pub use instant::{Now, UnixTime};
pub use message::{Request, Response};
pub use port::Line;
pub use reason::Reason;
