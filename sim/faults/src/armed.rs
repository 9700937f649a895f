//! The faults and the replaced HTTP answers of one world: faults armed for a trigger, faults active for a while, and
//! the answers that the script has told the broker or the proxy to give.

use std::time::Duration;

use sca_judge::verdict::Failure;
use sca_model::Span;
use sca_model::fault_table::FaultKind;
use sca_model::{Bytes, Carrier, Count, Fault, Place, Trigger};
use sca_network::{DialOutcome, End};

use crate::effects::{self, Strike};

/// An armed fault: it waits for its trigger.
#[derive(Debug)]
struct Armed {
    fault: Fault,
    struck: bool,
    /// Whether all attempts that it applies to have been made.
    spent: bool,
}

impl Armed {
    /// Whether it is armed for this attempt or connection.
    fn is_for(&self, at: AttemptNumber) -> bool {
        !self.spent
            && matches!(&self.fault.arm, Some(Trigger::On(count)) if covers(count, at))
            && self.fault.who == at.who
    }

    /// Triggers the fault. Attempts are counted anew after every connection, so a fault is spent once its last attempt
    /// is made.
    fn trigger(&mut self, at: AttemptNumber) -> FaultKind {
        self.struck = true;
        self.spent =
            matches!(&self.fault.arm, Some(Trigger::On(count)) if !count.of_connections && at.attempt == count.to);
        self.fault.kind
    }

    fn is_on_connections(&self) -> bool {
        matches!(&self.fault.arm, Some(Trigger::On(count)) if count.of_connections)
    }
}

/// An active fault: it lasts until `until`, in scenario time.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Its kind.
    pub kind: FaultKind,
    /// The index of the terminal that it affects.
    pub who: usize,
    /// When it ends, in scenario time.
    pub until: Duration,
    /// Its line.
    pub span: Span,
    /// Whether it has affected anything yet.
    pub struck: bool,
}

#[derive(Debug)]
struct ReplacedAnswer {
    by_proxy: bool,
    count: Count,
    text: String,
    span: Span,
    given: bool,
    /// The terminals that have made all attempts that this answer applies to.
    spent: Vec<usize>,
}

/// The counters that identify an attempt: attempts since the link was last up, and connections completed before.
#[derive(Debug, Clone, Copy)]
pub struct AttemptNumber {
    /// The index of the terminal.
    pub who: usize,
    /// Attempts since the link was last up, from 1.
    pub attempt: u32,
    /// The number of the connection that it would be, from 1.
    pub connection: u32,
}

/// The faults and replaced answers of one world.
#[derive(Debug, Default)]
pub struct ArmedFaults {
    armed: Vec<Armed>,
    /// The active faults.
    pub standing: Vec<Standing>,
    answers: Vec<ReplacedAnswer>,
    /// The first fault whose time ended without any effect.
    idle: Option<Span>,
    /// Size in bytes of the last message in which a fault counted bytes.
    pub carrier_size: Option<usize>,
}

fn covers(count: &Count, at: AttemptNumber) -> bool {
    let number = if count.of_connections { at.connection } else { at.attempt };
    (count.from..=count.to).contains(&number)
}

impl ArmedFaults {
    /// Adds a fault that waits for its trigger.
    pub fn arm(&mut self, fault: Fault) {
        self.armed.push(Armed { fault, struck: false, spent: false });
    }

    /// Adds an answer, head and body by lines, to the attempts that `count` names.
    pub fn replace_answer(&mut self, by_proxy: bool, count: Count, lines: &[String], span: Span) {
        // The head ends at the first empty line; the lines after it are the body.
        let split = lines.iter().position(String::is_empty).unwrap_or(lines.len());
        let mut text = lines[..split].join("\r\n") + "\r\n\r\n";
        text.push_str(&lines.get(split + 1..).unwrap_or_default().join("\r\n"));
        self.answers.push(ReplacedAnswer { by_proxy, count, text, span, given: false, spent: Vec::new() });
    }

    /// The replaced answer to an upgrade request, or to a CONNECT if `by_proxy`; `None` for the normal answer.
    pub fn answer(&mut self, by_proxy: bool, at: AttemptNumber) -> Option<String> {
        let fits = |told: &&mut ReplacedAnswer| {
            !told.spent.contains(&at.who) && told.by_proxy == by_proxy && covers(&told.count, at)
        };
        let told = self.answers.iter_mut().find(fits)?;
        // Attempts are counted anew after every connection, so the answer is spent once its last attempt is made.
        let is_last = !told.count.of_connections && at.attempt == told.count.to;
        told.spent.extend(is_last.then_some(at.who));
        told.given = true;
        Some(told.text.clone())
    }

    /// The outcome of a dial attempt, decided before it begins. Active faults take precedence over armed ones.
    pub fn outcome(&mut self, at: AttemptNumber) -> DialOutcome {
        let decides = |kind: FaultKind| effects::dial_outcome(kind).is_some();
        self.first(at, decides).and_then(effects::dial_outcome).unwrap_or(DialOutcome::Connect)
    }

    /// The bytes that the broker sends to this attempt in place of its ServerHello, if any.
    pub fn instead_of_hello(&mut self, at: AttemptNumber) -> Option<Vec<u8>> {
        let replaces = |kind: FaultKind| effects::instead_of_hello(kind).is_some();
        self.first(at, replaces).and_then(effects::instead_of_hello)
    }

    /// The fault that ends or silences an attempt as soon as TCP is connected, if any, and whether it lasts for a
    /// limited time only. Faults on connections are triggered later, when the connection is up.
    pub fn end_on_connect(&mut self, at: AttemptNumber) -> Option<(FaultKind, bool)> {
        let ends = effects::ends_or_silences;
        let standing = self.standing.iter_mut().find(|s| s.who == at.who && ends(s.kind));
        if let Some(standing) = standing {
            standing.struck = true;
            return Some((standing.kind, true));
        }
        let ends = |armed: &&mut Armed| !armed.is_on_connections() && armed.is_for(at) && ends(armed.fault.kind);
        let armed = self.armed.iter_mut().find(ends)?;
        Some((armed.trigger(at), false))
    }

    /// The first fault that applies to this attempt: an active one, or else an armed one, which is triggered.
    fn first(&mut self, at: AttemptNumber, wanted: impl Fn(FaultKind) -> bool) -> Option<FaultKind> {
        if let Some(standing) = self.standing.iter_mut().find(|s| s.who == at.who && wanted(s.kind)) {
            standing.struck = true;
            return Some(standing.kind);
        }
        let armed = self.armed.iter_mut().find(|armed| armed.is_for(at) && wanted(armed.fault.kind))?;
        Some(armed.trigger(at))
    }

    /// Triggers the faults armed for this connection, which is up now.
    pub fn on_connection(&mut self, at: AttemptNumber) -> Vec<Fault> {
        let mut struck = Vec::new();
        for armed in &mut self.armed {
            if armed.is_on_connections() && armed.is_for(at) && !armed.fault.kind.decides_attempt() {
                armed.trigger(at);
                struck.push(armed.fault.clone());
            }
        }
        struck
    }

    /// The next cut of a TLS handshake, with the index of the armed fault that makes it.
    pub fn tls_cut(&self, who: usize) -> Option<(sca_network::Cut, usize)> {
        self.armed.iter().enumerate().filter(|(_, armed)| !armed.struck && armed.fault.who == who).find_map(
            |(i, armed)| {
                let Some(Trigger::At(place, point)) = &armed.fault.arm else { return None };
                let Carrier::Tls(word) = point.carrier else { return None };
                let bytes = match point.bytes {
                    Some(Bytes::Count(n)) => Some(n),
                    _ => None,
                };
                effects::cut(armed.fault.kind, word, *place == Place::Before, bytes).map(|cut| (cut, i))
            },
        )
    }

    /// The handshake record at which the armed fault with this index cuts, if it is a TLS cut.
    pub fn tls_point(&self, index: usize) -> Option<&'static str> {
        match &self.armed.get(index)?.fault.arm {
            Some(Trigger::At(_, point)) => match point.carrier {
                Carrier::Tls(word) => Some(word),
                _ => None,
            },
            _ => None,
        }
    }

    /// Marks a cut as triggered; returns its kind the first time, then `None`.
    pub fn has_struck(&mut self, index: usize) -> Option<FaultKind> {
        let armed = self.armed.get_mut(index).filter(|armed| !armed.struck)?;
        armed.struck = true;
        Some(armed.fault.kind)
    }

    /// Triggers, once, the fault before or after the whole upgrade request or its answer.
    pub fn at_upgrade(&mut self, who: usize, carrier: &Carrier, at: Place) -> Option<(End, Option<Duration>)> {
        let armed = self.armed.iter_mut().find(|armed| {
            let here = matches!(&armed.fault.arm, Some(Trigger::At(place, point))
                if point.carrier == *carrier && point.bytes.is_none() && *place == at);
            here && !armed.struck && armed.fault.who == who
        })?;
        armed.struck = true;
        effects::end_of(armed.fault.kind, armed.fault.lasting.is_some()).map(|end| (end, armed.fault.lasting))
    }

    /// Whether any armed fault is for a reply, so that replies have to be inspected.
    pub fn awaits_reply(&self) -> bool {
        let waits = |a: &&Armed| {
            !a.struck && matches!(&a.fault.arm, Some(Trigger::At(_, p)) if matches!(p.carrier, Carrier::Reply(_)))
        };
        self.armed.iter().any(|armed| waits(&armed))
    }

    /// Whether any armed fault counts bytes of this carrier: the upgrade request or its answer.
    pub fn counts_bytes_of(&self, carrier: &Carrier) -> bool {
        let counts = |a: &&Armed| {
            !a.struck && matches!(&a.fault.arm, Some(Trigger::At(_, p)) if p.carrier == *carrier && p.bytes.is_some())
        };
        self.armed.iter().any(|armed| counts(&armed))
    }

    /// How the connection ends within or around a message of this size. Triggers the fault, once.
    pub fn end_at(&mut self, who: usize, carrier: &Carrier, size: usize) -> Option<Strike> {
        self.fault_at(who, carrier, size, |kind| !kind.affects_message())
    }

    /// The effect of a fault on a message of this size. Triggers the fault, once.
    pub fn at_message(&mut self, who: usize, carrier: &Carrier, size: usize) -> Option<Strike> {
        self.fault_at(who, carrier, size, |_| true)
    }

    fn fault_at(
        &mut self,
        who: usize,
        carrier: &Carrier,
        size: usize,
        wanted: impl Fn(FaultKind) -> bool,
    ) -> Option<Strike> {
        let armed = self.armed.iter_mut().find(|armed| {
            let here = matches!(&armed.fault.arm, Some(Trigger::At(_, point)) if point.carrier == *carrier);
            here && !armed.struck && armed.fault.who == who && wanted(armed.fault.kind)
        })?;
        let Some(Trigger::At(place, point)) = &armed.fault.arm else { return None };
        let bytes = match (point.bytes, place) {
            (Some(Bytes::Count(n)), Place::Before) => Some(n.saturating_sub(1)),
            (Some(Bytes::Count(n)), _) => Some(n),
            (None, Place::After) => None,
            _ => Some(0),
        };
        if point.bytes.is_some() {
            self.carrier_size = Some(size);
            if bytes.is_some_and(|n| n >= size) {
                return None;
            }
        }
        armed.struck = true;
        let (kind, lasting) = (armed.fault.kind, armed.fault.lasting);
        let ends = || effects::end_of(kind, lasting.is_some()).map(|end| Strike::End { end, bytes, lasting });
        effects::message_effect(kind).or_else(ends)
    }

    /// The instant at which the next active fault ends.
    pub fn deadline(&self) -> Option<Duration> {
        self.standing.iter().map(|s| s.until).min()
    }

    /// Removes and returns the faults whose time has ended.
    pub fn over(&mut self, now: Duration) -> Vec<Standing> {
        let (over, rest): (Vec<Standing>, Vec<Standing>) = self.standing.drain(..).partition(|s| s.until <= now);
        self.standing = rest;
        self.idle = self.idle.or_else(|| over.iter().find(|s| !s.struck).map(|s| s.span));
        over
    }

    /// Whether a silence of limited duration is active for a terminal.
    pub fn is_muted(&self, who: usize) -> bool {
        self.standing.iter().any(|standing| standing.who == who && effects::is_silence(standing.kind))
    }

    /// Whether the script has armed no fault, started none and replaced no answer.
    pub fn is_empty(&self) -> bool {
        self.armed.is_empty() && self.standing.is_empty() && self.answers.is_empty()
    }

    /// The failure for the first fault or answer that was never triggered, if any.
    pub fn unused(&self) -> Option<Failure> {
        let armed = self.armed.iter().find(|armed| !armed.struck).map(|armed| armed.fault.span);
        let standing = self.standing.iter().find(|standing| !standing.struck).map(|standing| standing.span);
        let fault = armed
            .or(self.idle)
            .or(standing)
            .map(|span| Failure::at(span, "this fault never took effect").label("never triggered"));
        let answer = self.answers.iter().find(|told| !told.given);
        fault.or(answer.map(|told| Failure::at(told.span, "this answer was never given").label("never triggered")))
    }
}

#[cfg(test)]
mod tests {
    use sca_model::{Action, Step};

    use super::*;

    /// Arms the faults of a scenario with these lines.
    fn armed(lines: &str) -> ArmedFaults {
        let text = format!("scenario \"S\"\n\n{lines}\nterminal connects\n");
        let scenario = sca_scenario::parse(&text).unwrap_or_else(|problems| panic!("{problems:?}"));
        let mut armory = ArmedFaults::default();
        for step in &scenario.rows[0].steps {
            if let Step { action: Action::Fault(fault), .. } = step {
                armory.arm(fault.clone());
            }
        }
        armory
    }

    #[test]
    fn a_cut_within_tls_knows_its_step_and_others_have_none() {
        let armory = armed("fault reset at client-flight\nfault fin before answer\nfault refuse on attempt 1");
        assert_eq!([0, 1, 2, 3].map(|index| armory.tls_point(index)), [Some("client-flight"), None, None, None]);
    }

    #[test]
    fn it_is_empty_until_a_fault_or_an_answer_is_added() {
        assert!(ArmedFaults::default().is_empty());
        assert!(!armed("fault reset at client-flight").is_empty());
        let mut told = ArmedFaults::default();
        let count = Count { of_connections: false, from: 1, to: 1 };
        told.replace_answer(false, count, &["HTTP/1.1 503 Busy".to_owned()], Span::default());
        assert!(!told.is_empty());
        let standing = Standing {
            kind: FaultKind::Refuse,
            who: 0,
            until: Duration::from_secs(1),
            span: Span::default(),
            struck: false,
        };
        assert!(!ArmedFaults { standing: vec![standing], ..ArmedFaults::default() }.is_empty());
    }
}
