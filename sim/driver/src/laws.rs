//! Invariants of every run: those checked throughout, and those checked at the end.

use sca_core::{Display, LinkReport, Terminal};
use sca_judge::oracle::Breach;
use sca_judge::verdict::{BELOW, Failure, FailureKind, Fix};
use sca_model::Span;
use sca_peers::{Heard, RequestId};
use sca_protocol::screens::ScreenName;

use crate::state::World;
use crate::stop::Stop;

/// Where a failure of the scenario as a whole is reported.
const FIRST_LINE: Span = Span { file: 0, line: 1, column: 1, length: 8 };

impl<C: Terminal> World<'_, C> {
    /// Checks that a session screen is left only with an answer, or because of a power failure.
    pub(super) fn watch_session(&mut self, who: usize, face: &Display) {
        let actor = &mut self.parties.terminals[who];
        let name = face.screen.name;
        let outside =
            matches!(name, ScreenName::Idle | ScreenName::Reconnecting | ScreenName::Connecting | ScreenName::Error);
        let left = actor.device.in_session
            && outside
            && actor.device.powered
            && !actor.asked.answered
            && actor.asked.oracle.has_session();
        actor.device.in_session =
            name == ScreenName::Session || (actor.device.in_session && !outside && name != ScreenName::Off);
        if left {
            self.violate("session-kept", format!("the session screen was replaced by {name} without an answer"));
        }
    }

    /// Records that a request has been sent on a connection.
    pub(super) fn under_way(&mut self, tag: sca_network::Tag, id: RequestId) {
        // When a message reaches an external device cannot be observed.
        if let Some(ends) = self.connections.ends.get_mut(&tag).filter(|_| self.external_terminals.is_none()) {
            ends.transit.under_way.push_back(id);
        }
    }

    /// Checks a link report against the link laws.
    pub(super) fn watch_link(&mut self, who: usize, seen: LinkReport) {
        let (now, actor) = (self.now(), &mut self.parties.terminals[who]);
        let breach = match seen {
            LinkReport::Attempts => actor.link.laws.attempts(now, &actor.settings),
            LinkReport::Fails(reason) => {
                actor.link.laws.link_down(now, Some(reason), &actor.settings);
                None
            }
            LinkReport::Loses if !actor.device.powered => None,
            LinkReport::Loses => {
                actor.link.laws.link_down(now, None, &actor.settings);
                None
            }
            LinkReport::Connects => {
                actor.link.laws.connects();
                actor.asked.oracle.connects();
                None
            }
        };
        self.report_breach(who, breach);
    }

    /// Checks whether a terminal is overdue with something the link laws require.
    pub(super) fn watch_time(&mut self, who: usize) {
        let now = self.now();
        let breach = self.parties.terminals[who].link.laws.overdue(now);
        self.report_breach(who, breach);
    }

    fn report_breach(&mut self, who: usize, breach: Option<Breach>) {
        if let Some((law, what)) = breach {
            let name = &self.parties.terminals[who].name;
            self.violate(law, format!("{name}: {what}"));
        }
    }

    /// Checks an answer against what the oracle predicts of the terminal.
    pub(super) fn judge_answer(&mut self, who: usize, heard: &Heard) {
        let (Some(id), Some(response)) = (heard.answers, &heard.response) else { return };
        let breach = self.parties.terminals[who].asked.oracle.answered(id, response);
        self.report_breach(who, breach);
    }

    /// Checks that an answer is the only one to its request, and that the request's connection is still open.
    pub(super) fn judge_pairing(&mut self, who: usize, heard: &Heard) {
        let number = self.book.messages;
        let named =
            |id| self.script.names.label_of(who, id).map_or("a request".to_owned(), |label| format!("`{label}`"));
        let what = match (heard.answers, heard.repeats) {
            (Some(id), _) if heard.late => format!("{}, whose connection was over, was answered", named(id)),
            (None, Some(id)) => format!("{} was answered a second time", named(id)),
            (None, None) if heard.response.is_some() && !heard.notice => {
                "an answer arrived that matches no open request".to_owned()
            }
            _ => return,
        };
        self.violate("one-answer", format!("{what}: message {number}"));
    }

    /// Records what a response or notice proves, as evidence for coverage.
    pub(super) fn take_note_of(&mut self, heard: &Heard) {
        let Some(response) = &heard.response else { return };
        // A refusal does not prove that the command works.
        if response.get("TERMINATION_STATUS") == Some("SUCCESS") {
            self.book.evidence.commands.extend(heard.request.clone());
        }
        if let Some(code) = response.get("RESULT_CODE").and_then(|n| n.parse().ok()) {
            let field = |name: &str| response.get(name).unwrap_or_default().to_owned();
            let of =
                if heard.answers.is_none() { &mut self.book.evidence.notices } else { &mut self.book.evidence.codes };
            of.insert((code, field("RESULT"), field("RESPONSE_TEXT")));
        }
    }

    /// Records a violation of an invariant, unless the scenario waives it. Only the first one is kept.
    pub(super) fn violate(&mut self, invariant: &'static str, what: String) {
        // Settings and icon of an external device are unknown, so the laws that depend on them are not checked.
        if self.external_terminals.is_some()
            && matches!(invariant, "retry-pace" | "comes-back" | "dead-link" | "icon-truth")
        {
            return;
        }
        if self.setting.header.waives.iter().any(|w| w.invariant == invariant) {
            self.book.waived.insert(invariant.to_owned());
        } else if self.book.violation.is_none() {
            self.book.violation = Some((invariant, what));
        }
    }

    /// Adds a note about an earlier broken invariant to a failure, because that is usually the cause.
    pub(crate) fn with_broken_law(&self, failure: Box<Failure>) -> Box<Failure> {
        match &self.book.violation {
            Some((law, what)) => Box::new(failure.note(format!("before that, the invariant {law} was broken: {what}"))),
            None => failure,
        }
    }

    /// Checks what must hold at the end of a run.
    pub(super) fn finish(&mut self) -> Result<(), Stop> {
        let is_relaxed = self.script.is_relaxed();
        (0..self.parties.terminals.len()).for_each(|who| self.watch_time(who));
        self.one_answer_each();
        if let Some((invariant, what)) = self.book.violation.take() {
            // An answer that is missing at the end is reported below the last line.
            let place = if invariant == "one-answer" && self.script.is_done() { self.script.last } else { FIRST_LINE };
            let mut failure =
                Failure::at(place, format!("the invariant {invariant} does not hold")).of(FailureKind::Law).note(what);
            for lanes in self.parties.lanes.iter().filter(|lanes| sca_judge::script::asks(lanes.face.what.screen.name))
            {
                let screen = lanes.face.what.screen.name;
                let said = format!(
                    "the screen of {} is {screen}: add `screen {screen}`, then the cardholder's action",
                    lanes.name
                );
                failure = failure.note(said);
            }
            return Err(Stop::Failed(Box::new(failure)));
        }
        for (actor, lanes) in self.parties.terminals.iter().zip(&self.parties.lanes) {
            if let Some(unread) = lanes.unread().filter(|_| !is_relaxed) {
                let message = format!("an observation of {} that must be listed is missing", actor.name);
                let line = lanes.unread_line(|id| self.script.names.label_of(lanes.who, id));
                let mut failure = Failure::at(self.script.last, message)
                    .of(FailureKind::Unlisted)
                    .label("below this line")
                    .note(unread);
                if let Some(line) = line {
                    failure = failure.note(format!("the line to add: {line}"));
                    failure.fix = Some(Fix { span: self.script.last, from: BELOW.to_owned(), text: line });
                }
                return Err(Stop::Failed(Box::new(failure)));
            }
        }
        if is_relaxed {
            return Ok(());
        }
        if let Some(failure) = self.faults.armed.unused() {
            return Err(Stop::Failed(Box::new(failure)));
        }
        if let Some(idle) = self.setting.header.waives.iter().find(|w| !self.book.waived.contains(&w.invariant)) {
            let failure = Failure::at(idle.span, format!("the invariant {} holds; remove this waiver", idle.invariant))
                .of(FailureKind::Law);
            return Err(Stop::Failed(Box::new(failure.label("unnecessary"))));
        }
        Ok(())
    }

    fn one_answer_each(&mut self) {
        let (mut missing, mut waits) = (Vec::new(), true);
        for (who, actor) in self.parties.terminals.iter().enumerate() {
            for (id, connection) in &actor.asked.open {
                // A request that was never carried needs no answer.
                if self.is_owed(actor, *id, *connection) {
                    waits &= actor.asked.oracle.needs_other_party(*id);
                    let label = self.script.names.label_of(who, *id);
                    missing.push(label.map_or_else(|| format!("request {}", id.0), |label| format!("`{label}`")));
                }
            }
        }
        if !missing.is_empty() {
            // A request that waits for a cardholder or a host stays open if the run ends too early.
            let waits = if waits { ", still waiting for a cardholder or a host" } else { "" };
            self.violate("one-answer", format!("unanswered: {}{waits}", missing.join(", ")));
        }
    }
}
