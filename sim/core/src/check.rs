//! The laws of a client core, as a check that plays device and transport to it.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use sca_protocol::chance::Stream;
use sca_protocol::handshake::{Head, accept};
use sca_protocol::{Chance, Now, Reason, UnixTime};

use crate::client_core::{ClientCore, CoreConfig, CoreInput, CoreOutput, CoreSettings};
use crate::connection::{ConnectionId, LinkEvent};
use crate::observer::{Observer, Phase};
use crate::timers::Timers;
use crate::trouble::Trouble;

/// Number of lives that a core is led through, each with a seed of its own.
const LIVES: u64 = 64;
/// Number of inputs in one life.
const INPUTS: u64 = 250;

/// A law that a core broke, with the inputs that led there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The law, as a sentence of the contract.
    pub law: &'static str,
    /// What the core did instead.
    pub seen: String,
    /// The seed of the life in which it happened, for [`CoreConfig::chance`].
    pub seed: u64,
    /// The inputs of that life with their times, the last of which broke the law.
    pub inputs: Vec<(Now, CoreInput)>,
    /// The outputs for the last of these inputs.
    pub outputs: Vec<CoreOutput>,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}; {} (seed {})", self.law, self.seen, self.seed)?;
        let skipped = self.inputs.len().saturating_sub(12);
        for (at, input) in self.inputs.iter().skip(skipped) {
            writeln!(f, "  +{:.3} {input:?}", at.since_start.as_secs_f64())?;
        }
        Ok(())
    }
}

impl std::error::Error for Broken {}

/// Runs the laws of [`ClientCore`] on the cores that `make` makes: 64 lives of 250 inputs, in order and out of order.
///
/// The check is deterministic. It plays the device and the transport by itself and needs neither.
///
/// ```
/// sca_core::check_core(sca_core::Client::new).expect("our core keeps the contract");
/// ```
///
/// # Errors
///
/// The first law that was broken, with the inputs that led there.
pub fn check_core<C: ClientCore>(make: impl Fn(CoreConfig) -> C) -> Result<(), Box<Broken>> {
    let mut keys = BTreeSet::new();
    (0..LIVES).try_for_each(|seed| Life::new(&make, seed).lead(&mut keys))
}

/// One life of a core: the core, its twin, and what stands around them.
struct Life<C> {
    core: C,
    /// A second core that gets the same inputs and has to give the same outputs.
    twin: C,
    observer: Observer,
    timers: Timers,
    chance: Stream,
    secure: bool,
    now: Duration,
    seed: u64,
    inputs: Vec<(Now, CoreInput)>,
    /// The outputs for the last input.
    outputs: Vec<CoreOutput>,
    /// Connections that have been given up, whose events may still arrive.
    old: BTreeSet<ConnectionId>,
    documents: u32,
    /// Whether the core has said that it does not support what comes.
    is_over: bool,
}

impl<C: ClientCore> Life<C> {
    fn new(make: &impl Fn(CoreConfig) -> C, seed: u64) -> Self {
        let chance = Chance::new(seed);
        let mut settings = CoreSettings::default();
        settings.target.secure = seed.is_multiple_of(2);
        settings.ping_interval = [0, 5, 45][(seed % 3) as usize];
        let secure = settings.target.secure;
        let timers = Timers::new(settings.clone());
        let config = CoreConfig { settings, chance, index: seed % 4 };
        Self {
            core: make(config.clone()),
            twin: make(config),
            observer: Observer::default(),
            timers,
            chance: chance.stream("life", &[seed]),
            secure,
            now: Duration::ZERO,
            seed,
            inputs: Vec::new(),
            outputs: Vec::new(),
            old: BTreeSet::new(),
            documents: 0,
            is_over: false,
        }
    }

    /// Leads the core through its life. `keys` has the keys of the upgrade requests of all lives.
    fn lead(mut self, keys: &mut BTreeSet<String>) -> Result<(), Box<Broken>> {
        self.tell(&CoreInput::Start)?;
        let mut key = None;
        for _ in 0..INPUTS {
            if self.is_over {
                break;
            }
            let input = self.choose();
            self.tell(&input)?;
            let now = self.observer.key().map(str::to_owned);
            if now != key
                && let Some(new) = &now
                && !keys.insert(new.clone())
            {
                let law = "each attempt has a key of its own, drawn from the seed";
                return Err(self.broken(law, format!("{new} again")));
            }
            key = now;
        }
        Ok(())
    }

    /// Gives both cores an input and holds the outputs against the laws.
    fn tell(&mut self, input: &CoreInput) -> Result<(), Box<Broken>> {
        let now = Now { since_start: self.now, wall: UnixTime(1_768_467_600).plus(self.now) };
        let before = self.core.deadline();
        self.inputs.push((now, input.clone()));
        let outputs = self.core.handle(now, input.clone());
        self.outputs.clone_from(&outputs);
        let twin = self.twin.handle(now, input.clone());
        match self.core.trouble().or_else(|| self.twin.trouble()) {
            None => {}
            Some(Trouble::Failed(why)) => return Err(self.broken("the core answers every question", why)),
            // A life ends where the core says that it goes no further.
            Some(Trouble::Unsupported(_)) => {
                self.is_over = true;
                return Ok(());
            }
        }
        if outputs != twin || self.core.deadline() != self.twin.deadline() {
            let (one, two) = (self.core.deadline(), self.twin.deadline());
            let seen = format!("{outputs:?} with the deadline {one:?}, and then {twin:?} with the deadline {two:?}");
            return Err(self.broken("the same inputs give the same outputs", seen));
        }
        let (known, was) = (self.observer.connection(), self.observer.phase());
        if let Err((law, seen)) = self.observer.judge(input, &outputs) {
            return Err(self.broken(law, seen));
        }
        self.old.extend(known.filter(|one| self.observer.connection() != Some(*one)));
        self.judge_timers(input, before, &outputs)?;
        let deadlines = (before, self.core.deadline());
        let phases = (was, self.observer.phase());
        match self.timers.judge(self.now, input, &outputs, deadlines, phases) {
            Ok(()) => Ok(()),
            Err((law, seen)) => Err(self.broken(law, seen)),
        }
    }

    fn judge_timers(
        &self,
        input: &CoreInput,
        before: Option<Duration>,
        outputs: &[CoreOutput],
    ) -> Result<(), Box<Broken>> {
        let after = self.core.deadline();
        let is_early = *input == CoreInput::Tick && before.is_none_or(|at| at > self.now);
        if is_early && (!outputs.is_empty() || after != before) {
            return Err(self.broken("a tick before the deadline changes nothing", format!("{outputs:?}")));
        }
        if *input == CoreInput::Tick && after.is_some_and(|at| at <= self.now) {
            return Err(self.broken("after a tick the deadline lies ahead", format!("it is {after:?}")));
        }
        match self.observer.phase() {
            Phase::Stopped if after.is_some() => {
                Err(self.broken("no timer runs without power", format!("the deadline is {after:?}")))
            }
            Phase::Waiting if after.is_none() => {
                Err(self.broken("it never gives up: a core that waits has a deadline", "there is none".to_owned()))
            }
            Phase::Dialling(_) if after.is_none() => {
                Err(self.broken("every step of an attempt has a limit", "no timer runs".to_owned()))
            }
            _ => Ok(()),
        }
    }

    /// The next input: mostly what would really come, now and then what is late, early or out of order.
    fn choose(&mut self) -> CoreInput {
        self.now += Duration::from_millis(self.chance.below(40));
        match self.chance.below(20) {
            0 => return CoreInput::Tick,
            1 => return self.document(),
            2 if !self.old.is_empty() => {
                let which = self.chance.below(self.old.len() as u64) as usize;
                let connection = *self.old.iter().nth(which).expect("one of them");
                return CoreInput::Link { connection, event: self.any_event() };
            }
            3 if self.chance.below(8) == 0 => return CoreInput::Leave(1001),
            4 if self.chance.below(8) == 0 => return CoreInput::Stop,
            _ => {}
        }
        match self.observer.phase() {
            Phase::Stopped => CoreInput::Start,
            Phase::Waiting => self.wait(),
            Phase::Dialling(connection) => self.attempt(connection),
            Phase::Up(connection) => match (self.chance.below(8), self.timers.awaited().map(<[u8]>::to_vec)) {
                (0 | 6, Some(payload)) => CoreInput::Link { connection, event: LinkEvent::Pong(payload) },
                (0 | 6 | 7, _) => self.wait(),
                (1, _) => self.document(),
                (2..=4, _) => CoreInput::Link { connection, event: LinkEvent::Text(self.text()) },
                (_, _) => CoreInput::Link { connection, event: self.any_event() },
            },
        }
    }

    /// Waits for the deadline.
    fn wait(&mut self) -> CoreInput {
        self.now = self.core.deadline().unwrap_or(self.now).max(self.now);
        CoreInput::Tick
    }

    /// What a transport tells next of an attempt.
    fn attempt(&mut self, connection: ConnectionId) -> CoreInput {
        let event = match (self.chance.below(8), self.observer.key().map(str::to_owned)) {
            (0, _) => return self.wait(),
            (1, _) => LinkEvent::Failed(Reason::Refused),
            (2, Some(_)) => {
                let after = [None, Some(7), Some(100_000)][self.chance.below(3) as usize];
                LinkEvent::Answered(refusal(after))
            }
            (3, Some(_)) => LinkEvent::Answered(acceptance("bm90IHRoZSBhbnN3ZXI=")),
            (_, Some(key)) => LinkEvent::Answered(acceptance(&accept(&key))),
            (_, None) if self.secure && self.observer.has_opened() => LinkEvent::Secured,
            (_, None) => LinkEvent::Opened,
        };
        CoreInput::Link { connection, event }
    }

    fn document(&mut self) -> CoreInput {
        CoreInput::Send(self.text())
    }

    fn text(&mut self) -> String {
        self.documents += 1;
        format!("<TRANSACTION><COUNTER>{}</COUNTER></TRANSACTION>", self.documents)
    }

    fn any_event(&mut self) -> LinkEvent {
        match self.chance.below(9) {
            0 => LinkEvent::Opened,
            1 => LinkEvent::Secured,
            2 => LinkEvent::Answered(acceptance("bm90IHRoZSBhbnN3ZXI=")),
            3 => LinkEvent::Failed(Reason::Timeout),
            4 => LinkEvent::Binary(vec![0, 1]),
            5 => LinkEvent::Pong(b"unasked".to_vec()),
            6 => LinkEvent::Closed,
            7 => LinkEvent::Violation(1002),
            _ => LinkEvent::Lost,
        }
    }

    fn broken(&self, law: &'static str, seen: String) -> Box<Broken> {
        Box::new(Broken { law, seen, seed: self.seed, inputs: self.inputs.clone(), outputs: self.outputs.clone() })
    }
}

/// The head of an acceptance of the upgrade.
fn acceptance(accept: &str) -> Head {
    parsed(&format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: \
         sci\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    ))
}

/// The head of a refusal, with a Retry-After or without.
fn refusal(after: Option<u64>) -> Head {
    let header = after.map(|seconds| format!("Retry-After: {seconds}\r\n")).unwrap_or_default();
    parsed(&format!("HTTP/1.1 503 Service Unavailable\r\n{header}\r\n"))
}

fn parsed(text: &str) -> Head {
    let parsed = Head::parse_response(text.as_bytes()).expect("the head is well formed");
    parsed.expect("the head is whole").0
}
