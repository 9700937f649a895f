//! Tests on real sockets: parties in the open, external devices, cuts counted by other peers, floods.

#[path = "../common/mod.rs"]
mod common;

mod bytes;
mod external;
mod floods;
mod open;
mod settings;
