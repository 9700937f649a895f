//! Warnings (lints): scenarios that are valid, but probably contain a mistake.

use std::collections::BTreeSet;

use sca_protocol::settings::TerminalSettings;

use crate::unknown::unknown;
use sca_model::{Action, Awaited, Demand, Expect, Message, Op, Row, Scenario, Show, Step, Terminal, Test};
use sca_model::{Problem, Span};

/// Returns all warnings about a scenario, sorted by position.
///
/// ```
/// let scenario = sca_scenario::parse("scenario \"x\"\n\nterminal connects\nscreen ~\".*\"\n").unwrap();
/// assert_eq!(sca_scenario::warnings(&scenario)[0].code, "W001");
/// ```
#[must_use]
pub fn warnings(scenario: &Scenario) -> Vec<Problem> {
    let mut found = scenario.warnings.clone();
    found.extend(of_rows(&scenario.rows));
    found.sort_by(|a: &Problem, b| (a.span, a.code, &a.message).cmp(&(b.span, b.code, &b.message)));
    found.dedup_by(|a, b| (a.span, a.code, &a.message) == (b.span, b.code, &b.message));
    found
}

/// The warnings about parsed rows.
pub(crate) fn of_rows(rows: &[Row]) -> Vec<Problem> {
    let mut found = Vec::new();
    for row in rows {
        weak(&row.steps, &mut found);
        alone(row, &mut found);
        unknown(row, &mut found);
        cannot_show(&row.steps, &mut found);
        never_met(row, &mut found);
        same_pinpad_id(row, &mut found);
    }
    duplicate_rows(rows, &mut found);
    found
}

/// Warns of lines that cannot be evidence for the clauses they cover.
fn cannot_show(steps: &[Step], found: &mut Vec<Problem>) {
    for step in steps {
        let covers: &[String] = match &step.action {
            Action::Expect(expect) => &expect.suffix.covers,
            Action::Throughout(_, _, covers, _) | Action::Without(_, _, covers, _) => covers,
            _ => &[],
        };
        found.extend(covers.iter().filter(|id| !sca_model::evidence::can_be_evidence(step, id)).map(|id| {
            let kinds = sca_model::evidence::kinds_of(id).iter().map(|kind| format!("`{}`", kind.word()));
            let help = format!("lines that can show it: {}", kinds.collect::<Vec<_>>().join(", "));
            Problem::new("W011", step.span, format!("this line cannot be evidence for {id}")).help(help)
        }));
        step.action.blocks().into_iter().for_each(|block| cannot_show(block, found));
    }
}

/// Warns of expectations that can never be met.
fn never_met(row: &Row, found: &mut Vec<Problem>) {
    let mut later = BTreeSet::new();
    set_later(&row.steps, &mut later);
    let is_off = |t: &Terminal| t.settings.get("POSCONNECTALLOW").is_some_and(|value| value != "WEBSOCKETS");
    let dials = row.cast.terminals.iter().map(|t| !is_off(t) || later.contains("POSCONNECTALLOW"));
    demands(&row.steps, &dials.collect::<Vec<bool>>(), found);
}

fn demands(steps: &[Step], dials: &[bool], found: &mut Vec<Problem>) {
    for step in steps {
        if let Action::Expect(Expect { who, awaited, suffix }) = &step.action {
            if !dials[*who] && matches!(awaited, Awaited::Link(_) | Awaited::ToBroker(_) | Awaited::ToProxy(_)) {
                let message = "without POSCONNECTALLOW WEBSOCKETS the terminal does not connect";
                let problem = Problem::new("W009", step.span, message);
                found.push(problem.help("expect `without terminal attempts`; a POS reaches it by its classic ports"));
            }
            let tests: &[Test] = match awaited {
                Awaited::ToPos(Message::Fields(fields)) | Awaited::ToHost(_, Message::Fields(fields)) => &fields.tests,
                Awaited::Show(Show::Screen { tests, .. }) => tests,
                _ => &[],
            };
            let clashes = |at: usize| {
                tests[..at].iter().any(|one| one.field == tests[at].field && exclude(&one.demand, &tests[at].demand))
            };
            found.extend((1..tests.len()).find(|at| clashes(*at)).map(|at| {
                let message = format!("no {} can satisfy both this test and an earlier one", tests[at].field);
                Problem::new("W009", tests[at].span, message)
            }));
            if let Awaited::ToPos(Message::Xml(text)) = awaited
                && !text.contains("{{")
                && sca_protocol::xml::parse(text, sca_protocol::xml::Limits::default()).is_err()
            {
                let what = if suffix.bytes { "is never sent by a correct terminal" } else { "can never match" };
                let problem = Problem::new("W009", step.span, format!("this document is not well-formed: it {what}"));
                found.push(problem.help("write the whole document"));
            }
        }
        step.action.blocks().into_iter().for_each(|block| demands(block, dials, found));
    }
}

/// Whether no value satisfies both conditions.
fn exclude(one: &Demand, other: &Demand) -> bool {
    let is_open = |demand: &Demand| matches!(demand, Demand::Is(_, value) if value.contains("{{"));
    match (one, other) {
        (Demand::Absent, Demand::Absent) => false,
        (Demand::Absent, _) | (_, Demand::Absent) => true,
        _ if is_open(one) || is_open(other) => false,
        (Demand::Is(Op::Equal, value), other) | (other, Demand::Is(Op::Equal, value)) => !takes(other, value),
        _ => false,
    }
}

/// Whether a value may satisfy a condition; a comparison of values that are not numbers counts as satisfied.
fn takes(demand: &Demand, value: &str) -> bool {
    match demand {
        Demand::Is(Op::Equal, wanted) => value == wanted,
        Demand::Is(Op::Unequal, wanted) => value != wanted,
        Demand::Is(op, wanted) => match (value.parse::<f64>(), wanted.parse::<f64>()) {
            (Ok(a), Ok(b)) => match op {
                Op::Less => a < b,
                Op::AtMost => a <= b,
                Op::More => a > b,
                Op::AtLeast => a >= b,
                Op::Equal | Op::Unequal => true,
            },
            _ => true,
        },
        Demand::Matches(regex) => regex.is_match(value),
        Demand::Absent | Demand::Any | Demand::Capture(_) => true,
    }
}

/// Warns of terminals with the same pinpad id, unless both set it explicitly.
fn same_pinpad_id(row: &Row, found: &mut Vec<Problem>) {
    let id = |t: &Terminal| t.settings.get("pinpad-id").map_or("1", String::as_str).to_owned();
    for (at, one) in row.cast.terminals.iter().enumerate() {
        let other = row.cast.terminals[..at].iter().find(|other| id(other) == id(one));
        let is_meant =
            |other: &&Terminal| one.settings.contains_key("pinpad-id") && other.settings.contains_key("pinpad-id");
        if let Some(other) = other.filter(|other| !is_meant(other)) {
            let place = row.cast.places.get(&(one.name.clone(), "terminal".to_owned())).copied().unwrap_or_default();
            let message = format!("{} and {} have the same pinpad id, {}", other.name, one.name, id(one));
            let problem = Problem::new("W010", place, message);
            found.push(problem.help("a broker finds a terminal by it: give each its own, or set `pinpad-id` at both"));
        }
    }
}

/// Warns of expectations that can hardly fail.
fn weak(steps: &[Step], found: &mut Vec<Problem>) {
    for step in steps {
        match &step.action {
            Action::Expect(expect) => {
                found.extend(why_weak(expect).map(|(why, span)| weak_at(span.unwrap_or(step.span), why)));
            }
            Action::Throughout(_, show, _, _) => {
                found.extend(shows_anything(show).then(|| weak_at(step.span, "this matches every screen")));
            }
            _ => {}
        }
        step.action.blocks().into_iter().for_each(|block| weak(block, found));
    }
}

fn weak_at(span: Span, why: &str) -> Problem {
    Problem::new("W001", span, why).help("add a condition")
}

fn why_weak(expect: &Expect) -> Option<(&'static str, Option<Span>)> {
    let tests: &[Test] = match &expect.awaited {
        Awaited::ToPos(Message::Fields(fields)) => {
            let is_bare = fields.tests.is_empty() && !fields.notice && !fields.encrypted;
            if is_bare && expect.suffix.re.is_none() && !expect.suffix.exactly {
                return Some(("this matches every answer", None));
            }
            &fields.tests
        }
        Awaited::ToHost(_, Message::Fields(fields)) => {
            if fields.tests.is_empty() && fields.routing.is_empty() {
                return Some(("this matches every document", None));
            }
            &fields.tests
        }
        Awaited::Show(show) if shows_anything(show) => return Some(("this matches every screen", None)),
        Awaited::Show(Show::Screen { tests, .. }) => tests,
        _ => &[],
    };
    let fits_all = |test: &&Test| matches!(&test.demand, Demand::Matches(regex) if matches_everything(regex));
    tests.iter().find(fits_all).map(|test| ("this pattern matches every value", Some(test.span)))
}

fn shows_anything(show: &Show) -> bool {
    match show {
        Show::Icon { .. } => false,
        Show::Screen { name, text, pattern, tests } => {
            let says_nothing = text.as_ref().is_none_or(String::is_empty);
            name.is_none() && tests.is_empty() && says_nothing && pattern.as_ref().is_none_or(matches_everything)
        }
    }
}

/// Whether a pattern matches some very different texts, the empty one included, and so probably every text.
fn matches_everything(regex: &regex::Regex) -> bool {
    ["", "\u{1}", "x y\u{fffd}\n"].iter().all(|text| regex.is_match(text))
}

/// Settings that take effect only over TLS.
const OF_TLS: &[&str] =
    &["tls", "groups", "revocation", "certificate", "client-certificates", "authority", "resumption", "tls-timeout"];
/// Settings that take effect only together with another setting.
const PARTNERS: &[(&str, &str)] =
    &[("proxy-user", "PROXY"), ("proxy-password", "proxy-user"), ("idle-cut-by", "idle-cut")];

/// Warns of settings that have no effect.
fn alone(row: &Row, found: &mut Vec<Problem>) {
    let mut later = BTreeSet::new();
    set_later(&row.steps, &mut later);
    let over_ws = row.cast.broker.get("url").is_some_and(|url| url.starts_with("ws://"));
    for ((whose, name), span) in &row.cast.places {
        let name = name.as_str();
        let settings = match whose.as_str() {
            "broker" => &row.cast.broker,
            "host" | "vhq" | "certificate" => continue,
            whose => match row.cast.terminals.iter().find(|terminal| terminal.name == whose) {
                Some(terminal) => &terminal.settings,
                None => continue,
            },
        };
        if name == "retry-first"
            && sca_protocol::settings::with::<TerminalSettings>(settings)
                .is_ok_and(|made| made.retry.first > made.retry.cap)
        {
            found.push(Problem::new("W004", *span, "`retry-first` is longer than `retry-cap`, which limits it"));
        }
        if over_ws && OF_TLS.contains(&name) {
            found.push(
                Problem::new("W004", *span, format!("`{name}` has no effect over ws"))
                    .help("TLS is used if the broker's url begins with wss"),
            );
        }
        let partner = PARTNERS.iter().find(|(alone, _)| *alone == name).map(|(_, partner)| *partner);
        if let Some(partner) = partner.filter(|partner| !settings.contains_key(*partner) && !later.contains(*partner)) {
            found.push(Problem::new("W004", *span, format!("`{name}` has no effect without `{partner}`")));
        }
    }
}

fn set_later<'a>(steps: &'a [Step], names: &mut BTreeSet<&'a str>) {
    for step in steps {
        if let Action::Set(set) = &step.action {
            names.insert(&set.name);
        }
        step.action.blocks().into_iter().for_each(|block| set_later(block, names));
    }
}

/// Warns of rows with the same values as an earlier row.
fn duplicate_rows(rows: &[Row], found: &mut Vec<Problem>) {
    let mut seen = BTreeSet::new();
    for row in rows.iter().filter(|row| !row.values.is_empty()) {
        if !seen.insert(&row.values) {
            let values = sca_model::shown_values(&row.values);
            let top = Span { line: 1, column: 1, length: 8, file: 0 };
            found.push(Problem::new("W006", top, format!("the row {values} is given twice")));
        }
    }
}
