//! Takes what happened, event by event, and writes the scenario.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use sca_protocol::commands::{Behaviour, Command};
use sca_scenario::model::{Action, Step};
use sca_scenario::{Printer, quote, stamp_into};

use super::lines::{is_start, request_in};
use super::state::{Asked, Lift, Link, Speech};
use crate::frames::Frames;
use crate::session::{Event, Side};

/// Bytes after which a capture goes on in another scenario, as soon as nothing is under way.
pub(crate) const PART_MAX: usize = 640 << 10;
/// Bytes after which it goes on in another whatever is under way: a file has a mebibyte at most.
const PART_LONGEST: usize = 960 << 10;

/// What has no answer for so long, while the capture goes on, gets none.
const UNANSWERED: Duration = Duration::from_secs(40);

/// No scenario lasts longer; a clock that was set in between tells such times.
const LONGEST: Duration = Duration::from_secs(365 * 86_400);

impl Lift {
    /// A scenario of this title in which nothing has happened.
    #[must_use]
    pub fn new(title: &str, secure: bool) -> Self {
        Self {
            title: if title.trim().is_empty() { "A capture" } else { title }.to_owned(),
            secure,
            classic: false,
            terminal: BTreeMap::new(),
            broker: BTreeMap::new(),
            certificates: BTreeMap::new(),
            body: String::new(),
            rewrites: 0,
            link: Link::default(),
            frames: Frames::default(),
            speech: Speech::default(),
            last: Duration::ZERO,
            is_over: false,
            goes_on: false,
            part: (1, None),
            prelude: 0,
        }
    }

    /// The same of a terminal that a POS calls on its classic ports.
    #[must_use]
    pub(super) fn on_classic_ports(mut self) -> Self {
        self.classic = true;
        self.terminal.insert("POSCONNECTALLOW", "ETHERNET".to_owned());
        self.link.is_always_up();
        self.speech.connected = Some(0);
        self
    }

    /// Takes what happened next.
    pub fn event(&mut self, at: Duration, event: &Event) {
        let at = Duration::from_millis(u64::try_from(at.min(LONGEST).as_millis()).unwrap_or(u64::MAX)).max(self.last);
        self.last = at;
        self.settles(event);
        match event {
            Event::Opened => self.opened(at),
            Event::Asked(text) => self.asked(at, text),
            Event::Answered(text) => self.answered(at, text),
            Event::Up => self.is_found_up(at),
            Event::Failed(reason) => self.failed(at, *reason),
            Event::Frame(side, frame) => self.frame(at, *side, frame),
            Event::Ended(side, ending) => self.ended(at, *side, *ending),
            Event::Note(text) => self.comment(text),
            Event::Lost { side, what } => self.is_lost(*side, what),
            Event::Vanished => self.vanished(),
        }
    }

    /// Whether anything has happened since it began.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.body.len() > self.prelude
    }

    /// Ends the scenario. Nothing comes after this.
    pub fn finish(&mut self, at: Duration) {
        if !self.is_over && self.has_begun() {
            self.is_over = true;
            self.settles(&Event::Vanished);
            self.told_pings();
            self.answer_in_gaps();
            self.leave_open_requests_out();
            stamp_into(&mut self.body, at.min(LONGEST).max(self.last));
            self.body.push_str("end\n");
        }
    }

    /// How often something before the end of the text has changed: whoever keeps the text elsewhere has to write it anew.
    #[must_use]
    pub fn rewrites(&self) -> u64 {
        self.rewrites
    }

    /// Whether the link is up.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.link.is_up()
    }

    /// Bytes that it keeps.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.body.len() + self.frames.waiting()
    }

    /// Whether no request waits for its answer and no message for its end.
    #[must_use]
    pub fn is_between(&self) -> bool {
        self.speech.pairing.is_empty() && self.frames.waiting() == 0
    }

    /// Whether what comes next belongs into another scenario.
    #[must_use]
    pub fn is_long_enough(&self) -> bool {
        self.body.len() > PART_LONGEST || (self.body.len() > PART_MAX && self.is_between())
    }

    /// Forgets what waits for the rest of its message, and says so; nothing where nothing waits.
    pub fn forget_fragments(&mut self) {
        if self.frames.waiting() > 0 {
            self.frames.forget();
            self.comment("a message that came in fragments is left out: too much waited for its end at once");
        }
    }

    /// The lines so far.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// What stands above the lines: the title and the settings.
    #[must_use]
    pub fn head(&self) -> String {
        let mut out = String::new();
        // Settings of a capture are what its own terminal has: against that one it is played without being told them.
        let title = match self.part {
            (1, None) => self.title.clone(),
            (part, None) => format!("{}, part {part}", self.title),
            (part, Some(all)) => format!("{}, part {part} of {all}", self.title),
        };
        let _ = writeln!(out, "scenario {}\ntags     captured\n", quote(&title));
        let block = |out: &mut String, name: &str, settings: &BTreeMap<&str, String>| {
            if !settings.is_empty() {
                let _ = writeln!(out, "{name}");
                for (name, value) in settings {
                    let is_plain =
                        !value.is_empty() && value.chars().all(|c| c.is_alphanumeric() || "-_.:/".contains(c));
                    let value = if is_plain { value.clone() } else { quote(value) };
                    let _ = writeln!(out, "  {name} {value}");
                }
            }
        };
        block(&mut out, "terminal", &self.terminal);
        block(&mut out, "broker", &self.broker);
        for (name, flaw) in &self.certificates {
            let _ = writeln!(out, "certificate {name}\n  flaw {flaw}");
        }
        if !self.terminal.is_empty() || !self.broker.is_empty() || !self.certificates.is_empty() {
            out.push('\n');
        }
        out
    }

    /// The scenario as it is now.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = self.head();
        text.push_str(&self.body);
        text
    }

    /// What nobody had answered when the capture ended is no line of it: whether it would have been nobody knows.
    pub(super) fn leave_open_requests_out(&mut self) {
        for asked in self.speech.pairing.forget().into_iter().rev() {
            let Some(lines) = self.body.get(asked.lines.clone()).map(str::to_owned) else { continue };
            if lines.is_empty() {
                continue;
            }
            // Where the link stands and much is said afterwards, it was not answered: what stands, stands.
            if asked.gap.is_none() && self.last.saturating_sub(asked.at) >= UNANSWERED && self.link.is_up() {
                self.insert_comment(asked.lines.start, "this was never answered, though the capture goes on");
                continue;
            }
            let why = match (asked.gap.is_some(), self.goes_on) {
                (true, _) => "the capture has a gap where the answer to this may stand",
                (_, true) => "this was not answered before the next part begins",
                _ => "the capture ends before this was answered",
            };
            let mut told = format!("# {why}:\n");
            lines.lines().for_each(|line| told.extend(["# ", line, "\n"]));
            self.body.replace_range(asked.lines, &told);
            self.rewrites += 1;
        }
    }

    pub(super) fn insert_comment(&mut self, place: usize, text: &str) {
        self.body.insert_str(place, &format!("# {text}\n"));
        self.rewrites += 1;
    }

    /// What a side said is missing.
    pub(super) fn is_lost(&mut self, side: Side, what: &str) {
        self.comment(&format!("the capture has a gap here: {what}"));
        self.frames.forget();
        let gap = self.body.len();
        match side {
            Side::Terminal => self.speech.pairing.open_mut().for_each(|asked| asked.gap = asked.gap.or(Some(gap))),
            Side::Broker => self.speech.unseen_behind = Some(self.speech.number),
        }
    }

    /// What was asked before a gap and answered nowhere else was answered in it.
    pub(super) fn answer_in_gaps(&mut self) {
        let open = self.speech.pairing.forget();
        let (mut lost, rest): (Vec<Asked>, Vec<Asked>) = open.into_iter().partition(Asked::is_answered_alone);
        for asked in rest {
            let request = asked.request.clone();
            self.speech.pairing.asked(request.as_ref(), asked);
        }
        // From the end, so that the places before stay what they are.
        lost.sort_by_key(|asked| std::cmp::Reverse(asked.gap));
        for asked in lost {
            let Some(place) = asked.gap else { continue };
            let line = format!("# in the gap:\nterminal -> pos  RESULT=*  re {}\n", asked.label);
            self.insert(place, &line);
        }
    }

    pub(super) fn set_terminal(&mut self, name: &'static str, value: String) {
        if self.terminal.get(name) != Some(&value) {
            self.terminal.insert(name, value);
            self.rewrites += 1;
        }
    }

    pub(super) fn set_broker(&mut self, name: &'static str, value: String) {
        if self.broker.get(name) != Some(&value) {
            self.broker.insert(name, value);
            self.rewrites += 1;
        }
    }

    /// A request begins here.
    pub(super) fn asks(&mut self, at: Duration, text: &str, label: String) {
        let request = request_in(text);
        let cancels = request.as_ref().and_then(Command::find).is_some_and(|row| row.behaviour == Behaviour::Cancel);
        if cancels {
            self.speech.pairing.open_mut().for_each(|asked| asked.is_cancelled = true);
        }
        self.speech.starts += usize::from(request.as_ref().is_some_and(is_start));
        let (begin, number) = (self.body.len(), self.speech.number);
        self.speech.pairing.asked(
            request.as_ref(),
            Asked { number, label, lines: begin..begin, request: request.clone(), at, ..Asked::default() },
        );
    }

    /// The lines of the request that came last end here.
    pub(super) fn has_asked(&mut self) {
        let end = self.body.len();
        if let Some(asked) = self.speech.pairing.open_mut().next_back() {
            asked.lines.end = end;
        }
    }

    /// Appends a step.
    pub(super) fn step(&mut self, at: Option<Duration>, action: Action) {
        let step = Step { stamp: at, ..Step::made(action) };
        Printer::new(&[], &[]).step(&mut self.body, &step, 0);
    }

    /// Appends what is no statement, without card data and on lines of its own.
    pub(super) fn comment(&mut self, text: &str) {
        for line in text.lines().filter(|line| !line.trim().is_empty()).take(40) {
            let shown: String = line.chars().filter(|c| !c.is_control()).collect();
            // Redacted first: half a number looks like none.
            let shown: String = crate::redacted(&shown).chars().take(300).collect();
            let _ = writeln!(self.body, "# {shown}");
        }
    }
}
