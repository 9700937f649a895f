//! Faults that strike at once or last for a while: strike, stay active, end.

use std::time::Duration;

use sca_core::Terminal;
use sca_judge::record::Entry;
use sca_judge::verdict::Failure;
use sca_model::fault_table::{Affects, FaultClass};
use sca_model::{Carrier, Fault};
use sca_network::{Direction, End, ServerOrder, Tag, TapHandle};
use sca_protocol::frame::Frame;

use crate::fault_state::{Held, Late};
use crate::link_ends::ConnectionState;
use crate::state::World;
use crate::stop::Stop;
use sca_faults::armed::Standing;
use sca_faults::effects::{self as faults, Strike, directions};

impl<C: Terminal> World<'_, C> {
    /// Applies latency, jitter and bandwidth from the settings and the active faults to each terminal's line.
    pub(super) fn shape_network(&self) {
        let Some(memory) = &self.connections.memory else { return };
        for who in 0..self.parties.terminals.len() {
            let line = Self::tag(who, 0).terminal;
            for way in [Direction::ToTerminal, Direction::FromTerminal] {
                memory.set_latency(line, way, self.parties.brokers.first().latency);
                memory.set_jitter(line, way, Duration::ZERO);
                memory.set_bandwidth(line, way, self.parties.brokers.first().bandwidth);
            }
        }
        let standing = self.faults.armed.standing.iter().map(|standing| (standing.who, standing.kind));
        for (who, kind) in self.faults.shaped.iter().copied().chain(standing) {
            let line = Self::tag(who, 0).terminal;
            faults::shape_line(memory, line, kind);
        }
    }

    /// Applies the active segment sizes to the taps of a terminal's connections.
    fn shape_taps(&self, who: usize) {
        for (_, ends) in self.connections.ends.iter().filter(|(tag, _)| usize::from(tag.terminal) == who) {
            self.shape_tap(who, &ends.tap);
        }
    }

    /// Applies the active segment sizes to one tap.
    pub(super) fn shape_tap(&self, who: usize, tap: &TapHandle) {
        let mut most = [None; 2];
        let standing = self.faults.armed.standing.iter().map(|standing| (standing.who, standing.kind));
        let here = self.faults.shaped.iter().copied().chain(standing).filter(|(whose, _)| *whose == who);
        for (_, kind) in here {
            if let Some(bytes) = faults::segment_size(kind) {
                directions(kind.values().toward).into_iter().for_each(|way| most[way as usize] = Some(bytes));
            }
        }
        for way in [Direction::ToTerminal, Direction::FromTerminal] {
            tap.limit_segments(way, most[way as usize]);
        }
    }

    /// Applies a fault at once. Returns whether it struck anything.
    pub(super) fn strike_now(&mut self, fault: &Fault) -> Result<bool, Stop> {
        if let Some(lasting) = fault.lasting {
            let until = self.now() + lasting;
            // A lasting fault that ends or slows existing connections has struck; one that affects dialling waits for
            // a dial.
            let struck = !fault.kind.decides_attempt() || self.external_terminals.is_some();
            let (kind, span) = (fault.kind, fault.span);
            self.faults.armed.standing.push(Standing { kind, who: fault.who, until, span, struck });
        }
        let struck = self.strike_open(fault)?;
        if !struck && fault.lasting.is_some() {
            // A fault that struck nothing does not stay active either.
            self.faults.armed.standing.pop();
        }
        if struck && !fault.kind.decides_attempt() {
            self.record_fault_hit(fault.who, fault.kind.row().class);
        }
        Ok(struck)
    }

    /// Applies a fault to the open connection.
    fn strike_open(&mut self, fault: &Fault) -> Result<bool, Stop> {
        let kind = fault.kind;
        match kind.row().affects {
            Affects::Attempt => {
                self.update_port();
                Ok(true)
            }
            Affects::Traffic => {
                if fault.lasting.is_none() {
                    self.faults.shaped.push((fault.who, kind));
                }
                self.shape_network();
                self.shape_taps(fault.who);
                Ok(true)
            }
            _ => {
                let calls = faults::call_order(kind).filter(|_| self.parties.terminals[fault.who].device.listens);
                if let Some(order) = calls {
                    return match self.cut_calls(fault.who, &order)? {
                        true => Ok(true),
                        false => self.nothing_to_strike(fault, "call"),
                    };
                }
                let open = self.open_connection(fault.who);
                let Some((tag, ends)) = open.and_then(|tag| Some((tag, self.connections.ends.get_mut(&tag)?))) else {
                    return self.nothing_to_strike(fault, "connection");
                };
                if kind.row().affects == Affects::Keys {
                    return match ends.tls.rekeys {
                        true => self.server_order(tag, ServerOrder::NewKeys).map(|()| true),
                        false => self.nothing_to_strike(fault, "connection with TLS 1.3"),
                    };
                }
                let (silences, lasts) = (faults::is_silence(kind), fault.lasting.is_some());
                *(if silences && lasts { &mut ends.excuse.muted } else { &mut ends.excuse.ours }) = true;
                self.connections.orders += 1;
                if silences && !lasts {
                    directions(kind.values().toward)
                        .into_iter()
                        .for_each(|way| ends.excuse.silent[way as usize] = true);
                }
                faults::apply_to_tap(&ends.tap, kind, lasts);
                Ok(true)
            }
        }
    }

    /// Fails because the fault found no connection to strike; after a sweep's injection this is allowed.
    fn nothing_to_strike(&self, fault: &Fault, what: &str) -> Result<bool, Stop> {
        if self.script.is_relaxed() {
            return Ok(false);
        }
        let failure = Failure::at(fault.span, format!("there is no open {what} for this fault to strike"));
        Err(Stop::Failed(Box::new(failure.label("nothing to strike"))))
    }

    /// The fault that strikes an answer, if there is one.
    pub(super) fn reply_strike(&mut self, who: usize, frame: &Frame, size: usize) -> Option<Strike> {
        let text = std::str::from_utf8(&frame.payload).ok()?;
        let id = self.parties.terminals[who].asked.pos.would_answer(text)?;
        let label = self.script.names.label_of(who, id)?.to_owned();
        self.faults.armed.at_message(who, &Carrier::Reply(label), size)
    }

    /// Applies a fault to an answer.
    pub(super) fn strike_reply(&mut self, who: usize, tag: Tag, frame: Frame, strike: Strike) -> Result<(), Stop> {
        if !matches!(strike, Strike::End { .. }) {
            self.record_fault_hit(who, FaultClass::Message);
        }
        match strike {
            Strike::Lose => {
                self.lose_reply(who, &String::from_utf8_lossy(&frame.payload));
                let now = self.now();
                self.book.record.push(now, Entry::Comment("fault: this answer was lost".to_owned()));
                Ok(())
            }
            Strike::Duplicate => {
                self.pass_frame(who, tag, frame.clone())?;
                self.faults.doubling = true;
                self.pass_frame(who, tag, frame)?;
                self.faults.doubling = false;
                Ok(())
            }
            Strike::Swap => {
                self.faults.held = Some(Held::Reply(who, tag, frame));
                Ok(())
            }
            Strike::Late(by) => {
                self.parties.terminals[who].asked.oracle.give_up();
                // The terminal has sent the answer: whatever happens to the connection, it no longer owes it.
                let said = self.parties.terminals[who].asked.pos.would_answer(&String::from_utf8_lossy(&frame.payload));
                if let Some(id) = said {
                    self.parties.terminals[who].asked.open.remove(&id);
                }
                self.faults.late.push(Late { at: self.now() + by, held: Held::Reply(who, tag, frame) });
                Ok(())
            }
            // The bytes come from outside: they are read up to the cut and no further.
            Strike::End { end, bytes, lasting } => {
                let size = frame.encode().len();
                let text = String::from_utf8_lossy(&frame.payload).into_owned();
                match bytes {
                    None => self.pass_frame(who, tag, frame)?,
                    Some(_) => self.lose_reply(who, &text),
                }
                self.note_prefix(tag, "terminal ->", "of this reply were read", bytes.unwrap_or(size), size);
                if let Some(ends) = self.connections.ends.get_mut(&tag) {
                    ends.excuse.unread = end != End::Hold;
                }
                self.strike_order(who, tag, (end, lasting))
            }
        }
    }

    /// Records that an answer never arrives.
    pub(super) fn lose_reply(&mut self, who: usize, text: &str) {
        let actor = &mut self.parties.terminals[who];
        if let Some(id) = actor.asked.pos.heard(text).answers {
            actor.asked.open.remove(&id);
            actor.asked.oracle.lost(id);
            self.script.lose(who, id);
        }
    }

    /// Delivers the delayed messages that are due.
    pub(super) fn late_arrives(&mut self) -> Result<bool, Stop> {
        let now = self.now();
        let (due, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.faults.late).into_iter().partition(|late| late.at <= now);
        self.faults.late = rest;
        let any = !due.is_empty();
        due.into_iter().try_for_each(|late| self.arrives_late(late))?;
        Ok(any)
    }

    /// Delivers a delayed message, unless its connection is gone.
    fn arrives_late(&mut self, late: Late) -> Result<(), Stop> {
        let Some(held) = self.unless_gone(late.held) else { return Ok(()) };
        if let Held::Request(tag, _, Some((to, id))) = &held {
            self.parties.terminals[*to].asked.open.insert(*id, Some(*tag));
            self.under_way(*tag, *id);
        }
        self.release(held)
    }

    /// When the next connection exceeds the idle timeout of the simulated intermediary (setting `idle-cut`).
    pub(super) fn idle_deadline(&self) -> Option<Duration> {
        let cut = Some(self.parties.brokers.first().idle_cut).filter(|cut| !cut.is_zero())?;
        self.connections
            .ends
            .values()
            .filter(|ends| ends.is_up())
            .filter_map(|ends| ends.moved)
            .min()
            .map(|at| at + cut)
    }

    /// Records activity on a connection.
    pub(super) fn moves(&mut self, tag: Tag) {
        let now = self.now();
        if let Some(ends) = self.connections.ends.get_mut(&tag).filter(|ends| !ends.excuse.ours) {
            ends.moved = Some(now);
        }
    }

    /// Cuts connections that have exceeded the idle timeout.
    pub(super) fn idle_is_cut(&mut self) -> Result<bool, Stop> {
        let mut any = false;
        while self.idle_deadline().is_some_and(|at| at <= self.now()) {
            let idle = self.connections.ends.iter_mut().filter(|(_, ends)| ends.is_up() && ends.moved.is_some());
            let Some((tag, ends)) = idle.min_by_key(|(_, ends)| ends.moved) else { break };
            (ends.moved, ends.excuse.ours, any) = (None, true, true);
            ends.excuse.silent = [self.parties.brokers.first().idle_cut_by == "silence"; 2];
            let end = match self.parties.brokers.first().idle_cut_by.as_str() {
                "reset" => End::Reset,
                "fin" => End::Fin,
                _ => End::Silence,
            };
            ends.tap.end(end);
            let who = usize::from(tag.terminal);
            let text = format!("an intermediary dropped idle connection {}", tag.connection);
            self.connections.orders += 1;
            let now = self.now();
            self.book.record.push(now, Entry::Comment(text));
            self.record_fault_hit(who, faults::kind_of_end(end).row().class);
        }
        Ok(any)
    }

    /// Keeps the end of a connection active for a while, so that it also strikes connections made meanwhile.
    pub(super) fn stand(&mut self, who: usize, end: End, lasting: Option<Duration>) {
        let kind = faults::kind_of_end(end);
        let until = lasting.map(|lasting| self.now() + lasting);
        let span = sca_model::Span::default();
        self.faults.armed.standing.extend(until.map(|until| Standing { kind, who, until, span, struck: true }));
    }

    /// Ends an active fault.
    pub(super) fn end_fault(&mut self, standing: &Standing) {
        match standing.kind {
            kind if faults::is_silence(kind) => {
                self.connections.orders += 1;
                let who = standing.who;
                let others = self.faults.armed.standing.iter().filter(|other| other.who == who);
                let still: Vec<Direction> = others
                    .filter(|other| faults::is_silence(other.kind))
                    .flat_map(|other| directions(other.kind.values().toward))
                    .collect();
                for (_, ends) in self.connections.ends.iter_mut().filter(|(tag, _)| usize::from(tag.terminal) == who) {
                    for way in [Direction::ToTerminal, Direction::FromTerminal] {
                        ends.tap.silence(way, ends.excuse.silent[way as usize] || still.contains(&way));
                    }
                    if still.is_empty() {
                        ends.tap.byte_cut().release();
                    }
                    // Once data gets through again, requests must be answered again.
                    ends.excuse.muted &= ends.state == ConnectionState::Over || !still.is_empty();
                }
            }
            kind if kind.shapes_traffic() => {
                self.shape_network();
                self.shape_taps(standing.who);
            }
            kind if kind.decides_attempt() => self.update_port(),
            _ => {}
        }
    }
}
