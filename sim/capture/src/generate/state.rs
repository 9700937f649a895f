//! The state of the generator while a scenario is made of a capture.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use sca_protocol::commands::{Behaviour, Command};
use sca_protocol::{Reason, Request};

use crate::frames::Frames;
use sca_import::Side;

/// A scenario under construction from the events of a session.
pub struct ScenarioGenerator {
    pub(super) title: String,
    pub(super) secure: bool,
    /// Whether a POS connects to the terminal's classic ports, without a broker.
    pub(super) classic: bool,
    /// Settings of the terminal and the broker that the events require.
    pub(super) terminal: BTreeMap<&'static str, String>,
    pub(super) broker: BTreeMap<&'static str, String>,
    /// Flaws of certificates, by certificate name.
    pub(super) certificates: BTreeMap<String, &'static str>,
    pub(super) body: String,
    /// How often earlier text has changed.
    pub(super) rewrites: u64,
    pub(super) link: Link,
    pub(super) frames: Frames,
    pub(super) speech: Exchange,
    pub(super) last: Duration,
    pub(super) is_over: bool,
    /// Whether another part of the capture follows.
    pub(super) goes_on: bool,
    /// The number of this part of the capture, and the number of parts if known.
    pub(super) part: (usize, Option<usize>),
    /// Size in bytes of the lines that re-create the state at the start of this part.
    pub(super) prelude: usize,
}

/// The state of the link in the capture.
#[derive(Debug, Default)]
pub(super) struct Link {
    /// Attempts since the link was last up.
    pub(super) attempts: u32,
    /// How many of these attempts failed.
    pub(super) failures: u32,
    pub(super) phase: Phase,
    /// Whether TLS was used, so that the broker's URL is wss.
    pub(super) speaks_tls: bool,
    /// The upgrade request that was last written out, to detect changes.
    pub(super) told: String,
    /// Names of the terminal's and of the broker's certificate, if they are not the default ones.
    pub(super) shown: [Option<String>; 2],
    /// Time of the last frame.
    pub(super) moved: Duration,
    /// Time of the terminal's first ping without a pong.
    pub(super) unanswered: Option<Duration>,
    /// The side that sent the first close frame, if any.
    pub(super) closed: Option<Side>,
    /// An invalid 101 response: the next event shows whether the terminal accepted it.
    pub(super) doubtful: Option<InvalidUpgrade>,
}

/// A 101 response that violates the handshake rules.
#[derive(Debug)]
pub(super) struct InvalidUpgrade {
    pub(super) at: Duration,
    pub(super) reason: Reason,
    /// The upgrade request, and the response as received.
    pub(super) asked: String,
    pub(super) text: String,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    #[default]
    Down,
    Opening {
        /// The upgrade request, once sent.
        asked: Option<String>,
    },
    Up,
}

impl Link {
    /// Marks the link as permanently up, for the classic ports, where there is none to lose.
    pub(super) fn set_always_up(&mut self) {
        self.phase = Phase::Up;
    }

    /// Marks the link as down, without a known reason.
    pub(super) fn is_down(&mut self) {
        self.phase = Phase::Down;
    }

    pub(super) fn is_up(&self) -> bool {
        self.phase == Phase::Up
    }
}

/// The state of the message exchange.
#[derive(Default)]
pub(super) struct Exchange {
    pub(super) pairing: sca_judge::Pairing<Asked>,
    /// Number of requests so far, from which labels are made.
    pub(super) number: u32,
    /// Values from responses, and the names they are captured under.
    pub(super) captured: BTreeMap<String, String>,
    /// The terminal's counter when it was first queried, if it differs from that of a new terminal.
    pub(super) counter: Option<u64>,
    /// Whether any COUNTER has been seen.
    pub(super) has_counted: bool,
    /// MAC labels registered within the capture.
    pub(super) registered: Vec<String>,
    /// Whether a SESSION START was seen, or a session is known to have been open before.
    pub(super) has_session: bool,
    /// Number of SESSION START requests, successful or not.
    pub(super) starts: usize,
    /// The position at which the lines of the current connection begin.
    pub(super) connected: Option<usize>,
    /// Number of terminal pings not written out.
    pub(super) pings: u32,
    /// Time of the previous ping, if no message came since.
    pub(super) last_ping: Option<Duration>,
    /// The last `host …` action.
    pub(super) host: Option<String>,
    /// Whether the host was last set to `down`.
    pub(super) is_host_down: bool,
    /// The number of requests seen when a gap, or the start of the capture, may have hidden others.
    pub(super) unseen_behind: Option<u32>,
    /// Number of names given to captured values.
    pub(super) named: usize,
    /// Values from earlier parts, and the exchanges that produced them.
    pub(super) carried: EarlierValues,
}

/// Values that earlier exchanges produced, each with the lines that produce it again.
#[derive(Debug, Clone, Default)]
pub(super) struct EarlierValues {
    pub(super) values: BTreeMap<String, Rc<ProducingExchange>>,
    /// The values in the order in which they appeared.
    pub(super) order: Vec<String>,
}

/// An exchange that produces values.
#[derive(Debug)]
pub(super) struct ProducingExchange {
    pub(super) lines: String,
    /// The values, each with the name it is captured under.
    pub(super) names: Vec<(String, String)>,
    pub(super) needs_session: bool,
}

/// An open request: what is kept of it until its response.
#[derive(Default)]
pub(super) struct Asked {
    /// Its number, and the time it was sent.
    pub(super) number: u32,
    pub(super) at: Duration,
    /// Whether the POS has sent a CANCEL since.
    pub(super) is_cancelled: bool,
    /// Whether its lines are in an earlier part, or were left out.
    pub(super) is_elsewhere: bool,
    pub(super) label: String,
    /// The byte range of its lines.
    pub(super) lines: std::ops::Range<usize>,
    pub(super) request: Option<Request>,
    /// The position of the first gap after it, which may contain its response.
    pub(super) gap: Option<usize>,
}

impl Asked {
    /// Whether its response lies in a gap and required no cardholder or host.
    pub(super) fn is_answered_alone(&self) -> bool {
        let row = self.request.as_ref().and_then(Command::find);
        let is_alone = row.is_some_and(|row| matches!(row.behaviour, Behaviour::Tell(_) | Behaviour::Change(_)));
        self.gap.is_some() && is_alone && !self.is_elsewhere
    }
}
