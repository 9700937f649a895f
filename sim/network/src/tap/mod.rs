//! The tap on a byte stream, the lowest fault layer for memory and sockets: it silences the stream, ends it, or cuts it
//! within a TLS record. By default bytes pass unchanged. The tap is at the broker's end; if the broker is external it
//! is at the terminal's end, and does there what it would do at the broker's.

mod state;
mod tapped;
mod terminal_end;

pub use state::TapHandle;
pub(crate) use tapped::Tapped;
pub(crate) use terminal_end::TerminalEnd;
