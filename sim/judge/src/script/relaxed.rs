//! The script after an injected fault: which of its lines are still required, and which the fault excuses.
//!
//! A message waits until the link is up again. Where nothing was under way and the terminal has kept its power, answers
//! have to say what the lines say; otherwise only that they come is demanded, and that the laws hold.

use std::collections::BTreeSet;
use std::time::Duration;

use sca_model::{Action, Awaited, Expect, LinkObservation, Show, Step};
use sca_peers::RequestId;
use sca_protocol::screens::ScreenName;

use super::find::Look;
use super::standing_rules::Guard;
use super::state::{Relaxed, Script, Stepped, until};
use crate::lanes::Lanes;
use crate::verdict::Failure;

/// A message that cannot be sent for so long is left out.
const GRACE: Duration = Duration::from_secs(900);

impl Script {
    /// A fault was injected that the scenario does not mention, while the links of the terminals in `down` were down.
    pub fn relax(&mut self, strict: bool, powered: bool, down: BTreeSet<usize>) {
        let relaxed = Relaxed { strict, powered, gone: BTreeSet::new(), reached: Vec::new(), down };
        for guard in &mut self.guards {
            if !relaxed.keeps(guard) {
                *guard = Guard::Excused;
            }
        }
        self.relaxed = Some(relaxed);
    }

    /// Whether a fault was injected.
    pub fn is_relaxed(&self) -> bool {
        self.relaxed.is_some()
    }

    /// Which terminals a message reaches now, on the link or on a classic port.
    pub fn reach(&mut self, reached: Vec<bool>) {
        if let Some(relaxed) = &mut self.relaxed {
            relaxed.reached = reached;
        }
    }

    /// A request will have no answer.
    pub fn lose(&mut self, who: usize, id: RequestId) {
        if let Some(relaxed) = &mut self.relaxed {
            relaxed.gone.insert((who, id));
            // Nobody knows any more what the terminal holds.
            relaxed.strict = false;
        }
    }

    /// One step of an relaxed script.
    pub fn relaxed_step(&mut self, now: Duration, step: &Step, lanes: &mut [Lanes]) -> Result<Stepped, Box<Failure>> {
        let to = match &step.action {
            Action::Expect(expect) => return self.relaxed_expect(now, step, expect, lanes),
            Action::Check(..) => return Ok(Stepped::Met),
            Action::Wait(span) => return Ok(until(now, self.since + *span)),
            Action::End => return Ok(Stepped::Met),
            Action::Send(send) => Some(send.to),
            Action::Together(block) => block.iter().find_map(|step| match &step.action {
                Action::Send(send) => Some(send.to),
                _ => None,
            }),
            _ => None,
        };
        if let (Some(to), Some(relaxed)) = (to, &mut self.relaxed) {
            // A message that goes nowhere in an undisturbed run arrives in this one.
            relaxed.strict &= !relaxed.down.contains(&to);
        }
        let reaches = |to: usize| self.relaxed.as_ref().is_some_and(|e| e.reached.get(to) == Some(&true));
        match to {
            Some(to) if !reaches(to) => Ok(until(now, self.since + GRACE)),
            _ => Ok(Stepped::Act),
        }
    }

    fn relaxed_expect(
        &mut self,
        now: Duration,
        step: &Step,
        expect: &Expect,
        lanes: &mut [Lanes],
    ) -> Result<Stepped, Box<Failure>> {
        self.note_link(expect);
        let (_, to) = self.window(step, &expect.suffix);
        let lanes = &mut lanes[expect.who];
        loop {
            match self.look(expect, lanes) {
                Look::Met { at, sequence, captured } => {
                    self.keep(step, expect, (at, sequence), captured);
                    return Ok(Stepped::Met);
                }
                Look::Not(mismatch, came) if matches!(expect.awaited, Awaited::ToPos(_)) => {
                    let asked = self.asked_by(expect);
                    let answers = lanes.data.front().and_then(|n| n.what.answers).map(|id| (expect.who, id));
                    let is_its_answer = asked.is_some() && answers == asked;
                    if is_its_answer
                        && self.relaxed.as_ref().is_some_and(|relaxed| relaxed.strict)
                        && !mismatch.is_of_time()
                    {
                        return Err(self.other(step, &mismatch, &came));
                    }
                    if self.is_void(expect) {
                        return Ok(Stepped::Met);
                    }
                    lanes.data.pop_front();
                    if is_its_answer {
                        return Ok(Stepped::Met);
                    }
                }
                Look::Not(..) => drop(lanes.link.pop_front()),
                Look::Nothing(_) => {
                    let is_up = lanes.face.what.connected;
                    let has_connected = matches!(expect.awaited, Awaited::Link(LinkObservation::Connects)) && is_up;
                    return Ok(if has_connected || self.is_void(expect) || now >= to {
                        Stepped::Met
                    } else {
                        Stepped::Until(Some(to))
                    });
                }
            }
        }
    }

    /// Notes what a line says of a link.
    fn note_link(&mut self, expect: &Expect) {
        let Some(relaxed) = &mut self.relaxed else { return };
        match &expect.awaited {
            Awaited::Link(LinkObservation::Connects) | Awaited::Show(Show::Icon { connected: true, .. }) => {
                relaxed.down.remove(&expect.who);
            }
            Awaited::Link(LinkObservation::Attempts) => {}
            Awaited::Link(_) | Awaited::Show(Show::Icon { connected: false, .. }) => {
                relaxed.down.insert(expect.who);
            }
            _ => {}
        }
    }

    /// The request that an expectation wants the answer of.
    fn asked_by(&self, expect: &Expect) -> Option<(usize, RequestId)> {
        let (label, _) = expect.suffix.re.as_ref()?;
        self.names.requests.get(label).copied()
    }

    /// Whether what is expected cannot come any more: its request was not sent, or will have no answer.
    fn is_void(&self, expect: &Expect) -> bool {
        let has_request = matches!(expect.awaited, Awaited::ToPos(_)) && expect.suffix.re.is_some();
        let gone = |id| self.relaxed.as_ref().is_some_and(|relaxed| relaxed.gone.contains(&id));
        has_request && self.asked_by(expect).is_none_or(gone)
    }
}

impl Relaxed {
    /// Whether a ban or a demand stands all the same: a session's screen does not go with the link.
    pub fn keeps(&self, guard: &Guard) -> bool {
        match guard {
            Guard::Throughout(_, Show::Screen { name, .. }, _) => self.powered && *name == Some(ScreenName::Session),
            _ => false,
        }
    }
}
