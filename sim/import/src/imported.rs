//! The contents of a capture: readable parts as sessions, unreadable ones with their place.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::session::Session;

/// The contents of a capture.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// One session per terminal, in order of appearance.
    pub sessions: Vec<Session>,
    /// The parts that could not be read; if there are any, the sessions are incomplete.
    pub unread: Vec<Unread>,
    /// The number of further unreadable parts that are not listed.
    pub more_unread: usize,
    /// Notes on how the capture was interpreted.
    pub remarks: Vec<String>,
    /// The index of each session, by name.
    places: BTreeMap<String, usize>,
}

/// A part of a capture that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// The place: a line, an entry, a connection.
    pub place: String,
    /// The reason.
    pub why: String,
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.why)
    }
}

/// The time between two instants in seconds, rounded to ten microseconds, the precision of such numbers.
pub(crate) fn since(start: f64, at: f64) -> Duration {
    let tens = ((at - start) * 1e5).round().clamp(0.0, 1e16);
    Duration::from_micros(tens as u64 * 10)
}

impl Imported {
    /// Adds a part that could not be read: its place and the reason.
    pub fn unread(&mut self, place: impl Into<String>, why: impl Into<String>) {
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

    /// The session of this name, created if missing.
    pub(crate) fn session(&mut self, name: &str, secure: bool) -> &mut Session {
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
