//! The oracle: predicts what a terminal may answer from what a POS has sent and received, and reports answers that are
//! impossible. If a cut leaves open whether a request was carried out, both possibilities are kept.
//!
//! It uses no code of the terminal: it is small enough to verify by reading, and checks every run.

use std::collections::BTreeSet;

use sca_peers::RequestId;
use sca_protocol::codes::{self, Code};
use sca_protocol::commands::{Behaviour, Change, Channel, Command, Tell};
use sca_protocol::settings::{CounterRules, TerminalSettings};
use sca_protocol::{Request, Response, counter};

/// A violated invariant: its name, and how.
pub type Breach = (&'static str, String);

/// The most requests in the log; with more the oracle gives up.
const LOG_MAX: usize = 256;

/// What is known about one terminal.
#[derive(Debug)]
pub struct Oracle {
    rules: CounterRules,
    session_over_reboot: bool,
    /// Whether the terminal can no longer be followed; the oracle reports nothing from then on.
    is_lost: bool,
    /// Whether [`Self::give_up`] was called, because messages may have arrived in another order than they were sent.
    gave_up: bool,
    /// The possible values of the counter before the first request of the log; `None` means no COUNTER seen.
    counters: BTreeSet<Option<u32>>,
    log: Vec<Asked>,
    /// Whether it is possible that no session is open, and that one is open.
    sessions: [bool; 2],
    /// Whether the link has been up since the power was switched on.
    has_been_up: bool,
    /// Whether something may occupy the device although no request waits for it.
    may_be_held: bool,
}

#[derive(Debug)]
struct Asked {
    id: RequestId,
    row: Option<&'static Command>,
    counter: Option<u32>,
    outcome: RequestOutcome,
}

/// The outcome of a request, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RequestOutcome {
    /// Not answered; `lost` if no answer can come any more.
    Open { lost: bool },
    /// Answered; `counts` says whether its COUNTER counts, `None` if unknown.
    Answered { counts: Option<bool> },
}

impl Oracle {
    /// The oracle for a new terminal with these settings. It only follows terminals that need no registration and are
    /// reached by the link alone.
    pub fn new(settings: &TerminalSettings) -> Self {
        Self {
            rules: settings.counter,
            session_over_reboot: settings.session_over_reboot,
            is_lost: !can_follow(settings),
            gave_up: false,
            counters: BTreeSet::from([None]),
            log: Vec::new(),
            sessions: [true, false],
            has_been_up: false,
            may_be_held: false,
        }
    }

    /// Gives up: something happened that the oracle cannot follow, and it reports nothing from now on.
    pub fn give_up(&mut self) {
        (self.is_lost, self.gave_up) = (true, true);
    }

    /// The settings were changed.
    pub fn configure(&mut self, settings: &TerminalSettings) {
        self.rules = settings.counter;
        self.session_over_reboot = settings.session_over_reboot;
        self.is_lost |= !can_follow(settings);
    }

    /// A request was sent; `None` for a text that is not a request.
    pub fn asked(&mut self, id: RequestId, request: Option<&Request>) {
        if self.is_lost || self.log.len() >= LOG_MAX {
            self.is_lost = true;
            return;
        }
        let row = request.and_then(Command::find);
        let asks = row.is_some_and(|row| row.behaviour == Behaviour::Tell(Tell::Counter));
        let counter = request.filter(|_| !asks).and_then(|r| r.get("COUNTER")).and_then(counter::parse);
        // A text that is not a request may contain a COUNTER that counts.
        self.is_lost |= request.is_none() && self.rules.of_malformed;
        // An update reboots the terminal at a time that cannot be predicted.
        self.is_lost |= row.is_some_and(|row| matches!(row.behaviour, Behaviour::Estate(_)));
        self.log.push(Asked { id, row, counter, outcome: RequestOutcome::Open { lost: false } });
    }

    /// The answer to a request can no longer arrive: the request may have been carried out or not.
    pub fn lost(&mut self, id: RequestId) {
        let is_open = |asked: &&mut Asked| asked.id == id && asked.outcome == RequestOutcome::Open { lost: false };
        let Some(asked) = self.log.iter_mut().find(is_open) else { return };
        asked.outcome = RequestOutcome::Open { lost: true };
        match asked.row.map(|row| row.behaviour) {
            Some(Behaviour::Change(Change::StartSession)) => self.sessions[1] = true,
            Some(Behaviour::Change(Change::FinishSession | Change::LaneClosed)) => self.sessions[0] = true,
            Some(Behaviour::Pay(_) | Behaviour::Host | Behaviour::Tell(Tell::LastTransaction)) | None => {
                self.may_be_held = true;
            }
            _ => {}
        }
    }

    /// A request was answered; returns the violation if the answer is impossible.
    pub fn answered(&mut self, id: RequestId, response: &Response) -> Option<Breach> {
        if self.is_lost {
            return None;
        }
        // An answer that arrives after its connection was lost describes the past state, so it is not judged.
        let at = self
            .log
            .iter()
            .position(|asked| asked.id == id && asked.outcome == RequestOutcome::Open { lost: false })?;
        let row = self.log[at].row;
        let counts = self.counts(row, response);
        self.log[at].outcome = RequestOutcome::Answered { counts };
        let breach = self.judge_busy(at, response).or_else(|| self.judge_session(row, response));
        let breach = breach.or_else(|| self.judge_counter(at, response));
        // An answered request may still occupy the device: a scanner continues, a card is still inserted.
        self.may_be_held |=
            row.is_some_and(|row| matches!(row.behaviour, Behaviour::Pay(_)) || row.command == "BARCODEASYNC_START");
        self.fold();
        breach
    }

    /// Whether something may occupy the device although no request waits for it.
    pub fn may_be_held(&self) -> bool {
        self.may_be_held
    }

    /// Whether a session must be open and no sent request can end it. Also true if the terminal cannot be followed any
    /// more, unless [`Self::give_up`] was called.
    pub fn has_session(&self) -> bool {
        let ends = |asked: &Asked| {
            let behaviour = asked.row.map(|row| row.behaviour);
            matches!(behaviour, Some(Behaviour::Change(Change::FinishSession | Change::LaneClosed)))
        };
        !self.gave_up && (self.is_lost || (self.sessions == [false, true] && !self.log.iter().any(ends)))
    }

    /// Whether the terminal was told to reboot.
    pub fn is_told_to_reboot(&self) -> bool {
        self.log.iter().any(|asked| asked.row.is_some_and(|row| row.behaviour == Behaviour::Reboot))
    }

    /// Whether the answer to a request depends on another party: a cardholder or a host.
    pub fn needs_other_party(&self, id: RequestId) -> bool {
        let asked = self.log.iter().find(|asked| asked.id == id);
        // A request that is no longer in the log is excused.
        asked
            .and_then(|asked| asked.row)
            .is_none_or(|row| !matches!(row.behaviour, Behaviour::Tell(_) | Behaviour::Change(_) | Behaviour::Cancel))
    }

    /// The link is up.
    pub fn connects(&mut self) {
        if self.has_been_up && !self.rules.over_reconnect {
            self.counters = BTreeSet::from([None]);
            self.log.retain(|asked| matches!(asked.outcome, RequestOutcome::Open { lost: false }));
        }
        self.has_been_up = true;
    }

    /// The power was switched off, or the terminal reboots.
    pub fn power_off(&mut self) {
        let open: Vec<RequestId> = self.log.iter().map(|asked| asked.id).collect();
        open.into_iter().for_each(|id| self.lost(id));
        (self.has_been_up, self.may_be_held) = (false, false);
        if self.rules.over_reboot {
            self.counters = self.possible(self.log.len());
        } else {
            self.counters = BTreeSet::from([None]);
        }
        self.log.clear();
        if !self.session_over_reboot {
            self.sessions = [true, false];
        }
    }

    /// The possible values of the counter when the request at this index of the log arrives.
    fn possible(&self, at: usize) -> BTreeSet<Option<u32>> {
        self.log[..at].iter().fold(self.counters.clone(), |before, asked| {
            let Some(counter) = asked.counter else { return before };
            let counted = |last: &Option<u32>| match last {
                Some(last) if !self.rules.of_lower && counter < *last => Some(*last),
                _ => Some(counter),
            };
            let after = before.iter().map(counted).collect();
            match asked.outcome {
                RequestOutcome::Answered { counts: Some(true) } => after,
                RequestOutcome::Answered { counts: Some(false) } => before,
                RequestOutcome::Answered { counts: None } | RequestOutcome::Open { .. } => {
                    before.union(&after).copied().collect()
                }
            }
        })
    }

    /// Whether the COUNTER of a request with this answer counts; `None` if unknown.
    fn counts(&self, row: Option<&Command>, response: &Response) -> Option<bool> {
        if row.is_some_and(|row| row.channel == Channel::Secondary) {
            return Some(self.rules.of_secondary);
        }
        if is(response, codes::BAD_XML) {
            return Some(self.rules.of_malformed);
        }
        match is_done(response) || self.rules.of_refused {
            true => Some(true),
            // A request that was carried out may have failed too.
            false => None,
        }
    }

    /// Removes the answered and the lost requests at the front of the log, after applying them to `counters`.
    fn fold(&mut self) {
        let decided = self.log.iter().take_while(|asked| asked.outcome != RequestOutcome::Open { lost: false }).count();
        self.counters = self.possible(decided);
        self.log.drain(..decided);
    }

    fn judge_counter(&mut self, at: usize, response: &Response) -> Option<Breach> {
        let asks = self.log[at].row.is_some_and(|row| row.behaviour == Behaviour::Tell(Tell::Counter));
        let told = response.get("COUNTER").and_then(counter::parse).filter(|_| asks && is_done(response))?;
        let possible = self.possible(at);
        let fits: BTreeSet<Option<u32>> = possible.iter().copied().filter(|c| c.unwrap_or(1) == told).collect();
        if fits.is_empty() {
            let known: Vec<String> = possible.iter().map(|c| c.unwrap_or(1).to_string()).collect();
            return Some((
                "counter-true",
                format!("GET COUNTER answered {told}, but it can only be {}", known.join(" or ")),
            ));
        }
        self.counters = fits;
        self.log.drain(..at);
        None
    }

    fn judge_session(&mut self, row: Option<&Command>, response: &Response) -> Option<Breach> {
        let behaviour = row.map(|row| row.behaviour);
        // The state that must have been possible before, and the state from now on.
        let (before, after) = match behaviour {
            _ if is(response, codes::NO_SESSION) => (false, false),
            _ if is(response, codes::SESSION_IN_PROGRESS) => (true, true),
            Some(Behaviour::Change(Change::StartSession)) if is_done(response) => (false, true),
            Some(Behaviour::Change(Change::FinishSession)) if is_done(response) => (true, false),
            Some(Behaviour::Change(Change::LaneClosed)) if is_done(response) => {
                self.sessions = [true, false];
                return None;
            }
            _ => return None,
        };
        let was_possible = self.sessions[usize::from(before)];
        self.sessions = [!after, after];
        if was_possible {
            return None;
        }
        let is = if before { "no session can be open" } else { "a session has to be open" };
        let text = response.get("RESPONSE_TEXT").unwrap_or_default();
        Some(("session-true", format!("unexpected answer `{text}`: {is}")))
    }

    fn judge_busy(&self, at: usize, response: &Response) -> Option<Breach> {
        let may_hold = |asked: &Asked| {
            let is_gone = match asked.outcome {
                RequestOutcome::Answered { .. } => true,
                // A prompt to the cardholder ends with its connection.
                RequestOutcome::Open { lost } => {
                    lost && asked.row.is_some_and(|r| matches!(r.behaviour, Behaviour::Prompt(_)))
                }
            };
            !is_gone && asked.row.is_none_or(|row| !is_instant(row))
        };
        let is_held = self.may_be_held || self.log[..at].iter().any(may_hold);
        (is(response, codes::BUSY) && !is_held)
            .then(|| ("busy-ends", "the answer is BUSY, but nothing occupies the device".to_owned()))
    }
}

/// Whether a terminal with these settings can be followed: no authentication over the link, and no late answers.
fn can_follow(settings: &TerminalSettings) -> bool {
    settings.skips_authentication() && !settings.payment.late_answer
}

/// Whether a command is answered by the terminal alone, without delay.
fn is_instant(row: &Command) -> bool {
    let by_itself = matches!(row.behaviour, Behaviour::Tell(_) | Behaviour::Change(_) | Behaviour::Cancel);
    // The last transaction may have to be fetched from the host.
    by_itself && row.behaviour != Behaviour::Tell(Tell::LastTransaction)
}

fn is_done(response: &Response) -> bool {
    response.get("TERMINATION_STATUS") == Some("SUCCESS")
}

fn is(response: &Response, code: Code) -> bool {
    response.get("RESULT_CODE").and_then(|n| n.parse().ok()) == Some(code.number)
        && response.get("RESULT") == Some(code.result)
}

#[cfg(test)]
mod tests;
