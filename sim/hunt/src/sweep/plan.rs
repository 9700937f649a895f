//! The plan of a sweep: which rows are played in which world, and which faults are injected there, each prefix once.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use sca_core::{Terminal, TerminalConfig};
use sca_environment::identities::Identities;
use sca_faults::probe::injection::{Injection, KINDS, Kind, Part, Spot, TLS_PLACES};
use sca_faults::probe::survey::Survey;
use sca_files::Loaded;
use sca_judge::verdict::Verdict;
use sca_model::{Row, Scenario};
use sca_world::options::{Options, Probe};
use sca_world::play::play_one;
use sca_world::rows::{each_byte_once, over_ws};

/// How many bytes of a handshake record have passed at an injection within it: none, a part of its header, a part of
/// its body.
const TLS_BYTES: [u32; 3] = [0, 3, 40];

/// One row of a scenario, ready for injections.
#[derive(Debug)]
pub(crate) struct Subject {
    /// The row as in its file, for injections in the TLS handshake; `None` without TLS.
    pub(crate) secure: Option<Row>,
    /// The row for all other injections: over ws, if it passes over ws too.
    pub(crate) row: Row,
    /// Whether that row uses wss because it does not pass over ws.
    is_secure: bool,
    survey: Arc<Survey>,
}

/// A file with its rows that can be swept.
#[derive(Debug)]
pub(crate) struct Surveyed {
    pub(crate) loaded: Loaded,
    pub(crate) subjects: Vec<Subject>,
    /// Why nothing of it is swept.
    pub(crate) skipped: Option<String>,
}

/// One visit: a row and an injection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Visit {
    pub(crate) subject: usize,
    pub(crate) injection: Injection,
}

/// The visits of one file, and the numbers of places left out.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) visits: Vec<Visit>,
    /// Places with the same prefix and the same lines as another visit.
    pub(crate) same: usize,
    /// Places of a long run that are similar to others.
    pub(crate) alike: usize,
}

/// Reads a file and plays the rows to be swept once, undisturbed.
pub(crate) fn survey<C: Terminal>(
    path: &Path,
    all_rows: bool,
    clauses: &[&'static str],
    identities: &Arc<Identities>,
    make: &dyn Fn(TerminalConfig) -> C,
) -> std::io::Result<Surveyed> {
    let loaded = sca_files::load(path, clauses)?;
    let Ok(scenario) = &loaded.scenario else { return Ok(Surveyed { loaded, subjects: Vec::new(), skipped: None }) };
    if scenario.header.expect_fail.is_some() {
        let skipped = Some("its header expects it to fail".to_owned());
        return Ok(Surveyed { loaded, subjects: Vec::new(), skipped });
    }
    let rows = if all_rows { scenario.rows.len() } else { 1 };
    let subjects = scenario.rows.iter().take(rows).map(|row| subject(scenario, each_byte_once(row), identities, make));
    let (subjects, skipped) = match subjects.collect::<Result<Vec<Subject>, String>>() {
        Ok(subjects) => (subjects, None),
        Err(why) => (Vec::new(), Some(why)),
    };
    Ok(Surveyed { loaded, subjects, skipped })
}

fn subject<C: Terminal>(
    scenario: &Scenario,
    row: Row,
    identities: &Arc<Identities>,
    make: &dyn Fn(TerminalConfig) -> C,
) -> Result<Subject, String> {
    let options = Options { probe: Probe::Survey, ..Options::default() };
    let undisturbed = |row: &Row| {
        let played = play_one(scenario, row, &options, identities, make);
        match (played.verdict, played.survey) {
            (Verdict::Pass, Some(survey)) => Ok(survey),
            (Verdict::Error(why) | Verdict::CannotRun(why), _) => {
                Err(format!("it does not pass without an injection: {}", why.lines().next().unwrap_or_default()))
            }
            (Verdict::Fail(failure), _) => Err(format!("it does not pass without an injection: {}", failure.headline)),
            (other, _) => Err(format!("it does not pass without an injection: {}", other.word())),
        }
    };
    let plain = over_ws(&row);
    let is_secure = plain.is_some();
    if let Some(plain) = plain
        && let Ok(survey) = undisturbed(&plain)
    {
        return Ok(Subject { secure: Some(row), row: plain, is_secure: false, survey });
    }
    let survey = undisturbed(&row)?;
    let secure = is_secure.then(|| row.clone());
    Ok(Subject { secure, row, is_secure, survey })
}

/// Plans the visits of a file. Places in `seen` are already visited elsewhere.
pub(crate) fn plan(surveyed: &Surveyed, bytes: bool, seen: &mut BTreeSet<(u64, Spot, Kind)>) -> Plan {
    let mut plan = Plan::default();
    for (number, subject) in surveyed.subjects.iter().enumerate() {
        let (places, alike) = subject.survey.places();
        plan.alike += alike;
        for place in places {
            for spot in place.spots(bytes && !subject.is_secure) {
                for kind in KINDS {
                    // While the power fails, a partly sent frame does not arrive, however many bytes of it were sent:
                    // one place stands for all.
                    let is_told = kind != Kind::Power || !matches!(spot, Spot::Frame(_, Part::Bytes(2..)));
                    if !is_told {
                        continue;
                    }
                    let strikes = if kind == Kind::Power { place.has_power } else { place.has_connection };
                    if !strikes {
                        continue;
                    }
                    if seen.insert((place.prefix, spot, kind)) {
                        plan.visits.push(Visit { subject: number, injection: Injection { at: spot, kind } });
                    } else {
                        plan.same += 1;
                    }
                }
            }
        }
        if let Some(row) = &subject.secure {
            let profile = profile(row);
            for (place, _) in TLS_PLACES.iter().enumerate() {
                for (bytes, kind) in TLS_BYTES.into_iter().flat_map(|bytes| KINDS.map(|kind| (bytes, kind))) {
                    let spot = Spot::Tls(place, bytes);
                    if seen.insert((profile, spot, kind)) {
                        plan.visits.push(Visit { subject: number, injection: Injection { at: spot, kind } });
                    } else {
                        plan.same += 1;
                    }
                }
            }
        }
    }
    plan
}

/// A digest of everything that a TLS handshake depends on.
fn profile(row: &Row) -> u64 {
    const OF_TLS: [&str; 8] =
        ["url", "tls", "groups", "client-certificates", "certificate", "authority", "resumption", "clock"];
    let settings = |of: &std::collections::BTreeMap<String, String>| {
        of.iter().filter(|(name, _)| OF_TLS.contains(&name.as_str())).map(|(n, v)| (n.clone(), v.clone())).collect()
    };
    let mut all: Vec<Vec<(String, String)>> = vec![settings(&row.cast.broker)];
    all.extend(row.cast.terminals.iter().map(|terminal| settings(&terminal.settings)));
    Survey::digest_of(&(all, &row.cast.certificates))
}
