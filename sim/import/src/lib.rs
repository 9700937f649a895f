//! Captures of other tools and of the recorder as sessions: HTTP archives, packets, logs.
//!
//! A session is what a terminal and its broker said, and when. Readable parts become sessions; unreadable ones are
//! reported with their place.

mod document;
pub mod har;
mod imported;
mod lines;
pub mod log;
mod observer;
mod order;
pub mod packets;
mod session;
mod times;

pub use imported::{Imported, Unread};
pub use lines::{FORMATS, Format, looks, without_escapes};
pub use observer::Observer;
pub use session::{Ending, Event, Session, Side};
