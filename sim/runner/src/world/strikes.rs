//! Faults that strike: now, for a while, and when their time is over.

use std::time::Duration;

use sca_network::{CallOrder, End, Way};
use sca_scenario::model::{Fault, FaultKind, Toward};

use super::ends::EndState;
use super::heard::tag_of;
use super::{Stop, World};
use crate::armory::Standing;
use crate::core::Core;
use crate::verdict::Failure;

impl<C: Core> World<'_, C> {
    /// Gives each line the shape that the settings and the faults that stand now make.
    pub(super) fn shape_network(&self) {
        let Some(memory) = &self.memory else { return };
        for who in 0..self.actors.len() {
            let line = Self::tag(who, 0).terminal;
            for way in [Way::ToTerminal, Way::FromTerminal] {
                memory.set_latency(line, way, self.setting.broker.latency);
                memory.set_bandwidth(line, way, self.setting.broker.bandwidth);
            }
        }
        let standing = self.armory.standing.iter().map(|standing| (standing.who, &standing.kind));
        for (who, kind) in self.shaped.iter().map(|(who, kind)| (*who, kind)).chain(standing) {
            let line = Self::tag(who, 0).terminal;
            match kind {
                FaultKind::Latency(by, toward) => {
                    ways(toward).into_iter().for_each(|way| memory.set_latency(line, way, *by));
                }
                FaultKind::Throttle(rate, toward) => {
                    ways(toward).into_iter().for_each(|way| memory.set_bandwidth(line, way, *rate));
                }
                _ => {}
            }
        }
    }

    /// Strikes without waiting for anything. Says whether there was anything to strike.
    pub(super) fn strike_now(&mut self, fault: &Fault) -> Result<bool, Stop> {
        if let Some(lasting) = fault.lasting {
            let until = self.now() + lasting;
            // A fault that ends or slows what is there now has struck; one of dials waits for a dial.
            let struck = !matches!(fault.kind, FaultKind::Refuse | FaultKind::Dns | FaultKind::Tls(_));
            let (kind, span) = (fault.kind.clone(), fault.span);
            self.armory.standing.push(Standing { kind, who: fault.who, until, span, struck });
        }
        match &fault.kind {
            FaultKind::Refuse | FaultKind::Dns | FaultKind::Tls(_) => Ok(true),
            FaultKind::Latency(..) | FaultKind::Throttle(..) => {
                if fault.lasting.is_none() {
                    self.shaped.push((fault.who, fault.kind.clone()));
                }
                self.shape_network();
                Ok(true)
            }
            FaultKind::Reset | FaultKind::Fin if self.actors[fault.who].listens => {
                let order = if fault.kind == FaultKind::Reset { CallOrder::Reset } else { CallOrder::HangUp };
                if self.cut_calls(fault.who, &order)? {
                    return Ok(true);
                }
                self.nothing_to_strike(fault, "call")
            }
            kind => {
                let open = self.broker.open_connection(u16::try_from(fault.who).unwrap_or(u16::MAX)).map(tag_of);
                let Some(ends) = open.and_then(|tag| self.ends.get_mut(&tag)) else {
                    return self.nothing_to_strike(fault, "connection");
                };
                let will_end = matches!(kind, FaultKind::Silence(_)) && fault.lasting.is_some();
                *(if will_end { &mut ends.muted } else { &mut ends.ours }) = true;
                self.orders += 1;
                if let (FaultKind::Silence(toward), None) = (kind, fault.lasting) {
                    ways(toward).into_iter().for_each(|way| ends.silent[way as usize] = true);
                }
                Self::end_tap(&ends.tap, kind);
                Ok(true)
            }
        }
    }

    /// A fault finds nothing; after the blow of a sweep that may be so.
    fn nothing_to_strike(&self, fault: &Fault, what: &str) -> Result<bool, Stop> {
        if self.script.is_eased() {
            return Ok(false);
        }
        let failure = Failure::at(fault.span, format!("there is no open {what} for this fault to strike"));
        Err(Stop::Failed(Box::new(failure.label("nothing to strike"))))
    }

    /// Lets the end of a connection stand for a while, for all that connect meanwhile.
    pub(super) fn stand(&mut self, who: usize, end: End, lasting: Option<Duration>) {
        let kind = match end {
            End::Reset => FaultKind::Reset,
            End::Fin => FaultKind::Fin,
            End::Silence => FaultKind::Silence(None),
            End::Corrupt => FaultKind::Corrupt,
        };
        let until = lasting.map(|lasting| self.now() + lasting);
        let span = sca_scenario::Span::default();
        self.armory.standing.extend(until.map(|until| Standing { kind, who, until, span, struck: true }));
    }

    /// A standing fault is over.
    pub(super) fn lift(&mut self, standing: &Standing) {
        match &standing.kind {
            FaultKind::Silence(_) => {
                self.orders += 1;
                let who = standing.who;
                let others = self.armory.standing.iter().filter(|other| other.who == who);
                let still: Vec<Way> = others
                    .flat_map(|other| match &other.kind {
                        FaultKind::Silence(toward) => ways(toward),
                        _ => Vec::new(),
                    })
                    .collect();
                for (_, ends) in self.ends.iter_mut().filter(|(tag, _)| usize::from(tag.terminal) == who) {
                    for way in [Way::ToTerminal, Way::FromTerminal] {
                        ends.tap.silence(way, ends.silent[way as usize] || still.contains(&way));
                    }
                    // What gets through again is answered again.
                    ends.muted &= ends.state == EndState::Over || !still.is_empty();
                }
            }
            FaultKind::Latency(..) | FaultKind::Throttle(..) => self.shape_network(),
            _ => {}
        }
    }
}

/// The ways that a direction covers; both where none is named.
fn ways(toward: &Option<Toward>) -> Vec<Way> {
    match toward {
        None => vec![Way::ToTerminal, Way::FromTerminal],
        Some(Toward::Terminal) => vec![Way::ToTerminal],
        Some(Toward::Broker) => vec![Way::FromTerminal],
    }
}
