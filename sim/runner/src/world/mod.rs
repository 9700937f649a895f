//! One world (one run of a scenario) and its driver: a single task that owns every machine, the clock and the script,
//! and is the only caller of `handle`.
//!
//! Each instant runs in this order: let I/O settle; take all events of the instant, sorted by (actor, connection,
//! sequence); handle them and carry out the outputs; repeat until nothing moves; fire due deadlines in actor order;
//! sleep until the next deadline.

mod actor;
mod acts;
mod blows;
mod calls;
mod cardholder;
pub(crate) mod ends;
pub(crate) mod external_broker;
pub(crate) mod external_terminal;
mod faces;
mod heard;
mod invariants;
mod meets;
mod passage;
mod person;
mod quiet;
mod sending;
mod sets;
pub(crate) mod sites;
mod strikes;
mod trust;
mod wanted;
mod watch;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use sca_network::{Dialer, Event, Mailbox, MemoryNetwork, Posted, Tag};
use sca_peers::{Estate, Host, HostInput};
use sca_protocol::settings::{EstateSettings, HostSettings};
use sca_protocol::{Chance, Line, Now};
use sca_scenario::model::{Certificate, FaultKind, Header, Step};
use sca_terminal::{Face, Input};

use crate::armory::Armory;
use crate::clock::{Clock, WallLimit};
use crate::core::Core;
use crate::identities::Identities;
use crate::lanes::Lanes;
use crate::played::Evidence;
use crate::record::Record;
use crate::script::{Progress, Script};
use crate::verdict::Failure;

use actor::Actor;
pub(crate) use actor::Starting;
pub(crate) use blows::Sweeping;
use ends::{Ends, Prepared};
use quiet::{POLLS_IN_A_YIELD, WALL_MAX};

/// How long a run continues after its last step.
const SETTLE: Duration = Duration::from_secs(1);
/// Maximum number of displays recorded in one run.
const FACES_MAX: usize = 10_000;
const VIRTUAL_MAX: Duration = Duration::from_secs(366 * 86_400);

/// Why a run stops before its end.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The scenario failed.
    Failed(Box<Failure>),
    /// A limit of the run was exceeded, or an operation of the harness failed.
    Error(String),
    /// The harness could not go on: something it needs from outside is missing.
    CannotRun(String),
}

impl From<Box<Failure>> for Stop {
    fn from(failure: Box<Failure>) -> Self {
        Self::Failed(failure)
    }
}

/// Turns a broken standing rule into a stop, with a note of the observation and its time.
fn seen_at(now: Duration, result: Result<(), Box<Failure>>, what: impl FnOnce() -> String) -> Result<(), Stop> {
    result.map_err(|failure| {
        let note = format!("seen at {}: {}", crate::moment::stamp(now), what());
        Stop::Failed(Box::new(failure.note(note)))
    })
}

/// The settings of a world: everything that stays the same during its run, and the parties' initial settings.
pub(crate) struct Setting<'a> {
    pub(crate) header: &'a Header,
    pub(crate) host: HostSettings,
    pub(crate) vhq: EstateSettings,
    pub(crate) assets: &'a BTreeMap<String, Vec<u8>>,
    pub(crate) certificates: &'a BTreeMap<String, Certificate>,
    pub(crate) identities: Arc<Identities>,
    pub(crate) chance: Chance,
    pub(crate) clock: Clock,
    pub(crate) keeps_frames: bool,
    pub(crate) keeps_faces: bool,
    pub(crate) keeps_trace: bool,
    pub(crate) slack: Duration,
    /// Seed for the order in which connection tasks start that could start together; 0 starts them in the order they
    /// are created.
    pub(crate) start_order: u64,
    pub(crate) key_notes: Option<Arc<sca_network::tls::KeyNotes>>,
    pub(crate) arrivals: Option<sca_network::Arrivals>,
}

/// The state of one run.
pub(crate) struct World<'a, C> {
    setting: Setting<'a>,
    mailbox: Mailbox,
    dialer: Dialer,
    memory: Option<MemoryNetwork>,
    prepared: Rc<RefCell<BTreeMap<Tag, Prepared>>>,
    actors: Vec<Actor<C>>,
    lanes: Vec<Lanes>,
    sites: sites::Sites,
    ends: BTreeMap<Tag, Ends>,
    host: Host,
    vhq: Estate,
    calls: BTreeMap<Tag, calls::Call>,
    /// Number of connections that POS have opened to classic ports.
    pos_calls: u32,
    pub(crate) script: Script,
    pub(crate) record: Record,
    pub(crate) armory: Armory,
    /// The survey or the fault injection of a sweep.
    pub(crate) sweeping: Sweeping,
    held: Option<sending::Held>,
    /// Cuts in messages that terminals send, until they have struck.
    cuts: Vec<sending::PendingCut>,
    /// Delayed messages, each with its arrival time.
    late: Vec<sending::Late>,
    /// Whether the message being handled is a duplicate made by a fault.
    doubling: bool,
    /// Permanent traffic shaping, per terminal.
    shaped: Vec<(usize, FaultKind)>,
    pub(crate) assumed: BTreeSet<&'static str>,
    pub(crate) frames: String,
    connections: u32,
    messages: u32,
    sequence: u64,
    waived: BTreeSet<String>,
    violation: Option<(&'static str, String)>,
    /// The commands that were answered, the codes that were produced, and other evidence for coverage.
    pub(crate) evidence: Evidence,
    /// The displays that were shown, if they are recorded.
    pub(crate) faces: Vec<(Duration, usize, Face)>,
    events: u64,
    /// The current instant.
    now: Duration,
    /// Orders sent to connections since the last settling.
    orders: u64,
    /// Connection tasks that start when the driver next rests, in an order that a test chooses.
    starting: Vec<Pin<Box<dyn Future<Output = ()>>>>,
    ends_at: Option<Duration>,
    /// Whether a step of the script is being performed.
    performs: bool,
    /// The external devices in place of terminals, if there are any.
    pub(crate) external_terminals: Option<external_terminal::TerminalState>,
    /// The external broker in place of ours, if there is one.
    external_broker: Option<external_broker::BrokerState>,
}

impl<'a, C: Core> World<'a, C> {
    /// Creates a world in which nothing has happened yet.
    pub(crate) fn new(
        setting: Setting<'a>,
        mailbox: Mailbox,
        (dialer, memory, sites): (Dialer, Option<MemoryNetwork>, sites::Sites),
        prepared: Rc<RefCell<BTreeMap<Tag, Prepared>>>,
        starting: Vec<Starting<C>>,
        steps: &[Step],
    ) -> Self {
        let lanes =
            starting.iter().enumerate().map(|(who, s)| Lanes::new(who, s.name.clone(), s.core.face())).collect();
        let actors = starting.into_iter().map(|s| Actor::new(s, setting.slack));
        Self {
            mailbox,
            dialer,
            memory,
            prepared,
            actors: actors.collect(),
            lanes,
            sites,
            ends: BTreeMap::new(),
            host: Host::new(setting.host.clone()),
            vhq: Estate::new(setting.vhq.clone()),
            calls: BTreeMap::new(),
            pos_calls: 0,
            script: Script::new(steps, setting.slack, setting.assets.clone()),
            record: Record::new(setting.keeps_trace),
            armory: Armory::default(),
            sweeping: Sweeping::default(),
            held: None,
            cuts: Vec::new(),
            late: Vec::new(),
            doubling: false,
            shaped: Vec::new(),
            assumed: BTreeSet::new(),
            frames: String::new(),
            connections: 0,
            messages: 0,
            sequence: 0,
            waived: BTreeSet::new(),
            violation: None,
            evidence: Evidence::default(),
            faces: Vec::new(),
            events: 0,
            now: Duration::ZERO,
            orders: 0,
            starting: Vec::new(),
            ends_at: None,
            performs: false,
            external_terminals: None,
            external_broker: None,
            setting,
        }
    }

    /// Plays the scenario to its end.
    pub(crate) async fn run(&mut self, powered: &[bool]) -> Result<(), Stop> {
        let wall = WallLimit::start(WALL_MAX);
        self.open_pos_links().await?;
        for (who, _) in powered.iter().enumerate().filter(|(_, on)| **on) {
            self.tell(who, Input::PowerOn)?;
        }
        // Every posted event wakes the driver; when it runs, all tasks woken in this instant have run.
        let mut settled = false;
        loop {
            let deadline = self.instant(&wall, settled).await?;
            let Some(deadline) = deadline else { return self.finish() };
            if deadline > VIRTUAL_MAX {
                return Err(Stop::Error("more than a year of scenario time".to_owned()));
            }
            let at = self.setting.clock.instant(deadline);
            tokio::select! {
                biased;
                () = self.mailbox.posted() => settled = true,
                news = external_terminal::news(self.external_terminals.as_mut()) => {
                    self.now = self.setting.clock.elapsed();
                    self.heard_beside(news)?;
                    settled = false;
                }
                () = tokio::time::sleep_until(at) => settled = false,
            }
        }
    }

    /// Runs one instant. Returns the latest time of the next one; `None` if the run is over.
    async fn instant(&mut self, wall: &WallLimit, mut settled: bool) -> Result<Option<Duration>, Stop> {
        let mut in_this_instant = 0;
        loop {
            if !std::mem::take(&mut settled) || self.tasks() >= POLLS_IN_A_YIELD {
                self.settle().await;
            }
            self.orders = 0;
            self.now = self.setting.clock.elapsed();
            self.look_at_handshake()?;
            let posted = self.mailbox.take();
            let quiet = posted.is_empty();
            for one in posted {
                in_this_instant += 1;
                self.count_event(in_this_instant, wall)?;
                let who = usize::from(one.tag.terminal);
                self.survey(&one);
                self.take(one)?;
                self.boundary(who.min(self.actors.len() - 1))?;
            }
            self.look_at_cuts();
            let waits = self.advance()?;
            if self.let_in()? {
                continue;
            }
            self.ask_person();
            let next = self.next_deadline(waits);
            match next {
                None => return Err(Stop::Error("stuck: no event or deadline is left to wait for".to_owned())),
                // Orders just given are carried out while the driver sleeps; if they cause an event in this same
                // instant, the driver is woken in it.
                Some(next) if next > self.now => {
                    self.start_connections();
                    return Ok(Some(next));
                }
                // Before a due deadline is fired, all events of this instant must have been handled.
                Some(_) if !quiet || self.orders > 0 => {}
                Some(_) if self.fire()? => {
                    in_this_instant += 1;
                    self.count_event(in_this_instant, wall)?;
                    self.survey(&"what was due");
                    self.boundary(0)?;
                }
                Some(_) if self.ends_at.is_some_and(|at| at <= self.now) => return Ok(None),
                Some(_) => {}
            }
        }
    }

    /// Fires due deadlines, in actor order. Returns whether there were any.
    fn fire(&mut self) -> Result<bool, Stop> {
        let now = self.now;
        let mut fired = false;
        for who in 0..self.actors.len() {
            if self.actors[who].core.deadline().is_some_and(|at| at <= now) {
                self.tell(who, Input::Tick)?;
                fired = true;
            }
        }
        if self.host.deadline().is_some_and(|at| at <= now) {
            let outputs = self.host.handle(now, HostInput::Tick);
            self.host_outputs(Line::Host, outputs)?;
            fired = true;
        }
        fired |= self.blow_goes_on()?;
        fired |= self.late_arrives()?;
        fired |= self.idle_is_cut()?;
        fired |= self.are_accepted()?;
        for standing in self.armory.over(now) {
            self.lift(&standing);
            fired = true;
        }
        Ok(fired)
    }

    fn now(&self) -> Duration {
        self.now
    }

    /// Makes the latest observation available to expectations.
    fn observed(&mut self) {
        self.sequence += 1;
        self.record.observed(self.sequence);
    }

    /// Passes an input to a terminal and carries out its outputs.
    fn tell(&mut self, who: usize, input: Input) -> Result<(), Stop> {
        let actor = &mut self.actors[who];
        match input {
            Input::PowerOn if !actor.powered => {
                (actor.powered, actor.attempts) = (true, 0);
                actor.watch.power_on(self.now, &actor.settings);
            }
            Input::PowerOff => self.goes_dark(who),
            _ => {}
        }
        self.watch_time(who);
        let actor = &mut self.actors[who];
        let now = Now { since_start: self.now, wall: actor.clock.shows() };
        let outputs = actor.core.handle(now, input);
        actor.answered = false;
        for output in outputs {
            self.carry_out(who, output)?;
        }
        self.look_at_face(who)
    }

    fn take(&mut self, posted: Posted) -> Result<(), Stop> {
        let Some(posted) = self.placed(posted)? else { return Ok(()) };
        match posted.event {
            Event::Client(event) if posted.tag.line.is_some() => {
                self.pos_link_event(usize::from(posted.tag.terminal), event)
            }
            Event::Client(event) => self.client_event(posted.tag, event),
            Event::Server(event) => self.server_event(posted.tag, event),
            Event::Call(side, event) => self.call_event(posted.tag, side, event),
        }
    }

    /// Advances the script and performs its actions. Returns until when it waits. Observations made while a step is
    /// performed are read after the step, so that the stack does not grow with the length of the script.
    fn advance(&mut self) -> Result<Option<Duration>, Stop> {
        if self.ends_at.is_some() || self.performs {
            return Ok(None);
        }
        loop {
            let now = self.now();
            if self.script.is_eased() {
                self.script.reach(self.reached());
            }
            let progress = match self.has_followed() {
                true => Progress::Done { ended: false },
                false => self.script.advance(now, &mut self.lanes),
            };
            match progress {
                Progress::Act(step) => {
                    self.survey(&step.action);
                    self.performs = true;
                    let performed = self.perform(&step);
                    self.performs = false;
                    performed?;
                }
                Progress::Waiting(until) => return Ok(until),
                Progress::Failed(failure) => return Err(Stop::Failed(failure)),
                Progress::Done { ended } => {
                    if self.script.is_eased()
                        && let Some(until) = self.wind_up()?
                    {
                        return Ok(Some(until));
                    }
                    self.ends_at = Some(if ended { now } else { now + SETTLE });
                    return Ok(None);
                }
            }
        }
    }
}
