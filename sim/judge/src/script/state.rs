//! Where in the timeline a run is, and what the script remembers of it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use sca_core::{Display, Screen};
use sca_model::Span;
use sca_model::{Action, Pattern, Show, Source, Step};
use sca_peers::RequestId;

use super::standing_rules::Guard;
use crate::lanes::Observed;
use crate::matching::{Mismatch, Names};
use crate::verdict::Failure;

/// One step of the flat timeline.
#[derive(Debug)]
pub enum Op {
    Step(Rc<Step>),
    Any(Vec<Rc<Step>>),
    Optional(Vec<Step>),
    Either(Vec<Vec<Step>>),
    Order(bool),
    Throughout(usize, Show, Span),
    Without(Source, Pattern, Span),
    Release,
}

/// What the script comes to when it is asked.
#[derive(Debug)]
pub enum Progress {
    /// Do this.
    Act(Rc<Step>),
    /// Nothing more before something happens or this time comes.
    Waiting(Option<Duration>),
    /// All steps are done; `end` was the last of them, or the run goes on until it is quiet.
    Done {
        /// Whether the last step was `end`.
        ended: bool,
    },
    /// The scenario has failed.
    Failed(Box<Failure>),
}

/// What an expectation has read.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The place of the observation in the order of the run.
    pub sequence: u64,
    /// The line that read it.
    pub span: Span,
    /// The label of that line.
    pub label: Option<String>,
}

/// The place in the timeline.
#[derive(Debug)]
pub struct Script {
    /// What is left to do; the first is current.
    pub ops: VecDeque<Op>,
    /// When the first of them became current.
    pub since: Duration,
    /// The standing rules (`throughout` and `without`).
    pub guards: Vec<Guard>,
    /// In `in order`: the place of the last observation.
    pub(super) order: Option<u64>,
    pub(super) ended: bool,
    /// What the expectation at hand has passed over: what, how often, when last.
    pub passed: Vec<(String, u32, Duration)>,
    /// What came nearest to the expectation at hand, since it became current.
    pub near: Option<Mismatch>,
    /// Of the lines that follow an `optional`, which held when it became current.
    pub held: Option<Vec<bool>>,
    /// The face that was looked at last.
    pub looked_at: Option<Observed<Display>>,
    /// When a cardholder last did something that came to nothing, and what.
    pub idle_act: Option<(Duration, String)>,
    /// The screens of late: since when, whose, which.
    pub screens: VecDeque<(Duration, usize, Screen)>,
    /// The line that was done with last.
    pub last: Span,
    /// What a deadline is stretched by, where delivery takes real time.
    pub(super) slack: Duration,
    /// What earlier lines have defined.
    pub names: Names,
    /// What expectations have read: its place in the order, and the line and label that read it.
    pub readings: Vec<Reading>,
    /// What it still requires after a fault was injected.
    pub relaxed: Option<Relaxed>,
}

pub(crate) fn flatten(steps: &[Step], ops: &mut VecDeque<Op>) {
    for step in steps {
        match &step.action {
            Action::AnyOrder(block) => ops.push_back(Op::Any(block.iter().cloned().map(Rc::new).collect())),
            Action::InOrder(block) => {
                ops.push_back(Op::Order(true));
                flatten(block, ops);
                ops.push_back(Op::Order(false));
            }
            Action::Throughout(who, show, _, block) => {
                ops.push_back(Op::Throughout(*who, show.clone(), step.span));
                flatten(block, ops);
                ops.push_back(Op::Release);
            }
            Action::Without(source, pattern, _, block) => {
                ops.push_back(Op::Without(source.clone(), pattern.clone(), step.span));
                flatten(block, ops);
                ops.push_back(Op::Release);
            }
            Action::Optional(block) => ops.push_back(Op::Optional(block.clone())),
            Action::Either(_, branches) => ops.push_back(Op::Either(branches.clone())),
            _ => ops.push_back(Op::Step(Rc::new(step.clone()))),
        }
    }
}

impl Script {
    /// A script that has not begun; `slack` stretches its deadlines.
    pub fn new(steps: &[Step], slack: Duration, assets: BTreeMap<String, Vec<u8>>) -> Self {
        let mut ops = VecDeque::new();
        flatten(steps, &mut ops);
        Self {
            ops,
            since: Duration::ZERO,
            guards: Vec::new(),
            order: None,
            ended: false,
            passed: Vec::new(),
            near: None,
            held: None,
            looked_at: None,
            idle_act: None,
            screens: VecDeque::new(),
            last: Span { line: 1, column: 1, length: 8, file: 0 },
            slack,
            readings: Vec::new(),
            names: Names { assets, ..Names::default() },
            relaxed: None,
        }
    }
}

/// What is left of a script's demands.
#[derive(Debug)]
pub struct Relaxed {
    /// Whether answers have to say what the lines say.
    pub(super) strict: bool,
    /// Whether the terminal has kept its power.
    pub(super) powered: bool,
    /// Requests that will have no answer.
    pub(super) gone: BTreeSet<(usize, RequestId)>,
    /// Which terminals a message reaches now.
    pub(super) reached: Vec<bool>,
    /// The terminals whose link is down by the lines read so far: what is sent to them now goes nowhere in an undisturbed
    /// run.
    pub(super) down: BTreeSet<usize>,
}

/// What one step comes to.
pub enum Stepped {
    Met,
    Act,
    Until(Option<Duration>),
}

/// Met from a moment on.
pub(crate) fn until(now: Duration, at: Duration) -> Stepped {
    if now >= at { Stepped::Met } else { Stepped::Until(Some(at)) }
}
