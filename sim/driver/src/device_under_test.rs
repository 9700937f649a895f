//! Runs with external devices as terminals: their connections come from outside, and their behaviour is inferred at
//! the broker's end.

use std::time::Duration;

use sca_core::{ConnectionId, Input, LinkEvent, Terminal};
use sca_judge::record::Entry;
use sca_judge::verdict::Failure;
use sca_model::fault_table::FaultClass;
use sca_model::fault_table::FaultKind;
use sca_network::{DialOutcome, End, Ending, Event, QueuedEvent, ServerEvent, ServerSetup, Stream, Tag, run_server};
use sca_protocol::handshake::{Head, judge};
use sca_protocol::{HandshakeFailure, Reason, TlsFailure};
use tokio::sync::mpsc;

use crate::link_ends::{ConnectionState, Ends, OUTBOX};
use crate::state::World;
use crate::stop::Stop;
use crate::terminal_state::{ExternalDevices, OutsideEvent};
use sca_environment::device::{Door, Ended, LOOKS};
use sca_faults::armed::AttemptNumber;

/// The link event of an upgrade answer that the device has accepted.
fn answered() -> LinkEvent {
    LinkEvent::Answered(Head { line: String::new(), status: 101, version: 1, headers: Vec::new() })
}

impl<C: Terminal> World<'_, C> {
    /// Installs external devices in place of the terminals.
    pub(crate) fn set_external_devices(&mut self, state: ExternalDevices) {
        for actor in &mut self.parties.terminals {
            actor.asked.pos.lenient = true;
            // The history of a device that was running before the scenario is unknown, so nothing can be predicted.
            if !state.external.is_fresh() {
                actor.asked.oracle.give_up();
            }
        }
        self.external_terminals = Some(state);
    }

    /// Accepts all connections that are waiting.
    pub(super) fn accept_waiting(&mut self) -> Result<bool, Stop> {
        let mut any = false;
        while let Some(stream) = self.external_terminals.as_ref().and_then(|state| state.callers.next()) {
            self.caller(stream)?;
            any = true;
        }
        Ok(any)
    }

    /// Starts the broker's end of a new device connection.
    fn caller(&mut self, stream: Stream) -> Result<(), Stop> {
        // With several devices, the first one without a link is the best guess until the pinpad id arrives.
        let guess = (0..self.parties.terminals.len()).find(|who| !self.parties.terminals[*who].link.is_up).unwrap_or(0);
        let is_sure = self.parties.terminals.len() == 1;
        let Some(state) = &mut self.external_terminals else { return Ok(()) };
        state.connections += 1;
        let number = state.connections;
        let tag = Tag { terminal: if is_sure { 0 } else { u16::MAX }, line: None, connection: number };
        if is_sure {
            self.lose_previous_connection(guess)?;
            self.told(guess, number, LinkEvent::Opened)?;
        }
        let at = AttemptNumber {
            who: guess,
            attempt: self.parties.terminals[guess].link.attempts,
            connection: self.connections.opened + 1,
        };
        if is_sure && (self.faults.armed.outcome(at) == DialOutcome::Refuse || !self.parties.brokers.get(0).listens) {
            // The scenario cannot observe a connection refused by a shut port, so our end accepts this one and resets
            // it before reading a byte.
            let mut stream = stream;
            stream.reset();
            drop(stream);
            self.record_fault_hit(guess, FaultClass::Dial);
            return self.told(guess, number, LinkEvent::Failed(Reason::Refused));
        }
        let (tls, tap, cut, ours) = self.prepare(at, DialOutcome::Connect, 0, tag)?;
        let (to_server, orders) = mpsc::channel(OUTBOX);
        let (to_nobody, _) = mpsc::channel(1);
        let mut ends = Ends::new(to_nobody, to_server, tap.clone());
        (ends.tls.cut, ends.excuse.ours) = (cut, ours);
        ends.client = None;
        if let Some(state) = &mut self.external_terminals {
            if is_sure {
                state.whose.insert(number, guess);
                self.connections.ends.insert(tag, ends);
            } else {
                state.unplaced.insert(number, ends);
            }
        }
        let setup = ServerSetup { proxy: None, tls, tap, bounds: None };
        tokio::task::spawn_local(run_server(stream, setup, tag, self.connections.mailbox.clone(), orders));
        Ok(())
    }

    /// Sets the port that devices connect to as the active faults and the network settings require: open, shut, or
    /// unanswering.
    pub(super) fn update_port(&self) {
        let Some(state) = self.external_terminals.as_ref().filter(|state| !state.shows_refusals) else { return };
        let stands = |kind: &FaultKind| self.faults.armed.standing.iter().any(|standing| standing.kind == *kind);
        let door = match stands(&FaultKind::Refuse) || !self.parties.brokers.get(0).listens {
            true => Door::Shut,
            false if stands(&FaultKind::Unanswered) => Door::Deaf,
            false => Door::Open,
        };
        state.callers.wanted.stands(door);
    }

    /// Records the loss of the previous connection when a device dials again.
    fn lose_previous_connection(&mut self, who: usize) -> Result<(), Stop> {
        let up = self.connections.ends.iter().find(|(tag, ends)| usize::from(tag.terminal) == who && ends.is_up());
        let Some((tag, is_whole)) =
            up.map(|(tag, ends)| (*tag, !ends.is_excused() && ends.excuse.silent == [false; 2]))
        else {
            return Ok(());
        };
        // An undisturbed connection must end before the next one begins.
        let now = self.now();
        if let Some(state) = self.external_terminals.as_mut().filter(|_| is_whole) {
            let until = now + state.external.second_thoughts;
            state.beside.insert(tag, until);
        }
        self.over(tag);
        self.told(who, tag.connection, LinkEvent::Lost)
    }

    /// Reports a device that uses a second connection while the first one is up and undisturbed.
    fn report_second_connection(&mut self, tag: Tag) {
        let Some(since) = self.external_terminals.as_mut().and_then(|state| {
            let until = state.beside.remove(&tag)?;
            Some(until.saturating_sub(state.external.second_thoughts))
        }) else {
            return;
        };
        let name = self.parties.terminals[usize::from(tag.terminal)].name.clone();
        let since = sca_judge::time_format::stamp(since);
        let what = format!(
            "{name} has two connections: number {} was still up when the next one was opened at {since}",
            tag.connection
        );
        self.violate("one-connection", what);
    }

    fn told(&mut self, who: usize, connection: u32, event: LinkEvent) -> Result<(), Stop> {
        self.tell(who, Input::Link { connection: ConnectionId(connection), event })
    }

    /// Assigns an event of a device's connection to its terminal. `None` if the terminal is not known yet.
    pub(super) fn assign_to_terminal(&mut self, mut posted: QueuedEvent) -> Result<Option<QueuedEvent>, Stop> {
        let number = posted.tag.connection;
        let known = self.external_terminals.as_ref().map(|state| state.whose.get(&number).copied());
        let who = match known {
            None => return Ok(Some(posted)),
            Some(Some(who)) => who,
            Some(None) => match self.place_by(&posted.event) {
                Some(who) => {
                    let tag = Self::tag(who, number);
                    let ends = self.external_terminals.as_mut().and_then(|state| {
                        state.whose.insert(number, who);
                        state.unplaced.remove(&number)
                    });
                    self.lose_previous_connection(who)?;
                    self.connections.ends.extend(ends.map(|ends| (tag, ends)));
                    self.told(who, number, LinkEvent::Opened)?;
                    who
                }
                None => {
                    if let (Event::Server(ServerEvent::Secured { names, rekeys }), Some(state)) =
                        (&posted.event, &mut self.external_terminals)
                        && let Some(ends) = state.unplaced.get_mut(&number)
                    {
                        (ends.tls.names, ends.tls.rekeys) = (names.clone(), *rekeys);
                    }
                    return Ok(None);
                }
            },
        };
        posted.tag = Self::tag(who, number);
        if let Event::Server(event) = &posted.event {
            self.seen_of_device(who, posted.tag, event)?;
        }
        Ok(Some(posted))
    }

    /// The terminal a connection belongs to, inferred from an event on it.
    fn place_by(&self, event: &Event) -> Option<usize> {
        let id = match event {
            Event::Server(ServerEvent::Asked(head, ..)) => head.get("x-vfi-pinpad-id").unwrap_or_default().trim(),
            Event::Server(ServerEvent::Failed(_) | ServerEvent::Ended(_)) => "",
            _ => return None,
        };
        let named = self.parties.terminals.iter().position(|actor| actor.settings.pinpad_id == id);
        named.or_else(|| self.parties.terminals.iter().position(|actor| !actor.link.is_up)).or(Some(0))
    }

    /// Infers the device's behaviour from an event at the broker's end, before the broker handles it.
    fn seen_of_device(&mut self, who: usize, tag: Tag, event: &ServerEvent) -> Result<(), Stop> {
        match event {
            ServerEvent::Frame(..) => {
                self.report_second_connection(tag);
                self.has_accepted(tag)
            }
            ServerEvent::Secured { .. } => {
                self.external_terminals.as_mut().map(|state| state.secured.insert(tag));
                Ok(())
            }
            ServerEvent::Failed(reason) => {
                self.is_gone(tag);
                self.over(tag);
                let cut =
                    self.connections.ends.get(&tag).filter(|ends| ends.tap.has_struck()).and_then(|ends| ends.tls.cut);
                let is_in_its_flight =
                    cut.and_then(|index| self.faults.armed.tls_point(index)) == Some("client-flight");
                let reason = match *reason {
                    // From the device's view the handshake is complete: it has sent the upgrade request, and the
                    // connection ends.
                    Reason::Tls(_) if is_in_its_flight => Reason::Handshake(HandshakeFailure::Truncated),
                    Reason::Tls(failure) => Reason::Tls(failure.seen_by_terminal()),
                    other => other,
                };
                self.told(who, tag.connection, LinkEvent::Failed(reason))
            }
            ServerEvent::Ended(ending) => {
                self.is_gone(tag);
                let judged = self.external_terminals.as_mut().and_then(|state| state.judged.remove(&tag));
                let state = self.connections.ends.get(&tag).map(|ends| ends.state);
                if state != Some(ConnectionState::Over) {
                    self.over(tag);
                }
                match (judged, state) {
                    // The scenario cut the connection behind a correct answer.
                    (Some((_, None)), _) if self.connections.ends.get(&tag).is_some_and(|ends| ends.excuse.ours) => {
                        self.told(who, tag.connection, answered())?;
                        self.told(who, tag.connection, LinkEvent::Lost)
                    }
                    (Some((_, why)), _) => {
                        // Why a device hung up on a correct 101 is unknown.
                        let reason = why.unwrap_or(Reason::Handshake(HandshakeFailure::Refused));
                        self.told(who, tag.connection, LinkEvent::Failed(reason))
                    }
                    (None, Some(ConnectionState::Opening)) => {
                        let secure = sca_environment::target::target(self.parties.brokers.first()).secure;
                        let is_in_tls =
                            secure && self.external_terminals.as_ref().is_some_and(|y| !y.secured.contains(&tag));
                        let reason = match ending {
                            Ending::Fin if is_in_tls => Reason::Tls(TlsFailure::Eof),
                            Ending::Fin => Reason::Handshake(HandshakeFailure::Truncated),
                            Ending::Broken => Reason::Reset,
                        };
                        self.told(who, tag.connection, LinkEvent::Failed(reason))
                    }
                    (None, Some(ConnectionState::Up)) => self.told(who, tag.connection, LinkEvent::Lost),
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    /// Handles the broker's upgrade answer: from now on the device may hang up, and if it does not, it is connected.
    pub(super) fn answer_is_sent(&mut self, tag: Tag, bytes: &[u8]) -> Result<(), Stop> {
        let now = self.now();
        let Some(state) = &mut self.external_terminals else { return Ok(()) };
        let until = now + state.external.second_thoughts;
        let key = state.keys.remove(&tag).unwrap_or_default();
        let verdict = match Head::parse_response(bytes) {
            Ok(Some((head, _))) => judge(&head, &key, false),
            _ => Err(Reason::Handshake(HandshakeFailure::Garbage)),
        };
        match verdict {
            Err(Reason::Http(status)) => {
                let who = usize::from(tag.terminal);
                self.over(tag);
                self.told(who, tag.connection, LinkEvent::Failed(Reason::Http(status)))
            }
            other => {
                state.judged.insert(tag, (until, other.err()));
                Ok(())
            }
        }
    }

    /// Records that the broker's answer was cut: the device cannot have accepted it.
    pub(super) fn answer_is_cut(&mut self, tag: Tag, end: End) {
        let reason = if end == End::Reset { Reason::Reset } else { Reason::Handshake(HandshakeFailure::Truncated) };
        if let Some(state) = &mut self.external_terminals {
            state.keys.remove(&tag);
            state.judged.insert(tag, (Duration::MAX, Some(reason)));
        }
    }

    /// Marks the device as connected: it has sent a frame, or its time to hang up has passed.
    fn has_accepted(&mut self, tag: Tag) -> Result<(), Stop> {
        let judged = self.external_terminals.as_mut().and_then(|state| state.judged.remove(&tag));
        if judged.is_none() {
            return Ok(());
        }
        if let Some(ends) = self.connections.ends.get_mut(&tag) {
            ends.state = ConnectionState::Up;
        }
        self.told(usize::from(tag.terminal), tag.connection, answered())
    }

    fn is_gone(&mut self, tag: Tag) {
        if let Some(state) = &mut self.external_terminals {
            state.beside.remove(&tag);
        }
    }

    /// The next deadline for devices to hang up or to close their older connection.
    pub(super) fn hang_up_deadline(&self) -> Option<Duration> {
        let state = self.external_terminals.as_ref()?;
        let judged = state.judged.values().map(|(until, _)| *until).filter(|until| *until < Duration::MAX);
        judged.chain(state.beside.values().copied()).min()
    }

    /// Marks devices whose time to hang up has passed as connected. Returns whether there was one.
    pub(super) fn accept_overdue(&mut self) -> Result<bool, Stop> {
        let now = self.now();
        let Some(state) = &self.external_terminals else { return Ok(false) };
        let over: Vec<Tag> = state.judged.iter().filter(|(_, (until, _))| *until <= now).map(|(tag, _)| *tag).collect();
        let beside: Vec<Tag> = state.beside.iter().filter(|(_, until)| **until <= now).map(|(tag, _)| *tag).collect();
        over.iter().try_for_each(|tag| self.has_accepted(*tag))?;
        beside.iter().for_each(|tag| self.report_second_connection(*tag));
        Ok(!over.is_empty() || !beside.is_empty())
    }

    /// Handles an event that does not come from a connection.
    pub(super) fn outside_event(&mut self, news: OutsideEvent) -> Result<(), Stop> {
        match news {
            OutsideEvent::Said(yes) => self.person_said(yes),
            OutsideEvent::Ended(who, ended) => Err(self.has_ended(who, &ended)),
        }
    }

    /// A failure, with the exit of a device program that came with it: a program that refuses something exits, and the
    /// end of its connection is heard of first.
    pub(super) async fn with_exit(&mut self, failure: Box<Failure>) -> Box<Failure> {
        let Some(state) = self.external_terminals.as_mut().filter(|state| state.external.spawn.is_some()) else {
            return failure;
        };
        tokio::time::sleep(LOOKS).await;
        let Some((who, ended)) = state.devices.ended() else { return failure };
        let name = &self.parties.terminals[who].name;
        let failure = failure.note(format!("the program of {name} exited with {}", ended.how));
        Box::new(ended.last.iter().fold(failure, |failure, line| failure.note(format!("its output: {line}"))))
    }

    /// The failure for a device program that exited by itself.
    fn has_ended(&mut self, who: usize, ended: &Ended) -> Stop {
        let (now, name) = (self.now(), self.parties.terminals[who].name.clone());
        self.book.record.push(now, Entry::Comment(format!("the program of {name} exited with {}", ended.how)));
        let failure = Failure::at(self.script.current(), format!("the program of {name} exited on its own"))
            .label("the scenario was here")
            .note(format!("it exited with {} at {}", ended.how, sca_judge::time_format::stamp(now)));
        Stop::Failed(Box::new(
            ended.last.iter().fold(failure, |failure, line| failure.note(format!("its output: {line}"))),
        ))
    }
}
