//! Tests that the evidence detects violations: every clause is broken in every way its wording allows, from the first
//! opportunity on and from later ones, and the scenarios that cover it are played without snapshots. One of the lines
//! that cover the clause has to fail.
//!
//! `sim/report/src/conformance/violations.csv` holds how many are planted and caught; `sca-sim conformance` shows them.

#[path = "../common/mod.rs"]
mod common;
mod table;
mod wrapper;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use sca_environment::{Authorities, Identities};
use sca_files::Loaded;
use sca_judge::Verdict;
use sca_world::{Options, play};
use table::{UNBREAKABLE, Violation, violations};
use wrapper::{Does, Reply, document, violator};

/// The scenarios that cover a clause, with the positions of the covering lines.
struct Evidence {
    loaded: Loaded,
    lines: Vec<(u16, u32)>,
}

fn evidence() -> BTreeMap<&'static str, Vec<Evidence>> {
    let clauses: &'static [&'static str] = sca_protocol::clauses::ids().leak();
    let mut all: BTreeMap<&'static str, Vec<Evidence>> = BTreeMap::new();
    for path in common::scenarios() {
        let loaded = sca_files::load(&path, clauses).expect("the scenario can be read");
        let scenario = loaded.scenario.as_ref().expect("the scenario is valid");
        let mut lines: BTreeMap<&'static str, Vec<(u16, u32)>> = BTreeMap::new();
        for (id, span, _) in scenario.evidence() {
            let id = clauses.iter().find(|known| **known == id).expect("the clause is known");
            lines.entry(id).or_default().push((span.file, span.line));
        }
        for (id, lines) in lines {
            let loaded = sca_files::load(&path, clauses).expect("the scenario can be read");
            all.entry(id).or_default().push(Evidence { loaded, lines });
        }
    }
    // Short scenarios are played first.
    for files in all.values_mut() {
        files.sort_by_key(|one| one.loaded.scenario.as_ref().map_or(0, |scenario| scenario.rows.len()));
    }
    all
}

/// How a violation is caught: by which line, or what failed instead.
fn caught(
    violation: &Violation,
    begin: u32,
    evidence: &[Evidence],
    identities: &Arc<Identities>,
) -> Result<(), String> {
    let mut instead = Vec::new();
    for one in evidence {
        let Ok(scenario) = &one.loaded.scenario else { continue };
        for played in play(scenario, &Options::default(), identities, &|config| violator(violation.does, begin, config))
        {
            let Verdict::Fail(failure) = &played.verdict else { continue };
            if one.lines.contains(&(failure.span.file, failure.span.line)) {
                return Ok(());
            }
            let path = one.loaded.path.strip_prefix(common::root()).unwrap_or(&one.loaded.path).display();
            instead.push(format!("{path}:{}: {}", failure.span.line, failure.headline));
            break;
        }
    }
    instead.truncate(4);
    Err(if instead.is_empty() { "nothing fails".to_owned() } else { format!("elsewhere: {}", instead.join("; ")) })
}

fn identities() -> Arc<Identities> {
    Authorities::new().expect("an authority can be made").memory
}

/// The violations selected by the environment variable VIOLATIONS, for work on the table; all if it is not set.
fn asked() -> Vec<&'static Violation> {
    let wanted = std::env::var("VIOLATIONS").unwrap_or_default();
    violations().filter(|violation| violation.name.contains(&wanted) || violation.clause == wanted).collect()
}

#[test]
fn every_violation_is_caught_by_a_line_that_covers_its_clause() {
    let evidence = evidence();
    let all: Vec<(&Violation, u32)> = asked()
        .into_iter()
        .flat_map(|violation| violation.begins.iter().map(move |begin| (violation, *begin)))
        .collect();
    let (next, missed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let identities = identities();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((violation, begin)) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let files = evidence.get(violation.clause).map_or(&[][..], Vec::as_slice);
                    if let Err(why) = caught(violation, *begin, files, &identities) {
                        let line = format!("{} {} from {begin}: {why}", violation.clause, violation.name);
                        missed.lock().expect("no thread panics").push(line);
                    }
                }
            });
        }
    });
    let mut missed = missed.into_inner().expect("no thread panics");
    missed.sort();
    assert!(missed.is_empty(), "{} of {} are missed:\n{}", missed.len(), all.len(), missed.join("\n"));
}

/// No line of the scenario looks at what breaks the law.
#[test]
fn a_law_is_held_where_no_line_looks() {
    const ONE: &str =
        "pos -> terminal  DEVICE VERSION COUNTER=5  as ask\nterminal -> pos  RESULT=OK  re ask\nwait 1s\n";
    const TWO: &str = "together\n  pos -> terminal  DEVICE VERSION COUNTER=5  as ask\n  \
                       pos -> terminal  DEVICE VERSION COUNTER=6  as next\nterminal -> pos  RESULT=OK  re ask\n";
    let again = Does::Reply(|_, r, _| Reply::Texts(vec![document(r.fields().to_vec()); 2]));
    let stray = Does::Reply(|_, r, _| {
        let text = document(r.fields().to_vec());
        let other = text.replace("<COUNTER>5<", "<COUNTER>77<");
        Reply::Texts(vec![text, other])
    });
    let cases = [
        (TWO, again, "`ask` was answered a second time"),
        (ONE, stray, "an answer arrived that matches no open request"),
    ];
    for (steps, does, says) in cases {
        let text = format!("scenario \"One answer each\"\n\nterminal connects\n{steps}");
        let scenario = sca_scenario::parse(&text).expect("the scenario is valid");
        let played = play(&scenario, &Options::default(), &identities(), &|config| violator(does, 1, config)).remove(0);
        let Verdict::Fail(failure) = &played.verdict else { panic!("{:?}", played.verdict) };
        let told = format!("{} {} {:?}", failure.headline, failure.label, failure.notes);
        assert!(told.contains("one-answer") && told.contains(says), "{told}");
    }
}

#[test]
fn the_numbers_that_conformance_shows_are_those_of_the_table() {
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    for violation in violations() {
        *numbers.entry(violation.clause).or_default() += violation.begins.len();
    }
    let ids = sca_protocol::clauses::ids();
    let mut text = "clause,planted\n".to_owned();
    for id in &ids {
        let planted = numbers.get(id).copied().unwrap_or_default();
        let reason = UNBREAKABLE.iter().find(|(clause, _)| clause == id);
        assert!(planted >= 6 || reason.is_some(), "{id} has {planted} violations and no reason for so few");
        text.push_str(&format!("{id},{planted}\n"));
    }
    let total: usize = numbers.values().sum();
    let shown = evidence().into_iter().filter(|(clause, files)| ids.contains(clause) && !files.is_empty()).count();
    let claims = [
        format!("{shown} of {} clauses of the specification have scenarios", ids.len()),
        format!("{total} violations are planted"),
    ];
    let readme = std::fs::read_to_string(common::root().join("README.md")).expect("the README can be read");
    for claim in claims {
        assert!(readme.contains(&claim), "the README does not say {claim:?}");
    }
    let path: PathBuf = common::root().join("sim/report/src/conformance/violations.csv");
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(kept, text, "{} is of another table", path.display());
}

#[test]
fn the_sound_terminal_breaks_nothing() {
    let evidence = evidence();
    let sound = Violation { clause: "WS-01", name: "sound", does: wrapper::Does::Say(|_, _| None), begins: &[1] };
    let files = evidence.get(sound.clause).expect("it has evidence");
    assert_eq!(caught(&sound, 1, files, &identities()), Err("nothing fails".to_owned()));
}
