//! The tap on a byte stream, the lowest fault layer of both worlds: hold it silent, end it, or cut it within a TLS record.
//! Bytes pass through it unchanged until it is told otherwise. It lies at the broker's end, where that is ours; before a
//! real broker it lies at the terminal's, and does there what the broker's end would have done.

mod near;
mod state;
mod tapped;

pub(crate) use near::NearEnd;
pub use state::TapHandle;
pub(crate) use tapped::Tapped;
