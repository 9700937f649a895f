//! Fault injection of a sweep: surveys every point where a fault can be injected, injects one, and runs the scenario
//! to its end afterwards.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use sca_core::{Input, Terminal};
use sca_judge::record::Entry;
use sca_model::Span;
use sca_model::fault_table::FaultClass;
use sca_model::{Action, Fault, Step};
use sca_network::{Cut, End, Point, ServerOrder, Tag};
use sca_peers::RequestId;
use sca_protocol::frame::{Frame, opcode};
use sca_protocol::message::Layout;
use sca_protocol::screens::ScreenName;

use crate::injection::{FinalCheck, Injected};
use crate::link_ends::ConnectionState;
use crate::state::World;
use crate::stop::Stop;
use crate::terminal::Actor;
use sca_faults::effects as faults;
use sca_faults::probe::injection::{Injection, Kind, Part, Spot};

/// How long an injected power failure lasts.
const DARK: Duration = Duration::from_secs(2);
/// An injected silence is turned into a reset after this time.
const SILENT: Duration = Duration::from_secs(600);
/// How long the script is followed after an injection.
const FOLLOWED: Duration = Duration::from_secs(7_200);
/// How long the final check waits for the link to come back, and for an answer.
const PATIENCE: Duration = Duration::from_secs(300);

impl<C: Terminal> World<'_, C> {
    /// Called after every event of the run: surveys this injection point, or injects the fault here.
    pub(super) fn at_event_boundary(&mut self, who: usize) -> Result<(), Stop> {
        if self.sweeping.is_idle() {
            return Ok(());
        }
        let spot = Spot::Event(self.turn.events);
        if self.sweeping.survey.is_some() {
            let guards = format!("{:?}", self.script.guards);
            let (has_connection, has_power) =
                (self.newest_connection(who).is_some(), self.parties.terminals[who].device.powered);
            let face = &self.parties.lanes[who].face.what;
            let waits = self.parties.terminals[who].asked.open.len();
            let looks = format!("{who} {} {} {waits} {has_connection}", face.screen.name, face.connected);
            if let Some(survey) = &mut self.sweeping.survey {
                survey.saw(&guards);
                survey.pass(spot, has_connection, has_power, None, &looks);
            }
        }
        match self.sweeping.injection {
            Some(injection) if injection.at == spot && !self.sweeping.has_struck() => self.inject(who, injection.kind),
            _ => Ok(()),
        }
    }

    /// Adds something to the digest of the survey.
    pub(super) fn survey(&mut self, what: &impl std::fmt::Debug) {
        if let Some(survey) = &mut self.sweeping.survey {
            survey.saw(what);
        }
    }

    /// Called for every frame that reaches or leaves the broker's end: how much of it passes before the fault is
    /// injected, if it is injected here. `written` is its size if our side writes it.
    pub(super) fn injection_at_frame(&mut self, tag: Tag, written: Option<usize>) -> Option<(Part, Kind)> {
        if self.sweeping.is_idle() {
            return None;
        }
        self.sweeping.frames += 1;
        let number = self.sweeping.frames;
        let who = usize::from(tag.terminal);
        let has_power = self.parties.terminals[who].device.powered;
        if let Some(survey) = &mut self.sweeping.survey {
            let size = written.map(|size| u32::try_from(size).unwrap_or(u32::MAX));
            survey.pass(Spot::Frame(number, Part::Before), true, has_power, size, &format!("frame {who} {size:?}"));
        }
        match self.sweeping.injection {
            Some(Injection { at: Spot::Frame(n, part), kind }) if n == number && !self.sweeping.has_struck() => {
                Some((part, kind))
            }
            _ => None,
        }
    }

    /// The cut to arm on a TLS handshake, if the fault is to be injected there.
    pub(super) fn injection_in_handshake(&mut self) -> Option<Cut> {
        if let Some(survey) = &mut self.sweeping.survey {
            survey.has_handshake = true;
        }
        let Some(Injection { at: Spot::Tls(place, bytes), kind }) = self.sweeping.injection else { return None };
        if self.sweeping.has_struck() {
            return None;
        }
        let point = [Point::ClientHello, Point::ServerHello, Point::ServerFlight, Point::ClientFlight][place.min(3)];
        Some(Cut { point, offset: bytes as usize, end: kind.end() })
    }

    /// The newest connection of a terminal that is not over.
    pub(super) fn newest_connection(&self, who: usize) -> Option<Tag> {
        let mine = self
            .connections
            .ends
            .iter()
            .filter(|(tag, ends)| usize::from(tag.terminal) == who && ends.client.is_some());
        mine.map(|(tag, _)| *tag).max()
    }

    /// Injects the fault on a terminal's newest connection, or cuts its power. From here on the script is relaxed.
    pub(super) fn inject(&mut self, who: usize, kind: Kind) -> Result<(), Stop> {
        let tag = self.newest_connection(who);
        self.record_injection(who, tag, kind);
        if kind == Kind::Power {
            return self.tell(who, Input::PowerOff);
        }
        let order = kind.fault().and_then(faults::call_order).filter(|_| self.parties.terminals[who].device.listens);
        if let Some(order) = order {
            self.cut_calls(who, &order)?;
        }
        if let Some(ends) = tag.and_then(|tag| self.connections.ends.get(&tag)) {
            ends.tap.end(kind.end());
            self.connections.orders += 1;
        }
        Ok(())
    }

    /// Relaxes the script from the start: none of its lines is required to match.
    pub(crate) fn relax(&mut self) {
        self.script.relax(false, false, BTreeSet::new());
    }

    /// Records the injection and relaxes the script.
    fn record_injection(&mut self, who: usize, tag: Option<Tag>, kind: Kind) {
        self.record_fault_hit(who, kind.fault().map_or(FaultClass::Power, |kind| kind.row().class));
        let now = self.now();
        let loses =
            matches!(self.sweeping.injection.map(|b| b.at), Some(Spot::Frame(_, Part::Before | Part::Bytes(_))));
        let waits = loses
            || self
                .parties
                .terminals
                .iter()
                .any(|actor| !actor.asked.open.is_empty() || actor.asked.oracle.may_be_held())
            // An update goes on while the line is down, and ends in a restart.
            || self.parties.lanes.iter().any(|lanes| lanes.face.what.screen.name == ScreenName::Updating)
            || !self.faults.armed.is_empty();
        let is_down =
            |who: &usize| !self.parties.lanes[*who].face.what.connected && !self.parties.terminals[*who].device.listens;
        let down = (0..self.parties.terminals.len()).filter(is_down).collect();
        self.script.relax(!waits && kind != Kind::Power, kind != Kind::Power, down);
        let action = match kind.fault() {
            None => Action::Power { on: false, who },
            Some(kind) => Action::Fault(Fault::now(who, kind)),
        };
        self.book.record.push(now, Entry::Comment("fault injected by the sweep".to_owned()));
        self.book.record.push(now, played(action));
        let next = match kind {
            Kind::Power => Some(now + DARK),
            Kind::Silence => Some(now + SILENT),
            Kind::Reset | Kind::Fin => None,
        };
        self.sweeping.struck = Some(Injected { at: now, who, tag, next, kind });
        if let Some(ends) = tag.and_then(|tag| self.connections.ends.get_mut(&tag)) {
            ends.excuse.ours = true;
            ends.excuse.silent = [kind == Kind::Silence; 2];
        }
    }

    /// Injects the fault on a connection, behind everything that has been written on it.
    pub(super) fn inject_behind_written(&mut self, tag: Tag, kind: Kind) -> Result<(), Stop> {
        if kind == Kind::Power {
            return self.inject(usize::from(tag.terminal), kind);
        }
        self.record_injection(usize::from(tag.terminal), Some(tag), kind);
        self.server_order(tag, ServerOrder::Strike(kind.end()))
    }

    /// Checks whether the injected cut has struck in a TLS handshake.
    pub(super) fn look_at_handshake(&mut self) -> Result<(), Stop> {
        match self.sweeping.injection {
            Some(Injection { at: Spot::Tls(..), kind }) if !self.sweeping.has_struck() => {
                let struck = self.connections.ends.iter().find(|(_, ends)| ends.tap.has_struck()).map(|(tag, _)| *tag);
                struck.map_or(Ok(()), |tag| self.inject(usize::from(tag.terminal), kind))
            }
            _ => Ok(()),
        }
    }

    /// Starts the second stage of the injection when it is due: the power comes back, or the silence ends in a reset.
    pub(super) fn continue_injection(&mut self) -> Result<bool, Stop> {
        let now = self.now();
        let Some(struck) = self.sweeping.struck.as_mut().filter(|struck| struck.next.is_some_and(|at| at <= now))
        else {
            return Ok(false);
        };
        struck.next = None;
        let (who, kind, tag) = (struck.who, struck.kind, struck.tag);
        match kind {
            Kind::Power => {
                self.book.record.push(now, played(Action::Power { on: true, who }));
                self.tell(who, Input::PowerOn)?;
            }
            _ => {
                if let Some(ends) = tag
                    .and_then(|tag| self.connections.ends.get(&tag))
                    .filter(|ends| ends.state != ConnectionState::Over)
                {
                    ends.tap.end(End::Reset);
                    self.connections.orders += 1;
                }
            }
        }
        Ok(true)
    }

    /// Whether the script has been followed for long enough after the injection.
    pub(super) fn has_followed(&self) -> bool {
        self.sweeping.struck.as_ref().is_some_and(|struck| self.now() > struck.at + FOLLOWED)
    }

    /// Which terminals can be reached by a message now, by their index: both ends must consider the link up.
    pub(super) fn reached(&self) -> Vec<bool> {
        let mine = |(who, actor): (usize, &Actor<C>)| {
            actor.device.powered
                && (actor.device.listens || (actor.link.is_up && self.route(who).is_some_and(|tag| self.is_open(tag))))
        };
        self.parties.terminals.iter().enumerate().map(mine).collect()
    }

    fn is_open(&self, tag: Tag) -> bool {
        self.connections.ends.get(&tag).is_some_and(|ends| ends.is_up() && !ends.is_excused())
    }

    /// Runs the final check after an injection. Returns until when it waits; `None` once it is complete.
    pub(super) fn final_check(&mut self) -> Result<Option<Duration>, Stop> {
        let now = self.now();
        let wind_up = self.sweeping.wind_up.get_or_insert(FinalCheck { since: now, asked: false });
        let (since, asked) = (wind_up.since, wind_up.asked);
        let until = since + PATIENCE;
        let reached = self.reached();
        if now >= until {
            return Ok(None);
        }
        if let Some(at) = self.sweeping.deadline().filter(|at| *at > now) {
            return Ok(Some(at.min(until)));
        }
        if !asked {
            if self.parties.terminals.iter().zip(&reached).any(|(actor, reached)| actor.device.powered && !reached) {
                return Ok(Some(until));
            }
            if let Some(wind_up) = &mut self.sweeping.wind_up {
                wind_up.asked = true;
            }
            (0..self.parties.terminals.len()).try_for_each(|who| self.ask_once_more(who))?;
        }
        let waits = self
            .parties
            .terminals
            .iter()
            .any(|actor| actor.asked.open.iter().any(|(id, tag)| self.is_owed(actor, *id, *tag)));
        Ok(waits.then_some(until))
    }

    /// Whether the terminal still owes the answer to a request: its connection is not excused, and no cardholder or
    /// host has to act first.
    pub(super) fn is_owed(&self, actor: &Actor<C>, id: RequestId, tag: Option<Tag>) -> bool {
        let excused = tag.is_none_or(|tag| match tag.line {
            None => self.connections.ends.get(&tag).is_none_or(super::link_ends::Ends::is_excused),
            Some(_) => false,
        });
        let waits = self.script.is_relaxed() && actor.asked.oracle.needs_other_party(id);
        !excused && !waits
    }

    /// Sends GET_COUNTER, which every terminal answers in any state. Terminals whose pinpad id another connection has
    /// taken over are skipped.
    fn ask_once_more(&mut self, who: usize) -> Result<(), Stop> {
        let mine =
            self.route(who).filter(|tag| usize::from(tag.terminal) == who && self.parties.terminals[who].link.is_up);
        let Some(tag) = mine else { return Ok(()) };
        let routing = [("FUNCTION_TYPE", "ADMIN"), ("COMMAND", "GET_COUNTER")];
        let fields = routing.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let request = sca_protocol::Request::new(fields.to_vec());
        let actor = &mut self.parties.terminals[who];
        let id = actor.asked.pos.asked(Some(&request));
        actor.asked.oracle.asked(id, Some(&request));
        actor.asked.open.insert(id, Some(tag));
        self.under_way(tag, id);
        let text = request.to_xml(Layout::Indented);
        let message = sca_judge::transcript::request(&text);
        let now = self.now();
        self.book.record.push(now, Entry::Asked { by: 0, to: who, message, id, label: None, span: Span::default() });
        let frame = Frame::whole(opcode::TEXT, text);
        self.server_order(tag, ServerOrder::Write(frame.encode()))
    }
}

fn played(action: Action) -> Entry {
    Entry::Played(Rc::new(Step::made(action)))
}
