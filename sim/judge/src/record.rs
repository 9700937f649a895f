//! The record of a run: everything done and observed, with repetitions folded, so that a month of retries fits on a
//! page.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use sca_core::{LinkReport, Screen};
use sca_model::Span;
use sca_model::{Message, Step};
use sca_peers::RequestId;
use sca_protocol::frame::Frame;
use sca_protocol::{Line, Request};

use crate::lanes::Data;

/// One action or observation.
#[derive(Debug, Clone)]
pub enum Entry {
    /// A step that the world played, with its values filled in.
    Played(Rc<Step>),
    /// A request that a POS sent; the label is the scenario's own.
    Asked {
        /// The POS.
        by: usize,
        /// The terminal.
        to: usize,
        /// The request.
        message: Message,
        /// Its identity, by which its answer is found.
        id: RequestId,
        /// The label of its line.
        label: Option<String>,
        /// The place of its line.
        span: Span,
    },
    /// A link event.
    Link(usize, LinkReport),
    /// The screen changed.
    Screen(usize, Screen),
    /// The icon changed.
    Icon(usize, bool),
    /// A message to a POS.
    Data(usize, Rc<Data>),
    /// An upgrade request.
    Http(usize, String),
    /// A CONNECT request to the proxy.
    Proxied(usize, String),
    /// A document to a host.
    ToHost(usize, Line, Rc<Request>),
    /// A ping from the terminal.
    Ping(usize),
    /// A pong from the terminal.
    Pong(usize, Vec<u8>),
    /// A Close frame from the terminal.
    Close(usize, Option<u16>),
    /// A comment line, without meaning for a replay.
    Comment(String),
    /// The entries that were folded: a group of `lines` entries, `times` more times.
    Folded {
        /// The size of the group.
        lines: usize,
        /// How many more times.
        times: u64,
        /// When the last of them happened.
        until: Duration,
    },
}

impl Entry {
    /// Whether two entries are equal apart from counters. Entries that a line must list are never folded.
    fn repeats(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Link(a, LinkReport::Attempts), Self::Link(b, LinkReport::Attempts))
            | (Self::Link(a, LinkReport::Loses), Self::Link(b, LinkReport::Loses))
            | (Self::Ping(a), Self::Ping(b)) => a == b,
            (Self::Link(a, LinkReport::Fails(why)), Self::Link(b, LinkReport::Fails(because))) => {
                a == b && why == because
            }
            (Self::Screen(a, one), Self::Screen(b, other)) => {
                a == b && one.name == other.name && one.text == other.text
            }
            (Self::Icon(a, one), Self::Icon(b, other)) => a == b && one == other,
            (Self::Proxied(a, one), Self::Proxied(b, other)) => a == b && one == other,
            (Self::Comment(one), Self::Comment(other)) => one == other,
            _ => false,
        }
    }
}

/// The longest group of entries that is recognized as a repetition.
const PERIOD_MAX: usize = 8;
/// How many times a group is printed before it is folded.
const SHOWN: usize = 3;

/// One entry as kept for a trace, where nothing is folded.
#[derive(Debug, Clone)]
pub struct Kept {
    /// When it happened, counted from the start of the run.
    pub at: Duration,
    /// Its place in the order of observations; 0 for entries that no expectation reads.
    pub sequence: u64,
    /// What happened.
    pub entry: Entry,
    /// The frames that carried it.
    pub frames: Vec<Frame>,
}

/// The most entries that are kept for one trace.
const KEPT_MAX: usize = 20_000;

/// The record of one world.
#[derive(Debug, Default)]
pub struct Record {
    /// Whether every entry is kept for a trace.
    keeps_all: bool,
    all: Vec<Kept>,
    /// Frames of a message that is not complete yet.
    frames: Vec<Frame>,
    entries: Vec<(Duration, Entry)>,
    /// For each period, how many consecutive entries repeat the entry one period earlier.
    runs: [usize; PERIOD_MAX],
    folding: Option<Folding>,
}

#[derive(Debug)]
struct Folding {
    period: usize,
    count: u64,
    last: VecDeque<(Duration, Entry)>,
}

impl Record {
    /// An empty record; `keeps_all` keeps every entry for a trace.
    pub fn new(keeps_all: bool) -> Self {
        Self { keeps_all, ..Self::default() }
    }

    /// Adds an entry.
    pub fn push(&mut self, at: Duration, entry: Entry) {
        if self.keeps_all && self.all.len() < KEPT_MAX {
            let frames = match entry {
                Entry::Data(..) => std::mem::take(&mut self.frames),
                _ => Vec::new(),
            };
            self.all.push(Kept { at, sequence: 0, entry: entry.clone(), frames });
        }
        if let Some(folding) = &mut self.folding {
            let template = &folding.last[0].1;
            if entry.repeats(template) {
                folding.last.pop_front();
                folding.last.push_back((at, entry));
                folding.count += 1;
                return;
            }
            self.unfold();
        }
        self.entries.push((at, entry));
        self.look_for_repetition();
    }

    /// Gives the observation added last its place in the order of observations.
    pub fn observed(&mut self, sequence: u64) {
        for kept in self.all.iter_mut().rev().take(2) {
            let is_read = !matches!(kept.entry, Entry::Played(_) | Entry::Asked { .. } | Entry::Comment(_));
            if kept.sequence != 0 || !is_read {
                break;
            }
            kept.sequence = sequence;
        }
    }

    /// Adds a frame of a message that is not complete yet.
    pub fn add_frame(&mut self, frame: &Frame) {
        if self.keeps_all && self.all.len() < KEPT_MAX {
            self.frames.push(frame.clone());
        }
    }

    /// Sets the frame that carried the entry added last.
    pub fn set_frame(&mut self, frame: &Frame) {
        if let Some(kept) = self.all.last_mut().filter(|kept| kept.frames.is_empty()) {
            kept.frames = vec![frame.clone()];
        }
    }

    /// Takes all entries that were kept for a trace.
    pub fn take_all(&mut self) -> Vec<Kept> {
        std::mem::take(&mut self.all)
    }

    /// All entries, with a pending folding written out.
    pub fn entries(&mut self) -> &[(Duration, Entry)] {
        self.unfold();
        &self.entries
    }

    fn look_for_repetition(&mut self) {
        let last = self.entries.len() - 1;
        for period in 1..=PERIOD_MAX {
            let repeats = last >= period && self.entries[last].1.repeats(&self.entries[last - period].1);
            let run = if repeats { self.runs[period - 1] + 1 } else { 0 };
            self.runs[period - 1] = run;
            if run >= period * (SHOWN - 1) && self.folding.is_none() {
                let from = self.entries.len() - period;
                let last = self.entries[from..].iter().cloned().collect();
                self.folding = Some(Folding { period, count: 0, last });
            }
        }
    }

    fn unfold(&mut self) {
        self.runs = [0; PERIOD_MAX];
        let Some(folding) = self.folding.take() else { return };
        let period = folding.period as u64;
        // An incomplete group at the end is printed in full.
        let rest = folding.count % period;
        let times = folding.count / period;
        let kept = folding.last.iter().skip(folding.period - usize::try_from(rest).unwrap_or(0)).cloned();
        if times > 0 {
            let until = folding.last.iter().rev().nth(usize::try_from(rest).unwrap_or(0));
            let until = until.map_or(Duration::ZERO, |(at, _)| *at);
            self.entries.push((until, Entry::Folded { lines: folding.period, times, until }));
        }
        self.entries.extend(kept);
    }
}
