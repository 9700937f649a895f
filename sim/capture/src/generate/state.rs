//! What is known of a capture while a scenario is made of it.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use sca_protocol::commands::{Behaviour, Command};
use sca_protocol::{Reason, Request};

use crate::frames::Frames;
use crate::session::Side;

/// A scenario that is being made of what happens.
pub struct Lift {
    pub(super) title: String,
    pub(super) secure: bool,
    /// Whether a POS calls the terminal on its classic ports.
    pub(super) classic: bool,
    /// Settings of the terminal and the broker that what happened asks for.
    pub(super) terminal: BTreeMap<&'static str, String>,
    pub(super) broker: BTreeMap<&'static str, String>,
    /// Certificates with a flaw, by name.
    pub(super) certificates: BTreeMap<String, &'static str>,
    pub(super) body: String,
    /// How often something before the end of the text has changed.
    pub(super) rewrites: u64,
    pub(super) link: Link,
    pub(super) frames: Frames,
    pub(super) speech: Speech,
    pub(super) last: Duration,
    pub(super) is_over: bool,
    /// Whether another part follows.
    pub(super) goes_on: bool,
    /// Which part of the capture it is, where it is one of several: its number, and of how many where that is known.
    pub(super) part: (usize, Option<usize>),
    /// Bytes of lines that stand for what was before it began.
    pub(super) prelude: usize,
}

/// How far the link is.
#[derive(Debug, Default)]
pub(super) struct Link {
    /// Attempts since it was last up.
    pub(super) attempts: u32,
    /// How many of them have failed.
    pub(super) failures: u32,
    pub(super) phase: Phase,
    /// Whether TLS was spoken, so that the broker's url is a wss one.
    pub(super) speaks_tls: bool,
    /// The request for the upgrade that was told last.
    pub(super) told: String,
    /// The name of the terminal's certificate, and of the broker's, where they are not the usual ones.
    pub(super) shown: [Option<String>; 2],
    /// When something last passed.
    pub(super) moved: Duration,
    /// The ping of the terminal that has no pong yet, and since when.
    pub(super) unanswered: Option<Duration>,
    /// Whether a close has been said, and by whom.
    pub(super) closed: Option<Side>,
    /// A 101 that the rules refuse: what follows tells whether the terminal did.
    pub(super) doubtful: Option<Doubtful>,
}

/// An answer with the status 101 and something wrong in it.
#[derive(Debug)]
pub(super) struct Doubtful {
    pub(super) at: Duration,
    pub(super) reason: Reason,
    /// What was asked, and the answer as it came.
    pub(super) asked: String,
    pub(super) text: String,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    #[default]
    Down,
    Opening {
        /// What was asked, once it was.
        asked: Option<String>,
    },
    Up,
}

impl Link {
    /// There is no link that could be lost.
    pub(super) fn is_always_up(&mut self) {
        self.phase = Phase::Up;
    }

    /// It is over, nobody knows how.
    pub(super) fn is_down(&mut self) {
        self.phase = Phase::Down;
    }

    pub(super) fn is_up(&self) -> bool {
        self.phase == Phase::Up
    }
}

/// What is known of the talk.
#[derive(Default)]
pub(super) struct Speech {
    pub(super) pairing: sca_runner::Pairing<Asked>,
    /// Messages so far, from which labels are made.
    pub(super) number: u32,
    /// Values that answers have brought, and the names they are captured under.
    pub(super) captured: BTreeMap<String, String>,
    /// The counter that the terminal stood at when it was first asked, where that is not where a new one stands.
    pub(super) counter: Option<u64>,
    /// Whether any COUNTER has been said.
    pub(super) has_counted: bool,
    /// Labels of MACs that were given out within the capture.
    pub(super) registered: Vec<String>,
    /// Whether a session was asked for within the capture, or is known to have been open before.
    pub(super) has_session: bool,
    /// How often one was asked for, whatever became of it.
    pub(super) starts: usize,
    /// Where the lines of the present connection begin.
    pub(super) connected: Option<usize>,
    /// Pings of the terminal that have not been told.
    pub(super) pings: u32,
    /// When the ping before was, with nothing since.
    pub(super) last_ping: Option<Duration>,
    /// What the payment host has been told to do.
    pub(super) host: Option<String>,
    /// Whether it has been said to be out of reach.
    pub(super) is_host_down: bool,
    /// How many requests had been seen where others may be missing: before the capture began, or in a gap.
    pub(super) unseen_behind: Option<u32>,
    /// Names given to captured values so far.
    pub(super) named: usize,
    /// Values of parts before, and the exchanges that brought them.
    pub(super) carried: Carried,
}

/// Values that earlier exchanges have brought, each with the lines that bring it again.
#[derive(Debug, Clone, Default)]
pub(super) struct Carried {
    pub(super) values: BTreeMap<String, Rc<Brings>>,
    /// The same in the order in which they came.
    pub(super) order: Vec<String>,
}

/// An exchange that brings values.
#[derive(Debug)]
pub(super) struct Brings {
    pub(super) lines: String,
    /// What it brings, and the name of each.
    pub(super) names: Vec<(String, String)>,
    pub(super) needs_session: bool,
}

/// What is kept of a request until its answer comes.
#[derive(Default)]
pub(super) struct Asked {
    /// Its number, and when it was asked.
    pub(super) number: u32,
    pub(super) at: Duration,
    /// Whether the POS has cancelled since.
    pub(super) is_cancelled: bool,
    /// Whether it stands in a part before.
    pub(super) is_elsewhere: bool,
    pub(super) label: String,
    /// Where its lines stand.
    pub(super) lines: std::ops::Range<usize>,
    pub(super) request: Option<Request>,
    /// Where behind it the capture has a gap, in which its answer may stand.
    pub(super) gap: Option<usize>,
}

impl Asked {
    /// Whether its answer stands in a gap, and needed nobody but the terminal.
    pub(super) fn is_answered_alone(&self) -> bool {
        let row = self.request.as_ref().and_then(Command::find);
        let is_alone = row.is_some_and(|row| matches!(row.behaviour, Behaviour::Tell(_) | Behaviour::Change(_)));
        self.gap.is_some() && is_alone && !self.is_elsewhere
    }
}
