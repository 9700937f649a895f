//! What a run has seen, entry by entry, and the folding that keeps a month of retries on a page.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use sca_peers::RequestId;
use sca_protocol::frame::Frame;
use sca_protocol::{Line, Request};
use sca_scenario::Span;
use sca_scenario::model::{Message, Step};
use sca_terminal::{Screen, Seen};

use crate::lanes::Data;

/// One thing that was done or seen.
#[derive(Debug, Clone)]
pub(crate) enum Entry {
    /// A step that we played, its values filled in.
    Played(Rc<Step>),
    /// A request that we sent; the label is the scenario's own.
    Asked { by: usize, to: usize, message: Message, id: RequestId, label: Option<String>, span: Span },
    /// The link did something.
    Link(usize, Seen),
    /// The screen changed.
    Screen(usize, Screen),
    /// The icon changed.
    Icon(usize, bool),
    /// A message for the POS.
    Data(usize, Rc<Data>),
    /// A request for the upgrade.
    Http(usize, String),
    /// A request to the proxy.
    Proxied(usize, String),
    /// A document to a host.
    ToHost(usize, Line, Rc<Request>),
    /// A ping of the terminal.
    Ping(usize),
    /// A pong of the terminal.
    Pong(usize, Vec<u8>),
    /// A close of the terminal.
    Close(usize, Option<u16>),
    /// Not a statement.
    Comment(String),
    /// Entries that were folded.
    Folded { lines: usize, times: u64, until: Duration },
}

impl Entry {
    /// Whether two entries say the same but for numbers that count. What must be listed is never folded.
    fn repeats(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Link(a, Seen::Attempts), Self::Link(b, Seen::Attempts))
            | (Self::Link(a, Seen::Loses), Self::Link(b, Seen::Loses))
            | (Self::Ping(a), Self::Ping(b)) => a == b,
            (Self::Link(a, Seen::Fails(why)), Self::Link(b, Seen::Fails(because))) => a == b && why == because,
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

/// The longest group of lines that is looked for.
const PERIOD_MAX: usize = 8;
/// How often a group is printed before it is folded.
const SHOWN: usize = 3;

/// One entry as it was kept for a trace: nothing is folded there.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) at: Duration,
    /// Its place in the order of what expectations read; 0 for what they do not read.
    pub(crate) sequence: u64,
    pub(crate) entry: Entry,
    /// The frames that carried it.
    pub(crate) frames: Vec<Frame>,
}

/// Entries that are kept for one trace.
const KEPT_MAX: usize = 20_000;

/// The record of one world.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// Whether everything is kept for a trace.
    keeps_all: bool,
    all: Vec<Kept>,
    /// Frames that have come and belong to the message that follows.
    frames: Vec<Frame>,
    entries: Vec<(Duration, Entry)>,
    /// For each period, how many entries in a row repeat the one that far back.
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
    /// A record without entries, which keeps everything for a trace or not.
    pub(crate) fn new(keeps_all: bool) -> Self {
        Self { keeps_all, ..Self::default() }
    }

    /// Takes an entry.
    pub(crate) fn push(&mut self, at: Duration, entry: Entry) {
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

    /// What was taken last can be read by expectations, and has this place in their order.
    pub(crate) fn observed(&mut self, sequence: u64) {
        for kept in self.all.iter_mut().rev().take(2) {
            let is_read = !matches!(kept.entry, Entry::Played(_) | Entry::Asked { .. } | Entry::Comment(_));
            if kept.sequence != 0 || !is_read {
                break;
            }
            kept.sequence = sequence;
        }
    }

    /// A frame of a message that is not whole yet.
    pub(crate) fn arrives(&mut self, frame: &Frame) {
        if self.keeps_all && self.all.len() < KEPT_MAX {
            self.frames.push(frame.clone());
        }
    }

    /// The frame that carried what was taken last.
    pub(crate) fn carried_by(&mut self, frame: &Frame) {
        if let Some(kept) = self.all.last_mut().filter(|kept| kept.frames.is_empty()) {
            kept.frames = vec![frame.clone()];
        }
    }

    /// Everything that was kept for a trace.
    pub(crate) fn take_all(&mut self) -> Vec<Kept> {
        std::mem::take(&mut self.all)
    }

    /// Everything, what is still folded included.
    pub(crate) fn entries(&mut self) -> &[(Duration, Entry)] {
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
        // What is not a whole group more is printed after all.
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
