//! What other tools have caught, as sessions: HAR, packets, logs. What could be read is kept; what could not is said, with its
//! place.

mod document;
pub mod har;
mod lines;
pub mod log;
mod order;
pub mod packets;
mod text;
mod times;

pub use lines::{FORMATS, Format};

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::session::Session;

pub(crate) use document::is_request;
pub(crate) use lines::looks;
pub(crate) use text::{TEXT_MAX, decoded, too_long};

/// What a capture held.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// A session for each terminal, in the order in which they appear.
    pub sessions: Vec<Session>,
    /// What could not be read: with any of it the sessions are not all that happened.
    pub unread: Vec<Unread>,
    /// How more parts could not be read than are listed.
    pub more_unread: usize,
    /// What one should know of how it was read.
    pub remarks: Vec<String>,
    /// Where each session stands, by its name.
    places: BTreeMap<String, usize>,
}

/// A part of a capture that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Where: a line, an entry, a connection.
    pub place: String,
    /// What is wrong with it.
    pub why: String,
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.why)
    }
}

/// The time from one instant to another, both in seconds: to ten microseconds, for such numbers hold no more.
fn since(start: f64, at: f64) -> Duration {
    let tens = ((at - start) * 1e5).round().clamp(0.0, 1e16);
    Duration::from_micros(tens as u64 * 10)
}

impl Imported {
    pub(crate) fn unread(&mut self, place: impl Into<String>, why: impl Into<String>) {
        const UNREAD_MAX: usize = 200;
        if self.unread.len() < UNREAD_MAX {
            self.unread.push(Unread { place: place.into(), why: why.into() });
        } else {
            self.more_unread += 1;
        }
    }

    pub(crate) fn remark(&mut self, text: impl Into<String>) {
        const REMARKS_MAX: usize = 100;
        if self.remarks.len() < REMARKS_MAX {
            self.remarks.push(text.into());
        }
    }

    /// The session of this name, made where there is none.
    fn session(&mut self, name: &str, secure: bool) -> &mut Session {
        let at = match self.places.get(name) {
            Some(at) => *at,
            None => {
                self.sessions.push(Session::new(name, secure));
                self.places.insert(name.to_owned(), self.sessions.len() - 1);
                self.sessions.len() - 1
            }
        };
        &mut self.sessions[at]
    }
}
