//! The names of a timeline: labels and captures are defined before they are used, and used where they are defined.

use std::collections::{BTreeMap, BTreeSet};

use sca_model::{Action, Awaited, Carrier, Demand, Expect, Message, Show, Source, Step, Suffix, Test, Trigger};
use sca_model::{Problem, Span};
use sca_protocol::settings::nearest;

use crate::check_blocks::{at_least_two, check_time_passes, first_cover, one_addressee, only_of_one_kind, too_long};

#[derive(Default)]
pub(crate) struct Names {
    labels: BTreeMap<String, Span>,
    /// Labels of sent messages, which `re` can refer to.
    requests: BTreeSet<String>,
    uses: Vec<(String, Span)>,
    captures: BTreeSet<String>,
    inserts: Vec<(String, Span)>,
    /// Labels that an answer refers to by `re` before a line defines them.
    early: Vec<(String, Span)>,
    early_inserts: Vec<(String, Span)>,
    pub(crate) expectations: usize,
    /// Labels and captures that are defined in only some branches, each with the index range of the uses in its branch.
    perhaps: Vec<(String, std::ops::Range<usize>)>,
}

/// The names one branch defines (captures as `{{name}}`), and the index ranges of its uses and inserts.
struct Branch {
    names: BTreeMap<String, Span>,
    uses: std::ops::Range<usize>,
    inserts: std::ops::Range<usize>,
}

/// Inserts that are computed rather than captured.
const COMPUTED: &[&str] = &["accept", "mac", "pos.key"];

/// The positions where a name is used, limited to indexes that satisfy `counts`.
fn places(all: &[(String, Span)], name: &str, counts: &dyn Fn(&usize) -> bool) -> Vec<Span> {
    let mine = all.iter().enumerate().filter(|(at, (used, _))| used == name && counts(at));
    mine.map(|(_, (_, span))| *span).collect()
}

impl Names {
    /// Reports every name that is unknown, unused, used too early or used outside the branch that defines it. Names
    /// among the `doubtful` words are not reported.
    pub(crate) fn report(&self, doubtful: &BTreeSet<String>, problems: &mut Vec<Problem>) {
        let is_clear = |name: &String| !doubtful.contains(name) && !doubtful.contains(&format!("{{{{{name}}}}}"));
        self.unknown_and_unused_labels(&is_clear, problems);
        self.unknown_inserts(&is_clear, problems);
        self.early_uses(&is_clear, problems);
        self.uses_outside_branches(problems);
    }

    fn unknown_and_unused_labels(&self, is_clear: &dyn Fn(&String) -> bool, problems: &mut Vec<Problem>) {
        let mut meant = BTreeSet::new();
        for (label, span) in self.uses.iter().filter(|(label, _)| is_clear(label)) {
            if !self.labels.contains_key(label) && !self.captures.contains(label) {
                let known = || self.labels.keys().map(String::as_str);
                meant.extend(nearest(label, known()));
                let known = known();
                problems
                    .push(Problem::new("E040", *span, format!("there is no label `{label}`")).suggest(label, known));
            }
        }
        for (label, span) in self.labels.iter().filter(|(label, _)| is_clear(label)) {
            // A label that was probably meant by a misspelled use counts as used.
            if !self.uses.iter().any(|(used, _)| used == label) && !meant.contains(label.as_str()) {
                problems.push(if self.requests.contains(label) {
                    Problem::new("W007", *span, format!("no line expects the answer to `{label}`")).help(format!(
                        "write `terminal -> pos  RESULT=…  re {label}` where it is expected, or remove the label"
                    ))
                } else {
                    Problem::new("W007", *span, format!("the label `{label}` is never used"))
                        .help("remove it, or refer to it with `of` or `check`")
                });
            }
        }
    }

    fn unknown_inserts(&self, is_clear: &dyn Fn(&String) -> bool, problems: &mut Vec<Problem>) {
        for (name, span) in self.inserts.iter().filter(|(name, _)| is_clear(name)) {
            if !self.captures.contains(name) && !COMPUTED.contains(&name.as_str()) {
                let known = self.captures.iter().map(String::as_str);
                problems.push(Problem::new("E042", *span, format!("no line captures `{name}`")).suggest(name, known));
            }
        }
    }

    fn early_uses(&self, is_clear: &dyn Fn(&String) -> bool, problems: &mut Vec<Problem>) {
        for (label, span) in self.early.iter().filter(|(label, _)| is_clear(label)) {
            if let Some(given) = self.labels.get(label) {
                let problem = Problem::new("E040", *span, format!("no line above has the label `{label}`"));
                problems.push(problem.help(format!("it is only defined in line {}", given.line)));
            }
        }
        for (name, span) in self.early_inserts.iter().filter(|(name, _)| is_clear(name)) {
            if self.captures.contains(name) {
                let problem = Problem::new("E042", *span, format!("no line above captures `{name}`"));
                problems.push(problem.help("it is only captured below"));
            }
        }
    }

    /// Reports names that only some branches define and that are used outside them.
    fn uses_outside_branches(&self, problems: &mut Vec<Problem>) {
        let perhaps: BTreeSet<&String> = self.perhaps.iter().map(|(label, _)| label).collect();
        for label in perhaps {
            // A use within another branch that also defines the name is valid.
            let own: Vec<_> =
                self.perhaps.iter().filter(|(other, _)| other == label).map(|(_, beside)| beside).collect();
            let is_outside = |at: &usize| !own.iter().any(|own| own.contains(at));
            let inserted = label.strip_prefix("{{").and_then(|name| name.strip_suffix("}}"));
            let outside: Vec<Span> = match inserted {
                Some(name) => places(&self.inserts, name, &is_outside),
                None => places(&self.uses, label, &is_outside),
            };
            problems.extend(outside.iter().map(|span| {
                Problem::new("E060", *span, format!("`{label}` is defined in a block that may be left out"))
                    .help("use it in that block only")
            }));
        }
    }

    /// Reads all names of a timeline.
    pub(crate) fn walk(&mut self, steps: &[Step], problems: &mut Vec<Problem>) {
        for step in steps {
            self.step(step, problems);
        }
    }

    fn label(&mut self, label: Option<&String>, span: Span, problems: &mut Vec<Problem>) {
        let Some(label) = label else { return };
        if self.labels.insert(label.clone(), span).is_some() {
            problems.push(Problem::new("E022", span, format!("the label `{label}` is defined twice")));
        }
    }

    fn step(&mut self, step: &Step, problems: &mut Vec<Problem>) {
        let span = step.span;
        match &step.action {
            Action::Send(send) => {
                self.label(send.label.as_ref(), span, problems);
                self.requests.extend(send.label.clone());
                self.message(&send.message, span, true, problems);
            }
            Action::Expect(expect) => self.expect(expect, span, problems),
            Action::Check(_, labels) => self.uses.extend(labels.iter().map(|l| (l.clone(), span))),
            Action::Fault(fault) => {
                self.label(fault.label.as_ref(), span, problems);
                if let Some(Trigger::At(_, point)) = &fault.arm
                    && let Carrier::Request(label) | Carrier::Reply(label) = &point.carrier
                {
                    self.uses.push((label.clone(), span));
                }
            }
            Action::AnyOrder(block) | Action::InOrder(block) => {
                only_of_one_kind(block, false, problems);
                self.walk(block, problems);
            }
            Action::Together(block) => {
                one_addressee(block, problems);
                only_of_one_kind(block, true, problems);
                self.walk(block, problems);
            }
            Action::Optional(block) => self.branches(&[block], problems),
            Action::Either(_, branches) => {
                at_least_two(branches, span, problems);
                self.branches(&branches.iter().collect::<Vec<_>>(), problems);
            }
            Action::Throughout(_, show, _, block) => {
                self.show(show);
                self.standing("throughout", span, block, problems);
            }
            Action::Without(source, pattern, _, block) => {
                if let Some(message) = pattern.0.as_ref().filter(|_| !matches!(source, Source::ToHost(..))) {
                    self.message(message, span, false, problems);
                }
                self.standing("without", span, block, problems);
            }
            // Inserts in an answer are filled in when it is sent, so they may be captured later.
            Action::Answers { lines, .. } => {
                let early = self.early_inserts.len();
                lines.iter().for_each(|line| self.insert(line, span));
                self.early_inserts.truncate(early);
            }
            Action::Wait(span_of_time) => too_long(*span_of_time, span, problems),
            Action::End
            | Action::Power { .. }
            | Action::Set(_)
            | Action::File { .. }
            | Action::Host(_)
            | Action::Network(_)
            | Action::Cardholder { .. } => {}
        }
    }

    /// Reads a block over which something has to hold.
    fn standing(&mut self, word: &str, span: Span, block: &[Step], problems: &mut Vec<Problem>) {
        self.expectations += 1;
        check_time_passes(word, span, block, problems);
        self.walk(block, problems);
    }

    /// Checks the branches of which at most one is taken. Each branch may define the same label; a name that not every
    /// branch defines may stay undefined.
    fn branches(&mut self, branches: &[&Vec<Step>], problems: &mut Vec<Problem>) {
        let (labels, captures) = (self.labels.clone(), self.captures.clone());
        let mut given: Vec<Branch> = Vec::new();
        let mut kept = captures.clone();
        for branch in branches {
            if !matches!(branch.first().map(|step| &step.action), Some(Action::Expect(_))) && !branch.is_empty() {
                problems.push(
                    Problem::new("E060", branch[0].span, "the first line of this block is not an expectation")
                        .help("it decides whether the block is required, so it has to be an observation"),
                );
            }
            if let Some(proof) = first_cover(branch) {
                let problem = Problem::new("E061", proof, "a line that may be left out is not evidence");
                problems.push(problem.help("put `covers` after `either`, or on a line that is always required"));
            }
            let (uses, inserts) = (self.uses.len(), self.inserts.len());
            self.labels.clone_from(&labels);
            self.captures.clone_from(&captures);
            self.walk(branch, problems);
            let new = self.labels.iter().filter(|(label, _)| !labels.contains_key(*label));
            let caught = self.captures.difference(&captures).map(|name| (format!("{{{{{name}}}}}"), Span::default()));
            let new = new.map(|(label, span)| (label.clone(), *span)).chain(caught).collect();
            given.push(Branch { names: new, uses: uses..self.uses.len(), inserts: inserts..self.inserts.len() });
            kept.extend(self.captures.iter().cloned());
        }
        (self.labels, self.captures) = (labels, kept);
        let is_sure = |name: &String| branches.len() > 1 && given.iter().all(|branch| branch.names.contains_key(name));
        for Branch { names, uses, inserts } in &given {
            for (name, span) in names {
                if !is_sure(name) {
                    let beside = if name.starts_with("{{") { inserts } else { uses };
                    self.perhaps.push((name.clone(), beside.clone()));
                }
                if !name.starts_with("{{") {
                    self.labels.entry(name.clone()).or_insert(*span);
                }
            }
        }
    }

    fn expect(&mut self, expect: &Expect, span: Span, problems: &mut Vec<Problem>) {
        self.expectations += 1;
        self.suffix(&expect.suffix, span, problems);
        match &expect.awaited {
            Awaited::ToPos(message) | Awaited::ToBroker(message) | Awaited::ToProxy(message) => {
                self.message(message, span, false, problems);
            }
            Awaited::ToHost(_, Message::Fields(fields)) => self.tests(&fields.tests),
            Awaited::ToHost(..) => {}
            Awaited::Show(show) => self.show(show),
            Awaited::Link(_) => {}
        }
    }

    fn suffix(&mut self, suffix: &Suffix, span: Span, problems: &mut Vec<Problem>) {
        if let Some((label, at)) = &suffix.re {
            self.uses.push((label.clone(), *at));
            self.early.extend((!self.labels.contains_key(label)).then(|| (label.clone(), *at)));
            if self.labels.contains_key(label) && !self.requests.contains(label) {
                problems.push(Problem::new("E040", *at, format!("`{label}` is not a request, so it has no answer")));
            }
        }
        if let Some(of) = suffix.within.as_ref().and_then(|within| within.of.as_ref()) {
            self.uses.push((of.clone(), span));
            if !self.labels.contains_key(of) {
                problems.push(Problem::new("E040", span, format!("no line above has the label `{of}`")));
            }
        }
        self.label(suffix.label.as_ref(), span, problems);
    }

    fn message(&mut self, message: &Message, span: Span, sent: bool, problems: &mut Vec<Problem>) {
        match message {
            Message::Fields(fields) => {
                self.tests(&fields.tests);
                let odd = |test: &&Test| !matches!(test.demand, Demand::Is(sca_model::Op::Equal, _));
                if let Some(test) = fields.tests.iter().find(odd).filter(|_| sent) {
                    problems
                        .push(Problem::new("E031", test.span, "a message to send has no tests").help("FIELD=VALUE"));
                }
                if sent && fields.routing.len() != 2 {
                    problems.push(
                        Problem::new("E012", span, "a request needs a FUNCTION_TYPE and a COMMAND")
                            .help("for example `pos -> terminal  ADMIN GET_COUNTER`; write any other form as XML"),
                    );
                }
                if !sent && !fields.routing.is_empty() {
                    problems.push(Problem::new("E031", span, "an answer has fields only").help("FIELD=VALUE"));
                }
            }
            Message::Xml(text) | Message::Text(text) => self.insert(text, span),
            Message::Frame(frame) if frame.has_inserts => self.insert(&String::from_utf8_lossy(&frame.payload), span),
            Message::Http(lines) => {
                for line in lines {
                    let value = line.split_once(':').map_or("", |(_, value)| value.trim());
                    self.captures.extend(value.strip_prefix('?').map(str::to_owned));
                }
            }
            _ => {}
        }
    }

    fn show(&mut self, show: &Show) {
        if let Show::Screen { tests, .. } = show {
            self.tests(tests);
        }
    }

    fn tests(&mut self, tests: &[Test]) {
        for test in tests {
            match &test.demand {
                Demand::Capture(name) => drop(self.captures.insert(name.clone())),
                Demand::Is(_, value) => self.insert(value, test.span),
                Demand::Absent | Demand::Any | Demand::Matches(_) => {}
            }
        }
    }

    fn insert(&mut self, text: &str, span: Span) {
        let mut rest = text;
        while let Some((_, after)) = rest.split_once("{{") {
            let Some((name, behind)) = after.split_once("}}") else { return };
            let name = split_sum(name).map_or(name, |(name, _)| name).to_owned();
            self.early_inserts.extend((!self.captures.contains(&name)).then(|| (name.clone(), span)));
            self.inserts.push((name, span));
            rest = behind;
        }
    }
}

/// Splits an insert such as `counter+3`, which adds to a captured number, into the name and the number.
///
/// ```
/// assert_eq!(sca_scenario::split_sum("counter+3"), Some(("counter", 3)));
/// assert_eq!(sca_scenario::split_sum("counter"), None);
/// ```
#[must_use]
pub fn split_sum(insert: &str) -> Option<(&str, u64)> {
    let (name, by) = insert.split_once('+')?;
    Some((name, by.parse().ok()?))
}
