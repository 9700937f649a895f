//! The generator: takes the events of a session one by one and writes the scenario.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use sca_model::{Action, Step};
use sca_protocol::commands::{Behaviour, Command};
use sca_protocol::plain::is_invisible;
use sca_scenario::{Printer, quote, stamp_into};

use super::lines::{is_start, request_in};
use super::state::{Asked, Exchange, Link, ScenarioGenerator};
use crate::frames::Frames;
use sca_import::{Event, Side};

/// Size in bytes after which a capture continues in another scenario as soon as no request is open.
pub(crate) const PART_MAX: usize = 640 << 10;
/// Size in bytes after which it continues in another scenario in any case: the limit of a file is 1 MiB.
const PART_LONGEST: usize = 960 << 10;

/// A request without a response for this long, while the capture continues, counts as never answered.
const UNANSWERED: Duration = Duration::from_secs(40);

/// Maximum length of a scenario; longer times come from a clock that was changed during the capture.
const LONGEST: Duration = Duration::from_secs(365 * 86_400);

impl ScenarioGenerator {
    /// Creates an empty scenario with a title.
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
            speech: Exchange::default(),
            last: Duration::ZERO,
            is_over: false,
            goes_on: false,
            part: (1, None),
            prelude: 0,
        }
    }

    /// Turns it into a scenario of a terminal on its classic ports.
    #[must_use]
    pub(super) fn on_classic_ports(mut self) -> Self {
        self.classic = true;
        self.terminal.insert("POSCONNECTALLOW", "ETHERNET".to_owned());
        self.link.set_always_up();
        self.speech.connected = Some(0);
        self
    }

    /// Adds the next event.
    pub fn event(&mut self, at: Duration, event: &Event) {
        let at = Duration::from_millis(u64::try_from(at.min(LONGEST).as_millis()).unwrap_or(u64::MAX)).max(self.last);
        self.last = at;
        self.resolve_doubtful_upgrade(event);
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

    /// Whether any event has been added.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.body.len() > self.prelude
    }

    /// Ends the scenario. No event may be added after this.
    pub fn finish(&mut self, at: Duration) {
        if !self.is_over && self.has_begun() {
            self.is_over = true;
            self.resolve_doubtful_upgrade(&Event::Vanished);
            self.flush_ping_count();
            self.add_responses_in_gaps();
            self.comment_out_open_requests();
            stamp_into(&mut self.body, at.min(LONGEST).max(self.last));
            self.body.push_str("end\n");
        }
    }

    /// How often text before the end has changed; when it grows, a stored copy must be rewritten as a whole.
    #[must_use]
    pub fn rewrites(&self) -> u64 {
        self.rewrites
    }

    /// Whether the link is up.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.link.is_up()
    }

    /// Bytes held in memory.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.body.len() + self.frames.waiting()
    }

    /// Whether no request is unanswered and no message incomplete.
    #[must_use]
    pub fn is_between(&self) -> bool {
        self.speech.pairing.is_empty() && self.frames.waiting() == 0
    }

    /// Whether the next event should start another scenario.
    #[must_use]
    pub fn is_long_enough(&self) -> bool {
        self.body.len() > PART_LONGEST || (self.body.len() > PART_MAX && self.is_between())
    }

    /// Drops unfinished messages, with a comment if there are any.
    pub fn forget_fragments(&mut self) {
        if self.frames.waiting() > 0 {
            self.frames.forget();
            self.comment("a fragmented message is left out: too many unfinished messages at once");
        }
    }

    /// The lines so far, without the head.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// The head of the scenario: title, tags and settings.
    #[must_use]
    pub fn head(&self) -> String {
        let mut out = String::new();
        // The tag `captured` marks the settings as those of the recorded terminal, so that a run against it does not
        // set them.
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

    /// The scenario so far.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = self.head();
        text.push_str(&self.body);
        text
    }

    /// Comments out requests that had no response when the capture ended, as it is unknown whether one would have come.
    pub(super) fn comment_out_open_requests(&mut self) {
        for asked in self.speech.pairing.forget().into_iter().rev() {
            let Some(lines) = self.body.get(asked.lines.clone()).map(str::to_owned) else { continue };
            if lines.is_empty() {
                continue;
            }
            // If the link stayed up and the capture goes on, it really was never answered, so the request stays.
            if asked.gap.is_none() && self.last.saturating_sub(asked.at) >= UNANSWERED && self.link.is_up() {
                self.insert_comment(asked.lines.start, "never answered, although the capture goes on");
                continue;
            }
            let why = match (asked.gap.is_some(), self.goes_on) {
                (true, _) => "the capture has a gap that may contain the response",
                (_, true) => "not answered before the next part begins",
                _ => "the capture ends before the response",
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

    /// Adds a gap: bytes of a side are missing.
    pub(super) fn is_lost(&mut self, side: Side, what: &str) {
        self.comment(&format!("the capture has a gap here: {what}"));
        self.frames.forget();
        let gap = self.body.len();
        match side {
            Side::Terminal => self.speech.pairing.open_mut().for_each(|asked| asked.gap = asked.gap.or(Some(gap))),
            Side::Broker => self.speech.unseen_behind = Some(self.speech.number),
        }
    }

    /// Adds responses for requests that must have been answered within a gap.
    pub(super) fn add_responses_in_gaps(&mut self) {
        let open = self.speech.pairing.forget();
        let (mut lost, rest): (Vec<Asked>, Vec<Asked>) = open.into_iter().partition(Asked::is_answered_alone);
        for asked in rest {
            let request = asked.request.clone();
            self.speech.pairing.asked(request.as_ref(), asked);
        }
        // From the end, so that earlier positions stay valid.
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

    /// Registers a request whose lines start at the current end.
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

    /// Marks the end of the lines of the latest request.
    pub(super) fn end_request(&mut self) {
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

    /// Appends a comment, without card data and on lines of its own.
    pub(super) fn comment(&mut self, text: &str) {
        for line in text.lines().filter(|line| !line.trim().is_empty()).take(40) {
            let shown: String = line.chars().filter(|c| !c.is_control() && !is_invisible(*c)).collect();
            // Redacted before it is cut: a truncated card number would not be recognised.
            let shown: String = crate::redacted(&shown).chars().take(300).collect();
            let _ = writeln!(self.body, "# {shown}");
        }
    }
}
