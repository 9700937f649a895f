//! What other tools have caught, as sessions: HAR, packets, plain logs. What could be read is kept; what could not is said,
//! with its place.

pub mod har;
pub mod log;
pub mod packets;

use std::collections::BTreeMap;
use std::fmt;

use crate::session::Session;

/// What a file held.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// A session for each terminal, in the order in which they appear.
    pub sessions: Vec<Session>,
    /// What could not be read.
    pub unread: Vec<Unread>,
    /// Where each session stands, by its name.
    places: BTreeMap<String, usize>,
}

/// A part of a file that could not be read.
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

impl Imported {
    fn unread(&mut self, place: impl Into<String>, why: impl Into<String>) {
        const UNREAD_MAX: usize = 200;
        if self.unread.len() < UNREAD_MAX {
            self.unread.push(Unread { place: place.into(), why: why.into() });
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

/// Whether a text is a document for a terminal: a request of a POS.
fn is_request(text: &str) -> bool {
    let text = text.trim_start();
    let text = text.split_once("?>").filter(|_| text.starts_with("<?xml")).map_or(text, |(_, rest)| rest).trim_start();
    text.starts_with("<TRANSACTION") || text.starts_with("<ETRANSACTION")
}
