//! A scenario as a value: who takes part, and the timeline. Every place a name can stand holds a value of a closed type.

use sca_protocol::UnixTime;
use std::collections::{BTreeMap, BTreeSet};

use crate::problem::{Problem, Span};

mod fault;
mod message;
mod step;
mod who;

pub use fault::{Arm, Bytes, Carrier, DeadAddress, Fault, FaultKind, Place, Point, TLS_POINTS, Toward};
pub use message::{Demand, Fields, Message, Op, RawFrame, Test};
pub use step::{
    Action, CardholderAct, Expect, HostAct, LinkSight, NetworkAct, NetworkChange, Party, Pattern, Relation, Send, Set,
    Show, Sight, Source, Speaker, Step, Suffix, Within,
};
pub use who::{Count, Who};

/// One scenario, each row of its `each` played by itself.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Its title.
    pub title: String,
    /// What stands above the settings.
    pub header: Header,
    /// One for each row; one without values where there is no `each`.
    pub rows: Vec<Row>,
    /// The files it names, by name, with their bytes. This crate reads none: whoever loads a scenario puts them here.
    pub assets: BTreeMap<String, Vec<u8>>,
    /// The stories that it calls, or that these call.
    pub stories_called: BTreeSet<String>,
    /// What was found on the way and is no error.
    pub warnings: Vec<Problem>,
}

impl Scenario {
    /// The files it names, each with the place where it is first named.
    #[must_use]
    pub fn files(&self) -> BTreeMap<String, Span> {
        fn walk(steps: &[Step], files: &mut BTreeMap<String, Span>) {
            for step in steps {
                let named = match &step.action {
                    Action::File { name, .. } => name.as_ref(),
                    Action::Expect(Expect { sight: Sight::Show(Show::Icon { file, .. }), .. }) => {
                        file.as_ref().filter(|name| *name != "default")
                    }
                    _ => None,
                };
                if let Some(name) = named {
                    files.entry(name.clone()).or_insert(step.span);
                }
                step.action.blocks().into_iter().for_each(|block| walk(block, files));
            }
        }
        let mut files = BTreeMap::new();
        for row in &self.rows {
            let at_start = row.cast.terminals.iter().flat_map(|terminal| terminal.files.values());
            files.extend(at_start.map(|name| (name.clone(), Span { line: 1, column: 1, length: 8, file: 0 })));
            walk(&row.steps, &mut files);
        }
        files
    }
}

/// What stands above the settings.
#[derive(Debug, Clone, Default)]
pub struct Header {
    /// Words to choose scenarios by.
    pub tags: Vec<String>,
    /// The seed, where the scenario names one.
    pub seed: Option<u64>,
    /// The true time at the start.
    pub clock: Option<UnixTime>,
    /// Invariants that are excused, with the reason.
    pub waives: Vec<Waive>,
    /// What is taken out of the lanes.
    pub ignores: Vec<(Source, Pattern)>,
    /// Why the scenario is expected to fail, and until when.
    pub expect_fail: Option<ExpectFail>,
}

/// A failure that is known.
#[derive(Debug, Clone)]
pub struct ExpectFail {
    /// Why.
    pub reason: String,
    /// The last day on which it counts.
    pub until: UnixTime,
    /// Where.
    pub span: Span,
}

/// An excused invariant.
#[derive(Debug, Clone)]
pub struct Waive {
    /// Which.
    pub invariant: String,
    /// Why.
    pub reason: String,
    /// Where.
    pub span: Span,
}

/// One way through a scenario.
#[derive(Debug, Clone)]
pub struct Row {
    /// The names and values of `each`, in order.
    pub values: Vec<(String, String)>,
    /// Who takes part.
    pub cast: Cast,
    /// The timeline.
    pub steps: Vec<Step>,
}

/// Names and values of a row as `a=1, b=2`; nothing where there are none.
#[must_use]
pub fn shown_values(values: &[(String, String)]) -> String {
    values.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(", ")
}

/// Who takes part, with settings by name. Values are checked against the tables.
#[derive(Debug, Clone, Default)]
pub struct Cast {
    /// The terminals; one called `terminal` where none is declared.
    pub terminals: Vec<Terminal>,
    /// The broker's settings.
    pub broker: BTreeMap<String, String>,
    /// Brokers beside the one called `broker`.
    pub other_brokers: Vec<OtherBroker>,
    /// POS beside the one called `pos`, by name.
    pub pos: Vec<String>,
    /// The payment host's settings.
    pub host: BTreeMap<String, String>,
    /// The estate host's settings.
    pub vhq: BTreeMap<String, String>,
    /// Identities by name.
    pub certificates: BTreeMap<String, Certificate>,
    /// Where each setting stands: whose it is, and its name.
    pub places: BTreeMap<(String, String), Span>,
}

impl Cast {
    /// The names of the brokers beside the one called `broker`.
    #[must_use]
    pub fn broker_names(&self) -> Vec<String> {
        self.other_brokers.iter().map(|broker| broker.name.clone()).collect()
    }

    /// The settings of every broker, the one called `broker` first.
    pub fn brokers(&self) -> impl Iterator<Item = &BTreeMap<String, String>> {
        std::iter::once(&self.broker).chain(self.other_brokers.iter().map(|broker| &broker.settings))
    }
}

/// A broker beside the one called `broker`.
#[derive(Debug, Clone)]
pub struct OtherBroker {
    /// Its name.
    pub name: String,
    /// Its settings.
    pub settings: BTreeMap<String, String>,
}

/// A declared terminal.
#[derive(Debug, Clone)]
pub struct Terminal {
    /// Its name; `terminal` where it has none.
    pub name: String,
    /// Its settings.
    pub settings: BTreeMap<String, String>,
    /// Files on its flash: the path there, and the name of the asset that stands there.
    pub files: BTreeMap<String, String>,
}

/// A declared identity.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Certificate {
    /// From when until when it is valid.
    pub valid: Option<(UnixTime, UnixTime)>,
    /// Its flaw, by word.
    pub flaw: Option<String>,
    /// The names it is for.
    pub names: Vec<String>,
    /// Whether an intermediate authority signed it.
    pub by_intermediate: bool,
}

/// Everything that watches a run unasked.
pub const INVARIANTS: &[(&str, &str)] = &[
    ("one-answer", "each request gets one answer"),
    ("icon-truth", "the icon says connected only while a connection is up"),
    ("one-connection", "a terminal has one connection at most"),
    ("session-kept", "a session ends only by FINISH or without power"),
    ("comes-back", "a terminal without a link tries again in time, and no attempt lasts for ever"),
    ("retry-pace", "pauses grow by the rules, and Retry-After is never undercut"),
    ("dead-link", "a ping without its pong ends the connection"),
    ("well-formed", "what the terminal sends is WebSocket by RFC 6455: after the 101, masked, in order, UTF-8"),
    ("nothing-after-end", "nothing is said on a connection that is over"),
    ("counter-true", "GET COUNTER answers the last COUNTER that counted"),
    ("session-true", "answers agree on whether a session is open"),
    ("busy-ends", "BUSY is answered only while something holds the device"),
    ("hosts-apart", "nothing that is meant for a host travels on the WebSocket"),
];
