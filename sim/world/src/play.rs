//! Playing one row of a scenario in one world: in memory with virtual time, or on real sockets in scaled time.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use sca_core::{Target, Terminal, TerminalConfig};
use sca_judge::trace::Trace;
use sca_judge::verdict::Verdict;
use sca_judge::{mask, projection, transcript};
use sca_model::{Row, Scenario};
use sca_network::{Dialer, MemoryNetwork};
use sca_protocol::settings::{BrokerSettings, EstateSettings, HostSettings, SettingError, TerminalSettings, with};
use sca_protocol::{Chance, UnixTime};
use tokio::runtime::Builder;
use tokio::task::LocalSet;

use crate::external::{dialer, queue, slack};
use crate::interrupt::or_interrupted;
use crate::options::{Options, Place, Probe};
use crate::played::Played;
use crate::rows::{has_each_byte, with_bytes};
use crate::setup::cast;
use sca_driver::{Cast, Keeps, Network, Outcome, Prepared, Task, UnderTest, WorldConfig, run};
use sca_environment::clock::{Clock, DeviceClock};
use sca_environment::identities::Identities;
use sca_environment::target::{CLOCK, target};
use sca_faults::probe::survey::Survey;

/// Plays every row of a scenario with the client core that `make` makes: the simulated terminal, or another
/// implementation of [`Terminal`]. Returns the verdict, the transcript and the evidence of each row.
///
/// ```
/// use std::sync::Arc;
/// use sca_certs::KeyKind;
/// use sca_protocol::UnixTime;
/// use sca_judge::Verdict;
/// use sca_terminal::simulated;
/// use sca_environment::Identities;
/// use sca_world::{Options, play};
///
/// let scenario = sca_scenario::parse(
///     "scenario \"GET COUNTER as the first command answers 1\"\n\n\
///      terminal connects\n\
///      pos -> terminal  ADMIN GET_COUNTER  as ask\n\
///      terminal -> pos  COUNTER=1  re ask\n",
/// )
/// .expect("the scenario is valid");
/// let identities = Arc::new(Identities::new(KeyKind::Ed25519, UnixTime(1_768_467_600))?);
///
/// let played = play(&scenario, &Options::default(), &identities, &simulated);
/// assert!(matches!(played[0].verdict, Verdict::Pass));
/// assert!(played[0].transcript.contains("terminal connects"));
/// # Ok::<(), sca_certs::CertError>(())
/// ```
pub fn play<C: Terminal>(
    scenario: &Scenario,
    options: &Options,
    identities: &Arc<Identities>,
    make: &dyn Fn(TerminalConfig) -> C,
) -> Vec<Played> {
    let mut all = Vec::with_capacity(scenario.rows.len());
    for row in &scenario.rows {
        if !has_each_byte(&row.steps) {
            all.push(judged(scenario, options.today, play_row(scenario, row, options, identities, make)));
            continue;
        }
        let wanted = options.rows.iter().find(|(name, _)| name == "byte").and_then(|(_, value)| value.parse().ok());
        let mut count = wanted.unwrap_or(1);
        loop {
            let mut one = Row { steps: with_bytes(&row.steps, count), ..row.clone() };
            one.values.push(("byte".to_owned(), count.to_string()));
            let played = play_row(scenario, &one, options, identities, make);
            let size = played.carrier_size.unwrap_or(0);
            all.push(judged(scenario, options.today, played));
            count += 1;
            if count >= size || wanted.is_some() {
                break;
            }
        }
    }
    all
}

/// Applies `expect-fail` of the header to a verdict, names the row in its notes, and masks secrets in the failure.
pub fn judged(scenario: &Scenario, today: Option<UnixTime>, mut played: Played) -> Played {
    if let Verdict::Fail(failure) = &mut played.verdict {
        failure.label = mask::told(&failure.label).into_owned();
        for note in &mut failure.notes {
            *note = mask::told(note).into_owned();
        }
    }
    if let Verdict::Fail(failure) = &mut played.verdict
        && !played.values.is_empty()
    {
        let values = sca_model::shown_values(&played.values);
        failure.notes.insert(0, format!("in the row {values}"));
    }
    if let Some(known) = &scenario.header.expect_fail {
        played.verdict = match played.verdict {
            Verdict::Pass => Verdict::UnexpectedPass,
            Verdict::Fail(failure) if today.is_some_and(|today| known.until.is_over(today)) => {
                let until = known.until.day();
                let note = format!("expected to fail until {until}, which has passed: {}", known.reason);
                Verdict::Fail(Box::new(failure.note(note)))
            }
            Verdict::Fail(failure) => Verdict::ExpectedFail(failure),
            other => other,
        };
    }
    played
}

/// Plays one row and applies `expect-fail`.
pub fn play_one<C: Terminal>(
    scenario: &Scenario,
    row: &Row,
    options: &Options,
    identities: &Arc<Identities>,
    make: &dyn Fn(TerminalConfig) -> C,
) -> Played {
    judged(scenario, options.today, play_row(scenario, row, options, identities, make))
}

fn play_row<C: Terminal>(
    scenario: &Scenario,
    row: &Row,
    options: &Options,
    identities: &Arc<Identities>,
    make: &dyn Fn(TerminalConfig) -> C,
) -> Played {
    let mut builder = Builder::new_current_thread();
    let runtime = match options.place {
        // A paused clock runs ahead of real sockets, so this runtime has no sockets.
        Place::Memory => builder.enable_time().start_paused(true).build(),
        Place::Wire { .. } => builder.enable_all().build(),
    };
    match runtime {
        Ok(runtime) => {
            let play = play_here(scenario, row, options, identities, make, UnderTest::Nothing);
            // A row in memory takes too little time to be worth interrupting.
            let interrupt = options.interrupt.as_ref().filter(|_| options.place != Place::Memory);
            LocalSet::new().block_on(&runtime, or_interrupted(interrupt, row, play))
        }
        Err(error) => Played::cannot_run(row, error.to_string()),
    }
}

/// Plays one row on the runtime that is entered.
pub async fn play_here<C: Terminal>(
    scenario: &Scenario,
    row: &Row,
    options: &Options,
    identities: &Arc<Identities>,
    make: &dyn Fn(TerminalConfig) -> C,
    under_test: UnderTest,
) -> Played {
    let scale = match options.place {
        Place::Memory => 1,
        Place::Wire { scale } => scale,
    };
    let (brokers, host, vhq) = match parties(row) {
        Ok(settings) => settings,
        Err(error) => return Played::cannot_run(row, error.to_string()),
    };
    let truth = scenario.header.clock.unwrap_or(CLOCK);
    if options.place != Place::Memory {
        prepare_identities(row, &brokers, truth, identities);
    }
    let clock = Clock::start(scale);
    let slack = slack(&under_test, options.place, clock);
    let chance = Chance::new(options.seed.or(scenario.header.seed).unwrap_or(1));
    let queue = queue(&under_test);
    let prepared = Prepared::default();
    let accept = prepared.acceptor(queue.clone());
    let (dialer, memory) = match options.place {
        Place::Memory => {
            let (latency, bandwidth, pulse) = (brokers[0].latency, brokers[0].bandwidth, queue.pulse.clone());
            let memory = MemoryNetwork::new(latency, bandwidth, chance, pulse, accept);
            (Dialer::Memory(memory.clone()), Some(memory))
        }
        Place::Wire { .. } => match dialer(&under_test, accept).await {
            Ok(dialer) => (dialer, None),
            Err(error) => return Played::cannot_run(row, format!("cannot listen on a socket: {error}")),
        },
    };
    let terminals = match cast((scenario, row), &brokers[0], (clock, truth, slack), chance, make) {
        Ok(terminals) => terminals,
        Err(error) => return Played::cannot_run(row, error.to_string()),
    };
    let with_clock = |broker: BrokerSettings| {
        let device_clock = DeviceClock::new(clock, broker.clock.unwrap_or(truth));
        (broker, device_clock)
    };
    let config = WorldConfig {
        header: &scenario.header,
        assets: &scenario.assets,
        certificates: &row.cast.certificates,
        identities: identities.clone(),
        chance,
        clock,
        keeps: Keeps {
            frames: options.keeps_frames,
            displays: options.keeps_displays || options.keeps_trace,
            trace: options.keeps_trace,
        },
        slack,
        key_notes: options.key_notes.clone(),
        arrivals: options.arrivals.clone(),
        start_order: options.start_order,
    };
    let cast = Cast { terminals, brokers: brokers.into_iter().map(with_clock).collect(), host, vhq, under_test };
    let network = Network { queue, dialer, memory, prepared };
    let outcome = run(config, cast, network, row, task(options.probe, row, (truth, chance))).await;
    played(scenario, row, options, outcome, clock.elapsed())
}

/// The settings of the brokers, the payment host and the estate host.
fn parties(row: &Row) -> Result<(Vec<BrokerSettings>, HostSettings, EstateSettings), SettingError> {
    let brokers: Result<_, _> = row.cast.brokers().map(with).collect();
    Ok((brokers?, with(&row.cast.host)?, with(&row.cast.vhq)?))
}

/// Makes the TLS identities of a row before its clock starts, because real time does not pause for key generation.
fn prepare_identities(row: &Row, brokers: &[BrokerSettings], truth: UnixTime, identities: &Identities) {
    let targets: Vec<Target> = brokers.iter().map(target).filter(|target| target.secure).collect();
    if targets.is_empty() {
        return;
    }
    let terminals: Vec<TerminalSettings> = row.cast.terminals.iter().filter_map(|t| with(&t.settings).ok()).collect();
    let terminals: Vec<&str> = terminals.iter().map(|settings| settings.pinpad_id.as_str()).collect();
    let brokers: Vec<&str> = targets.iter().map(|target| target.host.as_str()).collect();
    identities.prepare(row, &terminals, &brokers, truth);
}

/// The task that a sweep or the explorer gives a run.
fn task(probe: Probe, row: &Row, (truth, chance): (UnixTime, Chance)) -> Task {
    match probe {
        Probe::None => Task::None,
        Probe::Free => Task::Free,
        Probe::Survey => {
            let certificates: Vec<_> = row.cast.certificates.iter().collect();
            let settings: Vec<_> = row.cast.terminals.iter().map(|t| (&t.name, &t.settings, &t.files)).collect();
            let set_up = (
                settings,
                certificates,
                row.cast.brokers().collect::<Vec<_>>(),
                &row.cast.host,
                &row.cast.vhq,
                truth,
                chance,
                // What follows an injection depends on the lines that follow too.
                &row.steps,
            );
            Task::Survey(Box::new(Survey::new(&set_up)))
        }
        Probe::Injection(injection) => Task::Injection(injection),
    }
}

/// The result of a run, made of what it left behind.
fn played(scenario: &Scenario, row: &Row, options: &Options, mut outcome: Outcome, lasted: Duration) -> Played {
    let names: Vec<String> = row.cast.terminals.iter().map(|t| t.name.clone()).collect();
    let remarks = remarks(&outcome.verdict, &outcome.assumed);
    let kept = outcome.record.take_all();
    let trace = options.keeps_trace.then(|| Trace::new(row, &kept, &outcome.readings, lasted));
    let entries = outcome.record.entries();
    let text = transcript::transcript(&scenario.title, &scenario.header, row, entries, lasted, &remarks);
    Played {
        values: row.values.clone(),
        transcript: match mask::masked_transcript(&text) {
            Cow::Borrowed(_) => text,
            Cow::Owned(masked) => masked,
        },
        projection: if options.projects { projection::projection(&names, entries) } else { String::new() },
        verdict: outcome.verdict,
        model: None,
        assumed: outcome.assumed,
        lasted,
        frames: mask::told(&outcome.frames).into_owned(),
        carrier_size: outcome.carrier_size,
        has_struck: outcome.has_struck,
        survey: outcome.survey.map(|survey| Arc::new(*survey)),
        evidence: outcome.evidence,
        displays: outcome.displays,
        trace,
    }
}

/// The comment lines at the end of a transcript: the verdict and the assumptions it rests on.
fn remarks(verdict: &Verdict, assumed: &std::collections::BTreeSet<&'static str>) -> Vec<String> {
    let on = assumed.iter().copied().collect::<Vec<_>>().join(" ");
    let on = if on.is_empty() { on } else { format!(" on {on}") };
    let why = match verdict {
        Verdict::Fail(failure) | Verdict::ExpectedFail(failure) => format!(": {}", failure.headline),
        Verdict::Error(why) | Verdict::CannotRun(why) => format!(": {why}"),
        _ => String::new(),
    };
    vec![format!("{}{on}{why}", verdict.word())]
}
