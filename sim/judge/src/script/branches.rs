//! `optional` and `either`: what comes decides which lines are demanded. Nothing is taken out of a lane here.

use std::collections::VecDeque;
use std::time::Duration;

use sca_model::{Action, Awaited, Expect, Step};

use super::find::Look;
use super::state::{Op, Script, Stepped, flatten};
use crate::lanes::Lanes;
use crate::verdict::Failure;

/// How the first line of a branch stands to what has come.
enum Lead {
    Fits,
    Another(Box<Failure>),
    NotYet { until: Duration },
}

impl Script {
    /// Decides an `optional` or an `either` that is current, if it can be decided now.
    pub fn choose(&mut self, now: Duration, lanes: &mut [Lanes]) -> Result<Stepped, Box<Failure>> {
        match self.ops.pop_front() {
            Some(Op::Optional(block)) => Ok(self.optional(now, block, lanes)),
            Some(Op::Either(branches)) => self.either(now, branches, lanes),
            other => {
                self.ops.extend(other);
                Ok(Stepped::Met)
            }
        }
    }

    fn optional(&mut self, now: Duration, block: Vec<Step>, lanes: &mut [Lanes]) -> Stepped {
        let lead = if self.is_relaxed() { None } else { self.lead(&block, lanes) };
        match lead {
            Some(Lead::Fits) => self.take_up(now, &block),
            Some(Lead::NotYet { until }) if now < until && !self.is_next_there(lanes) => {
                self.ops.push_front(Op::Optional(block));
                return Stepped::Until(Some(until));
            }
            _ => self.take_up(now, &[]),
        }
        Stepped::Met
    }

    fn either(
        &mut self,
        now: Duration,
        branches: Vec<Vec<Step>>,
        lanes: &mut [Lanes],
    ) -> Result<Stepped, Box<Failure>> {
        let (mut others, mut until): (Vec<Box<Failure>>, Option<Duration>) = (Vec::new(), None);
        for branch in &branches {
            match self.lead(branch, lanes) {
                Some(Lead::Fits) => {
                    self.take_up(now, branch);
                    return Ok(Stepped::Met);
                }
                Some(Lead::Another(failure)) => others.push(failure),
                Some(Lead::NotYet { until: at }) => until = until.max(Some(at)),
                None => {}
            }
        }
        if let Some(at) = until.filter(|at| now < *at) {
            self.ops.push_front(Op::Either(branches));
            return Ok(Stepped::Until(Some(at)));
        }
        if self.is_relaxed() {
            self.take_up(now, &[]);
            return Ok(Stepped::Met);
        }
        let mut others = others.into_iter();
        let first = branches.iter().find_map(|branch| Some((branch.first()?, expectation(branch)?)));
        match (others.next(), first) {
            (Some(mut failure), _) => {
                failure.headline = "what came fits no branch".to_owned();
                failure
                    .notes
                    .extend(others.map(|other| format!("nor the branch of line {}: {}", other.span.line, other.label)));
                Err(failure)
            }
            (None, Some((step, expect))) => Err(self.nothing(step, expect, now, None)),
            (None, None) => Ok(Stepped::Met),
        }
    }

    /// Puts the lines of what was chosen at the front; they become current now.
    fn take_up(&mut self, now: Duration, chosen: &[Step]) {
        let mut ops = VecDeque::new();
        flatten(chosen, &mut ops);
        ops.into_iter().rev().for_each(|op| self.ops.push_front(op));
        self.since = now;
        self.forget_what_passed();
    }

    fn lead(&mut self, block: &[Step], lanes: &[Lanes]) -> Option<Lead> {
        let (step, expect) = (block.first()?, expectation(block)?);
        let (_, until) = self.window(step, &expect.suffix);
        Some(match self.peek(expect, &lanes[expect.who]) {
            Look::Met { .. } => Lead::Fits,
            Look::Not(mismatch, came) => Lead::Another(self.other(step, &mismatch, &came)),
            Look::Nothing(_) => Lead::NotYet { until },
        })
    }

    /// Whether what follows the line at hand has come already.
    fn is_next_there(&mut self, lanes: &[Lanes]) -> bool {
        let next = match self.ops.front() {
            Some(Op::Step(step)) => vec![step.clone()],
            Some(Op::Any(members)) => members.clone(),
            _ => return false,
        };
        let found = |script: &mut Self, step: &Step| match &step.action {
            Action::Expect(expect) => matches!(script.peek(expect, &lanes[expect.who]), Look::Met { .. }),
            _ => false,
        };
        let is_state = |step: &Step| matches!(&step.action, Action::Expect(Expect { awaited: Awaited::Show(_), .. }));
        // A state that held when the block became current says nothing of what comes.
        let mut held = std::mem::take(&mut self.held);
        if held.is_none() {
            held = Some(next.iter().map(|step| is_state(step) && found(self, step)).collect());
        }
        let is_new = |at: usize| held.as_ref().is_none_or(|held| !held.get(at).copied().unwrap_or(false));
        let is_there = (0..next.len()).any(|at| is_new(at) && found(self, &next[at]));
        self.held = held;
        is_there
    }

    /// What an expectation would find, with everything left where it is.
    fn peek(&mut self, expect: &Expect, lanes: &Lanes) -> Look {
        let before = (self.passed.clone(), self.near.clone(), self.looked_at.clone());
        let look = self.look(expect, &mut lanes.clone());
        (self.passed, self.near, self.looked_at) = before;
        look
    }
}

fn expectation(block: &[Step]) -> Option<&Expect> {
    match &block.first()?.action {
        Action::Expect(expect) => Some(expect),
        _ => None,
    }
}
