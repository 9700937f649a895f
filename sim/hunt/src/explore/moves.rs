//! The moves of the explorer: strategies that generate sequences of moves, and the steps of each move.

use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;
use sca_model::Span;
use sca_model::fault_table::{Argument, Explored, FaultKind, KINDS, KindRow, Toward, Values};
use sca_model::{
    Action, CardholderAct, Carrier, Count, Demand, Fault, Fields, Message, Op, Place, Point, Send, Speaker, Step, Test,
    Trigger,
};

/// One move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Move {
    /// A request, by its index in [`REQUESTS`], with a COUNTER that is higher or lower than the last one or missing,
    /// and the fault that hits it or its answer.
    Ask { request: usize, higher: Option<bool>, strike: Option<Strike> },
    /// A wait.
    Wait(Duration),
    /// A fault of the connection, with its duration if it is limited.
    Fault(FaultKind, Option<Duration>),
    /// A power failure of this duration.
    Power(Duration),
    /// A Close frame of the broker with this code.
    Close(u16),
    /// A refusal of the next attempt with this HTTP status, and a Retry-After in seconds.
    Refuse(u16, Option<u32>),
    /// A key that the cardholder presses.
    Press(&'static str),
}

/// The fault that hits one request or its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Strike {
    kind: FaultKind,
    place: Place,
    of_reply: bool,
}

/// FUNCTION_TYPE, COMMAND, and fields with their values.
type Asked = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// The requests to choose from.
const REQUESTS: &[Asked] = &[
    ("ADMIN", "GET_COUNTER", &[]),
    ("DEVICE", "VERSION", &[]),
    ("SESSION", "START", &[("INVOICE", "1")]),
    ("SESSION", "FINISH", &[]),
    ("SECONDARYPORT", "STATUS", &[]),
    ("SECONDARYPORT", "CANCEL", &[]),
    ("DEVICE", "DISPLAY_MESSAGE", &[("DISPLAY_TEXT", "Well?"), ("BUTTON_LABEL", "OK")]),
];
/// The index of the request that waits for the cardholder: it is never duplicated, since two equal ones could not be
/// told apart.
const WAITS: usize = REQUESTS.len() - 1;

/// The base of the COUNTERs of moves, away from those of scenarios.
const FIRST_COUNTER: usize = 1_000;

/// A strategy for sequences of moves: requests are the most frequent, then faults; power failures are rare.
pub(crate) fn moves() -> impl Strategy<Value = Vec<Move>> {
    let strike = Union::new(strikes());
    let higher = prop_oneof![1 => Just(None), 3 => Just(Some(true)), 1 => Just(Some(false))];
    let ask = (0..REQUESTS.len(), higher, prop::option::weighted(0.15, strike))
        .prop_map(|(request, higher, strike)| Move::Ask { request, higher, strike });
    let ms = |range: std::ops::RangeInclusive<u64>| range.prop_map(Duration::from_millis);
    let lasting = prop::option::of(ms(1_000..=40_000));
    let now = Union::new(kinds(Explored::AtOnce, &[None]));
    let mut standing = kinds(Explored::OneWay, &[Some(Toward::Terminal), Some(Toward::Broker)]);
    standing.extend(kinds(Explored::Lasting, &[None]));
    let standing = Union::new(standing);
    let away = Union::new(kinds(Explored::Away, &[None]));
    let fault = prop_oneof![
        3 => (now, lasting).prop_map(|(kind, lasting)| Move::Fault(kind, lasting)),
        2 => (standing, ms(1_000..=40_000)).prop_map(|(kind, lasting)| Move::Fault(kind, Some(lasting))),
        1 => (away, ms(1_000..=300_000)).prop_map(|(kind, lasting)| Move::Fault(kind, Some(lasting))),
    ];
    let refuse = (select(vec![400_u16, 403, 429, 502, 503]), prop::option::of(1_u32..=90));
    let one = prop_oneof![
        10 => ask,
        3 => prop_oneof![ms(1..=5), ms(100..=3_000), ms(10_000..=120_000)].prop_map(Move::Wait),
        4 => fault,
        1 => ms(500..=5_000).prop_map(Move::Power),
        1 => select(vec![1_000_u16, 1_001, 1_012, 1_013, 4_001]).prop_map(Move::Close),
        1 => refuse.prop_map(|(status, after)| Move::Refuse(status, after)),
        1 => select(vec!["OK", "cancel"]).prop_map(Move::Press),
    ];
    prop::collection::vec(one, 4..24)
}

/// Strategies for the kinds that are explored in one way, each with values from the ranges of its row; the directions
/// to choose from (none: both at once).
fn kinds(explored: Explored, directions: &'static [Option<Toward>]) -> Vec<BoxedStrategy<FaultKind>> {
    let rows = KINDS.iter().filter(|row| row.explored.contains(&explored));
    let of = |row: &'static KindRow| {
        let mut values = Just(Values::default()).boxed();
        for argument in row.takes {
            values = match *argument {
                Argument::Keyword(_) => values,
                Argument::Choice(_, words) => {
                    (values, select(words)).prop_map(|(values, choice)| Values { choice, ..values }).boxed()
                }
                Argument::Time { drawn: (least, most), .. } => (values, least..=most)
                    .prop_map(|(values, ms)| Values { time: Duration::from_millis(ms), ..values })
                    .boxed(),
                Argument::Number { drawn: (least, most), .. } => {
                    (values, least..=most).prop_map(|(values, number)| Values { number, ..values }).boxed()
                }
                Argument::Direction => {
                    (values, select(directions)).prop_map(|(values, toward)| Values { toward, ..values }).boxed()
                }
            };
        }
        values.prop_map(row.make).boxed()
    };
    rows.map(of).collect()
}

/// Strategies for the faults that hit one request or its answer.
fn strikes() -> Vec<BoxedStrategy<Strike>> {
    let ways = [
        (Explored::AtRequest, Place::At, false),
        (Explored::AtReply, Place::At, true),
        (Explored::BeforeReply, Place::Before, true),
        (Explored::AfterReply, Place::After, true),
    ];
    let of = |(explored, place, of_reply): (Explored, Place, bool)| {
        let kinds = kinds(explored, &[None]).into_iter();
        kinds.map(move |kind| kind.prop_map(move |kind| Strike { kind, place, of_reply }).boxed())
    };
    ways.into_iter().flat_map(of).collect()
}

fn fault(kind: FaultKind, arm: Option<Trigger>, lasting: Option<Duration>) -> Step {
    Step::made(Action::Fault(Fault { arm, lasting, ..Fault::now(0, kind) }))
}

impl Move {
    /// The steps of a move; labels and COUNTERs are derived from `number`.
    pub(crate) fn steps(&self, number: usize) -> Vec<Step> {
        match self {
            Self::Ask { request, higher, strike } => {
                let label = format!("ask-{number}");
                let strike = strike.filter(|strike| *request != WAITS || strike.kind != FaultKind::Duplicate);
                let mut steps: Vec<Step> = strike.iter().map(|strike| strike.step(&label)).collect();
                // The COUNTERs differ, so that every answer identifies its request.
                let counter = higher.map(|higher| FIRST_COUNTER + 16 * number - if higher { 0 } else { 25 });
                steps.push(ask(*request, counter, number, strike.map(|_| label)));
                steps
            }
            Self::Wait(span) => vec![Step::made(Action::Wait(*span))],
            // A broker that becomes unreachable also cuts its connections.
            Self::Fault(kind, lasting) if kind.decides_attempt() => {
                vec![fault(*kind, None, *lasting), fault(FaultKind::Reset, None, None)]
            }
            Self::Fault(kind, lasting) => vec![fault(*kind, None, *lasting)],
            Self::Power(dark) => vec![
                Step::made(Action::Power { on: false, who: 0 }),
                Step::made(Action::Wait(*dark)),
                Step::made(Action::Power { on: true, who: 0 }),
            ],
            Self::Close(code) => {
                let message = Message::Close(Some(*code), None);
                vec![Step::made(Action::Send(Send { by: Speaker::Broker, to: 0, message, label: None }))]
            }
            Self::Refuse(status, after) => {
                let mut lines = vec![format!("HTTP/1.1 {status} No")];
                lines.extend(after.map(|seconds| format!("Retry-After: {seconds}")));
                let count = Count { of_connections: false, from: 1, to: 1 };
                vec![Step::made(Action::Answers { by_proxy: false, count, lines }), fault(FaultKind::Reset, None, None)]
            }
            Self::Press(key) => {
                vec![Step::made(Action::Cardholder { who: 0, act: CardholderAct::Presses((*key).to_owned()) })]
            }
        }
    }
}

fn ask(request: usize, counter: Option<usize>, number: usize, label: Option<String>) -> Step {
    let (function, command, fields) = REQUESTS[request % REQUESTS.len()];
    let mut tests: Vec<Test> = fields.iter().map(|(field, value)| equals(field, (*value).to_owned())).collect();
    tests.extend(counter.map(|counter| equals("COUNTER", counter.to_string())));
    tests.push(equals("POS_RECON", format!("E{number}")));
    let routing = vec![function.to_owned(), command.to_owned()];
    let message = Message::Fields(Fields { routing, tests, ..Fields::default() });
    Step::made(Action::Send(Send { by: Speaker::Pos(0), to: 0, message, label }))
}

/// Gives every request without one a POS_RECON, so that its answer identifies it.
pub(crate) fn add_pos_recon(steps: &mut [Step], named: &mut usize) {
    for step in steps {
        match &mut step.action {
            Action::Send(Send { by: Speaker::Pos(_), message: Message::Fields(fields), .. }) => {
                *named += 1;
                if !fields.tests.iter().any(|test| test.field == "POS_RECON") && !fields.encrypted {
                    fields.tests.push(equals("POS_RECON", format!("S{named}")));
                }
            }
            other => other.blocks_mut().into_iter().for_each(|block| add_pos_recon(block, named)),
        }
    }
}

fn equals(field: &str, value: String) -> Test {
    Test { field: field.to_owned(), demand: Demand::Is(Op::Equal, value), span: Span::default() }
}

impl Strike {
    fn step(self, label: &str) -> Step {
        let label = label.to_owned();
        let carrier = if self.of_reply { Carrier::Reply(label) } else { Carrier::Request(label) };
        fault(self.kind, Some(Trigger::At(self.place, Point { carrier, bytes: None })), None)
    }
}
