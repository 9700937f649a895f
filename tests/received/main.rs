//! Tests of every row of the table of faults by the bytes that the other side received: the row's first evidence is
//! played in memory and, if the row says so, on sockets, and the bytes read at each end are compared with the row.

#[path = "../common/mod.rs"]
mod common;
mod ends;
mod links;
mod speech;

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Arc;

use ends::Ends;
use libtest_mimic::{Arguments, Failed, Trial};
use sca_certs::KeyKind;
use sca_environment::Identities;
use sca_hunt::sweep::{Injection, Kind, Part, Spot};
use sca_judge::Verdict;
use sca_model::fault_table;
use sca_model::fault_table::FaultRow;
use sca_model::{Row, Scenario};
use sca_network::Arrivals;
use sca_protocol::UnixTime;
use sca_terminal::simulated;
use sca_world::{Options, Place, Probe, play};

/// The check for one row of the table.
struct Claim {
    /// The kind of fault, as the table names it.
    kind: &'static str,
    /// A scenario to play instead of the first evidence, if the evidence hides the bytes.
    scenario: Option<&'static str>,
    /// The scenario's rows that are of this kind; `None` for all.
    only: Option<(&'static str, &'static str)>,
    /// Whether the received bytes are as the row says.
    holds: fn(&Ends) -> bool,
}

/// A kind that its first evidence shows in every row.
const fn claim(kind: &'static str, holds: fn(&Ends) -> bool) -> Claim {
    Claim { kind, scenario: None, only: None, holds }
}

/// A kind that its first evidence shows in the rows with this value.
const fn where_(kind: &'static str, only: (&'static str, &'static str), holds: fn(&Ends) -> bool) -> Claim {
    Claim { only: Some(only), ..claim(kind, holds) }
}

/// A kind shown by a scenario written for it.
const fn by(kind: &'static str, scenario: &'static str, holds: fn(&Ends) -> bool) -> Claim {
    Claim { scenario: Some(scenario), ..claim(kind, holds) }
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let claims: &'static [Claim] = Vec::leak(links::claims().into_iter().chain(speech::claims()).collect());
    let now = UnixTime(1_768_467_600);
    let identities = Arc::new(Identities::new(KeyKind::P256, now).expect("an authority can be made"));
    let mut trials = vec![Trial::test("every kind is held to its bytes", move || every_kind_is_there(claims))];
    let authority = identities.clone();
    let each_byte = move || each_byte_of_a_sweep_is_a_place_of_its_own(&authority);
    trials.push(Trial::test("each byte of a sweep is a place of its own", each_byte));
    for claim in claims {
        let row = fault_table::all().find(|row| row.kind == claim.kind);
        let Some(row) = row else { panic!("no kind is called {}", claim.kind) };
        let only = claim.only.map(|(name, value)| format!(" {name}={value}")).unwrap_or_default();
        for wire in [false, true].into_iter().filter(|wire| !wire || row.on_the_wire()) {
            let (identities, place) = (identities.clone(), if wire { "on sockets" } else { "in memory" });
            let judge = move || judge(claim, row, wire, &identities);
            trials.push(Trial::test(format!("{}{only} {place}", claim.kind), judge));
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A storm needs a fleet; tests/judging/fleet.rs checks what its broker receives.
const ELSEWHERE: &str = "reconnect storm";

fn every_kind_is_there(claims: &[Claim]) -> Result<(), Failed> {
    let claimed: BTreeSet<&str> = claims.iter().map(|claim| claim.kind).collect();
    let all = fault_table::all().map(|row| row.kind).filter(|kind| *kind != ELSEWHERE);
    let missing: Vec<&str> = all.filter(|kind| !claimed.contains(kind)).collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("nothing says which bytes these bring: {missing:?}").into()) }
}

/// Each byte that `sweep --bytes` counts as an injection point: of data to the terminal, exactly that many bytes
/// arrive.
fn each_byte_of_a_sweep_is_a_place_of_its_own(identities: &Arc<Identities>) -> Result<(), Failed> {
    let scenario = sca_scenario::parse(
        "scenario \"Asked\"\n\nbroker\n  url ws://broker.test\n\nterminal connects\npos -> terminal  ADMIN GET_COUNTER  as ask\n\
         terminal -> pos  RESULT=OK  re ask\n",
    )
    .expect("it is valid");
    let arrived = |probe: Probe| {
        let arrivals = Arrivals::default();
        let options = Options { probe, arrivals: Some(arrivals.clone()), ..Options::default() };
        let played = play(&scenario, &options, identities, &simulated);
        Ends::new(arrivals.take(), &played[0].values, true).terminal(1)
    };
    let whole = arrived(Probe::None);
    let answer = ends::head(&whole).len();
    // The terminal's upgrade request counts as the first frame.
    for (frame, before, size) in [(2, 0, answer), (3, answer, whole.len() - answer)] {
        for kind in [Kind::Reset, Kind::Fin, Kind::Silence] {
            for bytes in 1..size {
                let count = u32::try_from(bytes).expect("it is short");
                let got = arrived(Probe::Injection(Injection { at: Spot::Frame(frame, Part::Bytes(count)), kind }));
                if got != whole[..before + bytes] {
                    let wanted = before + bytes;
                    return Err(format!(
                        "{kind:?} at byte {bytes} of frame {frame}: {} arrived, not {wanted}",
                        got.len()
                    )
                    .into());
                }
            }
        }
    }
    Ok(())
}

fn scenario(claim: &Claim, row: &FaultRow) -> Scenario {
    match claim.scenario {
        Some(text) => sca_scenario::parse(&format!("scenario \"{}\"\n{text}", claim.kind)).expect("it is valid"),
        None => {
            let path = common::root().join("scenarios").join(row.evidence[0]).with_extension("sca");
            let loaded = sca_files::load(&path, &sca_protocol::clauses::ids()).expect("the scenario can be read");
            loaded.scenario.expect("the scenario is valid")
        }
    }
}

fn judge(claim: &Claim, row: &FaultRow, wire: bool, identities: &Arc<Identities>) -> Result<(), Failed> {
    let scenario = scenario(claim, row);
    let is_of_it = |row: &&Row| {
        claim.only.is_none_or(|(name, value)| {
            row.values.iter().any(|(n, v)| n == name && (v == value || v.trim_matches('"') == value))
        })
    };
    let rows: Vec<Row> = scenario.rows.iter().filter(is_of_it).cloned().collect();
    if rows.is_empty() {
        return Err("no row of the scenario is of this kind".into());
    }
    for row in rows {
        let one = Scenario { rows: vec![row.clone()], ..scenario.clone() };
        let arrivals = Arrivals::default();
        let place = if wire { Place::Wire { scale: 50 } } else { Place::Memory };
        let options = Options { place, arrivals: Some(arrivals.clone()), ..Options::default() };
        for played in play(&one, &options, identities, &simulated) {
            let ends = Ends::new(arrivals.take(), &played.values, !wire);
            if !matches!(played.verdict, Verdict::Pass) {
                return Err(format!("{:?}", played.verdict).into());
            }
            if !(claim.holds)(&ends) {
                return Err(format!("not so, in the row {:?}:\n{ends}", played.values).into());
            }
        }
    }
    Ok(())
}
