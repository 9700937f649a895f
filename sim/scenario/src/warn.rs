//! What is valid and hardly meant.

use std::collections::BTreeSet;

use crate::model::{Action, Demand, Expect, Message, Row, Scenario, Show, Sight, Step, Test};
use crate::problem::{Problem, Span};
use crate::unknown::unknown;

/// Every warning about a scenario, in the order of its lines.
///
/// ```
/// let scenario = sca_scenario::parse("scenario \"x\"\n\nterminal connects\nscreen ~\".*\"\n").unwrap();
/// assert_eq!(sca_scenario::warnings(&scenario)[0].code, "W001");
/// ```
#[must_use]
pub fn warnings(scenario: &Scenario) -> Vec<Problem> {
    let mut found = scenario.warnings.clone();
    for row in &scenario.rows {
        weak(&row.steps, &mut found);
        alone(row, &mut found);
        unknown(row, &mut found);
    }
    twice(scenario, &mut found);
    found.sort_by(|a: &Problem, b| (a.span, a.code).cmp(&(b.span, b.code)));
    found.dedup_by(|a, b| (a.span, a.code) == (b.span, b.code));
    found
}

/// Expectations that can hardly fail.
fn weak(steps: &[Step], found: &mut Vec<Problem>) {
    for step in steps {
        match &step.action {
            Action::Expect(expect) => {
                found.extend(why_weak(expect).map(|(why, span)| weak_at(span.unwrap_or(step.span), why)));
            }
            Action::Throughout(_, show, _, _) => {
                found.extend(shows_anything(show).then(|| weak_at(step.span, "every screen fits this")));
            }
            _ => {}
        }
        step.action.blocks().into_iter().for_each(|block| weak(block, found));
    }
}

fn weak_at(span: Span, why: &str) -> Problem {
    Problem::new("W001", span, why).help("say what has to be there")
}

fn why_weak(expect: &Expect) -> Option<(&'static str, Option<Span>)> {
    let tests: &[Test] = match &expect.sight {
        Sight::ToPos(Message::Fields(fields)) => {
            let is_bare = fields.tests.is_empty() && !fields.notice && !fields.encrypted;
            if is_bare && expect.suffix.re.is_none() && !expect.suffix.exactly {
                return Some(("every answer fits this", None));
            }
            &fields.tests
        }
        Sight::ToHost(_, Message::Fields(fields)) => {
            if fields.tests.is_empty() && fields.routing.is_empty() {
                return Some(("every document fits this", None));
            }
            &fields.tests
        }
        Sight::Show(show) if shows_anything(show) => return Some(("every screen fits this", None)),
        Sight::Show(Show::Screen { tests, .. }) => tests,
        _ => &[],
    };
    let fits_all = |test: &&Test| matches!(&test.demand, Demand::Matches(regex) if takes_all(regex));
    tests.iter().find(fits_all).map(|test| ("every value fits this pattern", Some(test.span)))
}

fn shows_anything(show: &Show) -> bool {
    match show {
        Show::Icon { .. } => false,
        Show::Screen { name, text, pattern, tests } => {
            let says_nothing = text.as_ref().is_none_or(String::is_empty);
            name.is_none() && tests.is_empty() && says_nothing && pattern.as_ref().is_none_or(takes_all)
        }
    }
}

/// Whether a pattern fits nothing at all as well as anything.
fn takes_all(regex: &regex::Regex) -> bool {
    ["", "\u{1}", "x y\u{fffd}\n"].iter().all(|text| regex.is_match(text))
}

/// What acts only over TLS.
const OF_TLS: &[&str] =
    &["tls", "groups", "revocation", "certificate", "client-certificates", "authority", "resumption", "tls-timeout"];
/// What acts only where another setting is made.
const PARTNERS: &[(&str, &str)] =
    &[("proxy-user", "PROXY"), ("proxy-password", "proxy-user"), ("idle-cut-by", "idle-cut")];

/// Settings that do nothing without another.
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
        if over_ws && OF_TLS.contains(&name) {
            found.push(
                Problem::new("W004", *span, format!("`{name}` does nothing over ws"))
                    .help("TLS is spoken where the broker's url begins with wss"),
            );
        }
        let partner = PARTNERS.iter().find(|(alone, _)| *alone == name).map(|(_, partner)| *partner);
        if let Some(partner) = partner.filter(|partner| !settings.contains_key(*partner) && !later.contains(*partner)) {
            found.push(Problem::new("W004", *span, format!("`{name}` does nothing without `{partner}`")));
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

/// Rows that have the same values as one before them.
fn twice(scenario: &Scenario, found: &mut Vec<Problem>) {
    let mut seen = BTreeSet::new();
    for row in scenario.rows.iter().filter(|row| !row.values.is_empty()) {
        if !seen.insert(&row.values) {
            let values = crate::model::shown_values(&row.values);
            let top = Span { line: 1, column: 1, length: 8, file: 0 };
            found.push(Problem::new("W006", top, format!("the row {values} stands there twice")));
        }
    }
}
