//! The shrinker: reduces a failing run to a readable scenario that fails for the same reason, with fewer steps and
//! settings, simpler values and rounder times.
//!
//! Every candidate is printed, parsed and played like a file, so the result is a file that `sca-sim run` accepts.

use std::sync::Arc;
use std::time::Duration;

use sca_core::{Terminal, TerminalConfig};
use sca_environment::identities::Identities;
use sca_judge::transcript;
use sca_judge::verdict::{Failure, FailureKind, Verdict};
use sca_model::{
    Action, Awaited, Carrier, Demand, Expect, Fields, Header, LinkObservation, Message, Row, Scenario, Send, Step,
    Suffix, Test, Trigger,
};
use sca_world::options::Options;
use sca_world::play::play_one;

/// The most candidates that are played; then the shrinker keeps the best one so far.
const CANDIDATES_MAX: usize = 4_000;

/// The largest group of adjacent steps that is removed together, and the number of steps up to which groups are tried.
const GROUP_MAX: usize = 6;
const GROUPED_MAX: usize = 80;

/// The result of shrinking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shrunk {
    /// The text of the scenario.
    pub text: String,
    /// The number of candidates that were played.
    pub tried: usize,
}

/// Shrinks scenarios that fail with a client core.
pub struct Shrinker<'a, C> {
    make: &'a dyn Fn(TerminalConfig) -> C,
    identities: &'a Arc<Identities>,
    title: String,
    header: Header,
    reason: String,
    tried: usize,
    /// Whether the run is a capture: link events are kept, and the label of the failure must stay the same.
    is_of_capture: bool,
}

impl<'a, C: Terminal> Shrinker<'a, C> {
    /// A shrinker for runs that fail with the cores that `make` makes.
    #[must_use]
    pub fn new(make: &'a dyn Fn(TerminalConfig) -> C, identities: &'a Arc<Identities>) -> Self {
        Self {
            make,
            identities,
            title: String::new(),
            header: Header::default(),
            reason: String::new(),
            tried: 0,
            is_of_capture: false,
        }
    }

    /// The same shrinker for captures: link events are kept, since the device might have behaved differently without
    /// them, and the failing value must stay the same.
    #[must_use]
    pub fn for_capture(self) -> Self {
        Self { is_of_capture: true, ..self }
    }

    /// The smallest scenario found that fails like `failure`. `text` is the transcript of the run; if a line failed,
    /// `line` is that line, because the transcript ends with the observation in its place. `None` if the transcript
    /// does not fail in the same way when replayed.
    pub fn shrink(&mut self, text: &str, line: Option<&Step>, failure: &Failure) -> Option<Shrunk> {
        let scenario = sca_scenario::parse(text).ok()?;
        self.reason = self.reason_of(failure);
        self.title = format!("Shrunk: {}", failure.headline);
        self.header = scenario.header.clone();
        self.tried = 0;
        let mut row = scenario.rows.first()?.clone();
        row.values.clear();
        if let Some(line) = line {
            replace_last(&mut row.steps, line);
        }
        if !self.fails(&row) {
            // A law needs no expectation but one, without which nothing is a scenario; and what came after its breach, such
            // as a request, may fit the told run alone.
            let mut expects = false;
            let is_first = |expects: &mut bool| !std::mem::replace(expects, true);
            row.steps.retain(|step| !matches!(step.action, Action::Expect(_)) || is_first(&mut expects));
            let mut faults_alone = row.clone();
            faults_alone.steps.retain(|step| is_of_link(step) || matches!(step.action, Action::End));
            let is_law = failure.kind == FailureKind::Law;
            match (is_law, is_law && self.fails(&row), is_law && self.fails(&faults_alone)) {
                (true, true, _) => {}
                (true, false, true) => row = faults_alone,
                _ => return None,
            }
        }
        loop {
            let before = self.print(&row);
            self.drop_steps(&mut row);
            self.drop_settings(&mut row);
            self.round_times(&mut row);
            self.simplify_steps(&mut row);
            if self.print(&row) == before || self.tried >= CANDIDATES_MAX {
                return Some(Shrunk { text: before, tried: self.tried });
            }
        }
    }

    fn reason_of(&self, failure: &Failure) -> String {
        let value = if self.is_of_capture { failure.label.as_str() } else { "" };
        format!("{}{value}", failure.reason())
    }

    fn print(&self, row: &Row) -> String {
        transcript::scenario(&self.title, &self.header, &without_unused_labels(row))
    }

    fn fails(&mut self, row: &Row) -> bool {
        self.tried += 1;
        let Ok(scenario) = sca_scenario::parse(&self.print(row)) else { return false };
        self.fails_as_before(&scenario)
    }

    fn fails_as_before(&self, scenario: &Scenario) -> bool {
        let Some(row) = scenario.rows.first() else { return false };
        match play_one(scenario, row, &Options::default(), self.identities, self.make).verdict {
            Verdict::Fail(failure) => self.reason_of(&failure) == self.reason,
            _ => false,
        }
    }

    /// Replaces the row by a candidate if that fails too.
    fn take(&mut self, row: &mut Row, candidate: Row) -> bool {
        let better = self.tried < CANDIDATES_MAX && self.fails(&candidate);
        if better {
            *row = candidate;
        }
        better
    }

    /// Removes steps: halves, then quarters, and so on down to single steps, from the end.
    fn drop_steps(&mut self, row: &mut Row) {
        let mut size = row.steps.len().div_ceil(2).max(1);
        loop {
            let mut end = row.steps.len();
            while end > 0 {
                let begin = end.saturating_sub(size);
                self.drop(row, begin..end);
                end = begin;
            }
            if size == 1 {
                break;
            }
            size = size.div_ceil(2);
        }
        // A request, the cardholder's actions and the answer can only be removed together.
        let groups = if row.steps.len() <= GROUPED_MAX { GROUP_MAX } else { 0 };
        for size in 2..=groups {
            for begin in (0..row.steps.len()).rev() {
                self.drop(row, begin..begin + size);
            }
        }
    }

    /// Removes a range of steps if the row fails without them too.
    fn drop(&mut self, row: &mut Row, range: std::ops::Range<usize>) {
        let mut candidate = row.clone();
        let mut at = 0;
        candidate.steps.retain(|step| {
            at += 1;
            !range.contains(&(at - 1)) || (self.is_of_capture && is_of_link(step))
        });
        if candidate.steps.len() < row.steps.len() {
            self.take(row, candidate);
        }
    }

    /// Removes settings, certificates and the seed.
    fn drop_settings(&mut self, row: &mut Row) {
        for party in 0..3 {
            for name in settings(row, party).keys().cloned().collect::<Vec<_>>() {
                let mut candidate = row.clone();
                settings(&mut candidate, party).remove(&name);
                self.take(row, candidate);
            }
        }
        for at in 0..row.cast.terminals.len() {
            for name in row.cast.terminals[at].settings.keys().cloned().collect::<Vec<_>>() {
                let mut candidate = row.clone();
                candidate.cast.terminals[at].settings.remove(&name);
                self.take(row, candidate);
            }
        }
        for name in row.cast.certificates.keys().cloned().collect::<Vec<_>>() {
            let mut candidate = row.clone();
            candidate.cast.certificates.remove(&name);
            self.take(row, candidate);
        }
        if self.header.seed.is_some() {
            let kept = self.header.seed.take();
            if !self.fails(&row.clone()) {
                self.header.seed = kept;
            }
        }
    }

    /// Removes or rounds time stamps.
    fn round_times(&mut self, row: &mut Row) {
        let mut candidate = row.clone();
        candidate.steps.iter_mut().for_each(|step| step.stamp = None);
        if self.take(row, candidate) {
            return;
        }
        for at in 0..row.steps.len() {
            let Some(stamp) = row.steps[at].stamp else { continue };
            let rounder = |unit: u64| Duration::from_secs(stamp.as_secs().div_ceil(unit) * unit);
            let choices = [None, Some(rounder(60)), Some(rounder(10)), Some(rounder(1))];
            for choice in choices.into_iter().filter(|choice| *choice != Some(stamp)) {
                let mut candidate = row.clone();
                candidate.steps[at].stamp = choice;
                if self.take(row, candidate) {
                    break;
                }
            }
        }
    }

    /// Simplifies steps one at a time: the simplest form of each step that still fails.
    fn simplify_steps(&mut self, row: &mut Row) {
        for at in 0..row.steps.len() {
            let before = self.print(row);
            for action in simpler(&row.steps[at].action) {
                let mut candidate = row.clone();
                candidate.steps[at].action = action;
                if self.print(&candidate) != before && self.take(row, candidate) {
                    break;
                }
            }
        }
    }
}

/// The settings of one party: 0 is the broker, 1 the payment host, 2 the estate host.
fn settings(row: &mut Row, party: usize) -> &mut std::collections::BTreeMap<String, String> {
    match party {
        0 => &mut row.cast.broker,
        1 => &mut row.cast.host,
        _ => &mut row.cast.vhq,
    }
}

/// Replaces the observation at the end of a transcript by the line that failed there.
fn replace_last(steps: &mut Vec<Step>, line: &Step) {
    let is_message = |step: &Step| matches!(&step.action, Action::Expect(e) if matches!(e.awaited, Awaited::ToPos(_)));
    let is_message_wanted = is_message(line);
    if matches!(steps.last().map(|step| &step.action), Some(Action::End)) {
        steps.pop();
    }
    if let Some(last) = steps.iter().rposition(is_message).filter(|_| is_message_wanted) {
        steps.truncate(last);
    }
    steps.push(Step { stamp: None, called: None, ..line.clone() });
}

/// Whether a step changes the link or expects a link event.
fn is_of_link(step: &Step) -> bool {
    match &step.action {
        Action::Fault(_) | Action::Answers { .. } | Action::Power { .. } | Action::Network(_) => true,
        Action::Expect(expect) => matches!(expect.awaited, Awaited::Link(_)),
        Action::Send(send) => matches!(send.message, Message::Close(..)),
        _ => false,
    }
}

/// The row without labels that nothing refers to.
fn without_unused_labels(row: &Row) -> Row {
    let mut used: Vec<String> = Vec::new();
    for step in &row.steps {
        match &step.action {
            Action::Expect(expect) => {
                used.extend(expect.suffix.re.iter().map(|(label, _)| label.clone()));
                used.extend(expect.suffix.within.iter().filter_map(|within| within.of.clone()));
            }
            Action::Fault(fault) => {
                if let Some(Trigger::At(_, point)) = &fault.arm
                    && let Carrier::Request(label) | Carrier::Reply(label) = &point.carrier
                {
                    used.push(label.clone());
                }
            }
            Action::Check(_, labels) => used.extend(labels.iter().cloned()),
            _ => {}
        }
    }
    let mut row = row.clone();
    for step in &mut row.steps {
        let label = match &mut step.action {
            Action::Send(send) => &mut send.label,
            Action::Expect(expect) => &mut expect.suffix.label,
            Action::Fault(fault) => &mut fault.label,
            _ => continue,
        };
        label.take_if(|label| !used.contains(label));
    }
    row
}

/// Simpler forms of an action, the simplest first.
fn simpler(action: &Action) -> Vec<Action> {
    match action {
        Action::Expect(expect) => simpler_sights(expect),
        Action::Send(send) => simpler_messages(send),
        Action::Wait(span) => rounder(*span).into_iter().map(Action::Wait).collect(),
        Action::Fault(fault) => {
            let Some(lasting) = fault.lasting else { return Vec::new() };
            let with = |lasting: Option<Duration>| {
                let mut fault = fault.clone();
                fault.lasting = lasting;
                Action::Fault(fault)
            };
            std::iter::once(None).chain(rounder(lasting).into_iter().map(Some)).map(with).collect()
        }
        _ => Vec::new(),
    }
}

/// Forms of an expectation that demand less.
fn simpler_sights(expect: &Expect) -> Vec<Action> {
    let mut forms = Vec::new();
    let bare = Suffix { re: expect.suffix.re.clone(), label: expect.suffix.label.clone(), ..Suffix::default() };
    let mut push = |awaited: Awaited, suffix: &Suffix| {
        let mut expect = expect.clone();
        (expect.awaited, expect.suffix) = (awaited, suffix.clone());
        forms.push(Action::Expect(expect));
    };
    if let Awaited::ToPos(Message::Fields(fields)) = &expect.awaited {
        let with = |tests: Vec<Test>| Awaited::ToPos(Message::Fields(Fields { tests, ..fields.clone() }));
        // One field often suffices to recognize an answer.
        for test in &fields.tests {
            push(with(vec![test.clone()]), &bare);
        }
    }
    if let Awaited::Show(sca_model::Show::Screen { name, .. }) = &expect.awaited {
        let show = sca_model::Show::Screen { name: *name, text: None, pattern: None, tests: Vec::new() };
        push(Awaited::Show(show), &bare);
    }
    if let Awaited::ToBroker(Message::Http(lines)) = &expect.awaited {
        push(Awaited::Link(LinkObservation::Connects), &bare);
        push(Awaited::ToBroker(Message::Http(lines[..1].to_vec())), &bare);
    }
    push(expect.awaited.clone(), &bare);
    forms
}

/// Forms of a message with one field less, or with a number cut to its first digit.
fn simpler_messages(send: &Send) -> Vec<Action> {
    let Message::Fields(fields) = &send.message else { return Vec::new() };
    let with = |tests: Vec<Test>| {
        let mut send = send.clone();
        send.message = Message::Fields(Fields { tests, ..fields.clone() });
        Action::Send(send)
    };
    let without = (0..fields.tests.len()).map(|at| {
        let mut tests = fields.tests.clone();
        tests.remove(at);
        with(tests)
    });
    let shorter = (0..fields.tests.len()).filter_map(|at| {
        let mut tests = fields.tests.clone();
        let Demand::Is(_, value) = &mut tests[at].demand else { return None };
        if value.len() < 2 || !value.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        value.truncate(1);
        Some(with(tests))
    });
    without.chain(shorter).collect()
}

/// Shorter round durations, the shortest first.
fn rounder(span: Duration) -> Vec<Duration> {
    const ROUND_S: [u64; 9] = [1, 2, 5, 10, 30, 60, 120, 300, 600];
    ROUND_S.into_iter().map(Duration::from_secs).filter(|round| *round < span).collect()
}
