//! Fault coverage: which classes of faults hit a terminal in which of its states, as a table with its gaps.

use std::collections::{BTreeMap, BTreeSet};

use sca_model::fault_table::{CLASSES, FaultClass};
use sca_protocol::screens::ScreenName;

/// The state of a terminal: the phase of its link and, while the link is up, the activity of the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Starting up.
    Starting,
    /// Waiting for the next attempt.
    Waiting,
    /// TCP is not connected yet.
    Connecting,
    /// The TLS handshake is not complete yet.
    Securing,
    /// The upgrade is not answered yet.
    Upgrading,
    /// Connected and idle.
    Idle,
    /// Connected, in a session.
    Session,
    /// Connected, waiting for input of the cardholder.
    Asking,
    /// Connected, waiting for the payment host.
    Authorising,
    /// Connected, showing an outcome.
    Outcome,
    /// Connected, with the lane closed or an update being installed.
    Shut,
}

/// Every state with its name.
pub const STATES: &[(State, &str)] = &[
    (State::Starting, "starting"),
    (State::Waiting, "waiting"),
    (State::Connecting, "connecting"),
    (State::Securing, "in TLS"),
    (State::Upgrading, "upgrading"),
    (State::Idle, "idle"),
    (State::Session, "in a session"),
    (State::Asking, "asking"),
    (State::Authorising, "with the host"),
    (State::Outcome, "outcome"),
    (State::Shut, "shut"),
];

/// The (state, class) pairs that a run has covered.
pub type Met = BTreeSet<(State, FaultClass)>;

impl State {
    /// The state of a terminal whose link is up, derived from its screen.
    #[must_use]
    pub fn of_screen(screen: ScreenName) -> Self {
        use ScreenName as S;
        match screen {
            S::Session => Self::Session,
            S::Prompt | S::Tender | S::CardEntry | S::Keying | S::Pin | S::RemoveCard | S::Pairing => Self::Asking,
            S::Authorising => Self::Authorising,
            S::Approved | S::Declined => Self::Outcome,
            S::LaneClosed | S::Updating => Self::Shut,
            S::Off | S::Boot | S::Connecting | S::Error | S::Idle | S::Reconnecting => Self::Idle,
        }
    }

    fn is_up(self) -> bool {
        self >= Self::Idle
    }
}

/// Whether faults of a class can hit a terminal in a state at all.
#[must_use]
pub fn is_possible(state: State, class: FaultClass) -> bool {
    match class {
        FaultClass::Power => true,
        FaultClass::Dial | FaultClass::Proxy => state == State::Connecting,
        FaultClass::Reset | FaultClass::End | FaultClass::Silence | FaultClass::Slow => state >= State::Connecting,
        FaultClass::Tls => state == State::Securing || state.is_up(),
        // With TLS 1.3 the rejection of the terminal's certificate arrives only after its upgrade request.
        FaultClass::Trust => matches!(state, State::Securing | State::Upgrading),
        FaultClass::Http => state == State::Upgrading,
        FaultClass::Frame | FaultClass::Document | FaultClass::Message => state.is_up(),
    }
}

/// The number of runs in which each class of faults hit each state.
#[derive(Debug, Default)]
pub struct Coverage(BTreeMap<(State, FaultClass), usize>);

impl Coverage {
    /// Adds the pairs of one run.
    pub fn add(&mut self, met: &Met) {
        for one in met {
            *self.0.entry(*one).or_default() += 1;
        }
    }

    /// The number of runs in which a class hit a state.
    #[must_use]
    pub fn count(&self, state: State, class: FaultClass) -> usize {
        self.0.get(&(state, class)).copied().unwrap_or_default()
    }

    /// The pairs that are possible but were never covered, as names of state and class.
    #[must_use]
    pub fn uncovered(&self) -> Vec<(&'static str, &'static str)> {
        let pairs = STATES.iter().flat_map(|state| CLASSES.iter().map(move |class| (state, class)));
        let holes = pairs.filter(|(state, class)| is_possible(state.0, class.0) && self.count(state.0, class.0) == 0);
        holes.map(|(state, class)| (state.1, class.1)).collect()
    }

    /// The table: states down, classes across; `-` for impossible pairs, `HOLE` for possible pairs that were never
    /// covered.
    #[must_use]
    pub fn table(&self) -> String {
        let mut lines = vec![CLASSES.iter().fold(format!("{:14}", ""), |line, (_, name)| line + &format!("{name:>9}"))];
        for (state, name) in STATES {
            let cell = |class: FaultClass| match (is_possible(*state, class), self.count(*state, class)) {
                (_, n @ 1..) => n.to_string(),
                (true, 0) => "HOLE".to_owned(),
                (false, 0) => "-".to_owned(),
            };
            let cells = CLASSES.iter().fold(String::new(), |line, (class, _)| line + &format!("{:>9}", cell(*class)));
            lines.push(format!("{name:14}{cells}"));
        }
        lines.join("\n")
    }
}
