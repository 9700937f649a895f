//! The value of a parsed scenario: parties, settings and timeline. Fields that can only hold certain words have closed
//! types.

use std::collections::{BTreeMap, BTreeSet};

use sca_protocol::UnixTime;

use crate::problem::{Problem, Span};

use crate::{Action, Awaited, Expect, Pattern, Show, Source, Step};

/// A parsed scenario. Each row of its `each` is played as a run of its own.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// The title.
    pub title: String,
    /// The headers, which come before the settings.
    pub header: Header,
    /// The rows to play; a single row without values if there is no `each`.
    pub rows: Vec<Row>,
    /// Contents of the files that the scenario names, by name. The parser leaves this empty; the loader fills it.
    pub assets: BTreeMap<String, Vec<u8>>,
    /// Names of the stories called, directly or by other stories.
    pub stories_called: BTreeSet<String>,
    /// Warnings found while parsing.
    pub warnings: Vec<Problem>,
}

impl Scenario {
    /// The files that the scenario names, each with the position where it is first named.
    #[must_use]
    pub fn files(&self) -> BTreeMap<String, Span> {
        fn walk(steps: &[Step], files: &mut BTreeMap<String, Span>) {
            for step in steps {
                let named = match &step.action {
                    Action::File { name, .. } => name.as_ref(),
                    Action::Expect(Expect { awaited: Awaited::Show(Show::Icon { file, .. }), .. }) => {
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

/// The headers of a scenario, which come before the settings.
#[derive(Debug, Clone, Default)]
pub struct Header {
    /// Words by which scenarios can be selected.
    pub tags: Vec<String>,
    /// The seed, if the scenario sets one.
    pub seed: Option<u64>,
    /// The actual time at the start, if the scenario sets it.
    pub clock: Option<UnixTime>,
    /// Invariants that are not checked, with the reason.
    pub waives: Vec<Waive>,
    /// Observations that are left out of the lanes.
    pub ignores: Vec<(Source, Pattern)>,
    /// The known failure: its reason and the date until which it is expected.
    pub expect_fail: Option<ExpectFail>,
}

/// A known failure of a scenario.
#[derive(Debug, Clone)]
pub struct ExpectFail {
    /// The reason.
    pub reason: String,
    /// The last day on which the failure is expected.
    pub until: UnixTime,
    /// Its position in the source.
    pub span: Span,
}

/// An invariant that is not checked in a scenario.
#[derive(Debug, Clone)]
pub struct Waive {
    /// The name of the invariant.
    pub invariant: String,
    /// The reason.
    pub reason: String,
    /// Its position in the source.
    pub span: Span,
}

/// One run of a scenario: the parties and the timeline for one combination of `each` values.
#[derive(Debug, Clone)]
pub struct Row {
    /// The names and values of all `each`, in order.
    pub values: Vec<(String, String)>,
    /// The parties and their settings.
    pub cast: Cast,
    /// The timeline.
    pub steps: Vec<Step>,
}

/// Formats the names and values of a row as `a=1, b=2`; empty if there are none.
#[must_use]
pub fn shown_values(values: &[(String, String)]) -> String {
    values.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(", ")
}

/// The parties of a run with their settings by name. Values have been checked against the tables.
#[derive(Debug, Clone, Default)]
pub struct Cast {
    /// The terminals; a single one called `terminal` if none is declared.
    pub terminals: Vec<Terminal>,
    /// The broker's settings.
    pub broker: BTreeMap<String, String>,
    /// Brokers in addition to the one called `broker`.
    pub other_brokers: Vec<OtherBroker>,
    /// Names of the POS in addition to the one called `pos`.
    pub pos: Vec<String>,
    /// The payment host's settings.
    pub host: BTreeMap<String, String>,
    /// The estate host's settings.
    pub vhq: BTreeMap<String, String>,
    /// Declared certificates by name.
    pub certificates: BTreeMap<String, Certificate>,
    /// Positions in the source: of a setting by party and setting name, of a terminal by its name and `terminal`, of a
    /// certificate by `certificate` and its name.
    pub places: BTreeMap<(String, String), Span>,
}

impl Cast {
    /// The names of the brokers in addition to the one called `broker`.
    #[must_use]
    pub fn broker_names(&self) -> Vec<String> {
        self.other_brokers.iter().map(|broker| broker.name.clone()).collect()
    }

    /// The settings of all brokers, starting with the one called `broker`.
    pub fn brokers(&self) -> impl Iterator<Item = &BTreeMap<String, String>> {
        std::iter::once(&self.broker).chain(self.other_brokers.iter().map(|broker| &broker.settings))
    }
}

/// A broker in addition to the one called `broker`.
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
    /// Its name; `terminal` if it was declared without one.
    pub name: String,
    /// Its settings.
    pub settings: BTreeMap<String, String>,
    /// Files on its flash at the start: the path on the flash, and the name of the asset stored there.
    pub files: BTreeMap<String, String>,
}

/// A declared certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Certificate {
    /// The first and last moment of its validity, if given.
    pub valid: Option<(UnixTime, UnixTime)>,
    /// The word for its flaw, if it has one.
    pub flaw: Option<String>,
    /// The host names it is valid for.
    pub names: Vec<String>,
    /// Whether an intermediate authority signs it.
    pub by_intermediate: bool,
}

/// Name and description of every invariant: the rules that are checked in every run without being asked for.
pub const INVARIANTS: &[(&str, &str)] = &[
    ("one-answer", "each request gets one answer"),
    ("icon-truth", "the icon shows connected only while a connection is up"),
    ("one-connection", "a terminal has one connection at most"),
    ("session-kept", "a session ends only by FINISH or by loss of power"),
    ("comes-back", "a terminal without a link retries in time, and no attempt lasts for ever"),
    ("retry-pace", "retry pauses grow by the rules and are never shorter than Retry-After"),
    ("dead-link", "a ping that gets no pong ends the connection"),
    ("well-formed", "the terminal sends valid WebSocket by RFC 6455: after the 101, masked, in order, UTF-8"),
    ("nothing-after-end", "nothing is sent on a connection that has ended"),
    ("counter-true", "GET_COUNTER returns the last accepted COUNTER"),
    ("session-true", "answers agree on whether a session is open"),
    ("busy-ends", "BUSY is answered only while something occupies the device"),
    ("hosts-apart", "messages for a host never travel on the WebSocket"),
];

impl Row {
    /// Which terminals are powered from the start: all but those whose first step is `power on`.
    #[must_use]
    pub fn powered(&self) -> Vec<bool> {
        (0..self.cast.terminals.len()).map(|who| first_power(&self.steps, who) != Some(true)).collect()
    }
}

/// Whether the first step that concerns a terminal is `power on`; `None` if no step concerns it.
fn first_power(steps: &[Step], who: usize) -> Option<bool> {
    steps.iter().find_map(|step| match &step.action {
        Action::Power { on, who: whose } if *whose == who => Some(*on),
        Action::Expect(expect) if expect.who == who => Some(false),
        Action::Send(send) if send.to == who => Some(false),
        Action::Throughout(whose, ..) if *whose == who => Some(false),
        other => other.blocks().into_iter().find_map(|block| first_power(block, who)),
    })
}
