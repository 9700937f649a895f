//! Client cores in other processes beside ours: a scenario, a sweep, and a month of refused dials.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use criterion::Criterion;
use sca_bridge::lines::Level;
use sca_bridge::{Cores, ForeignCore};
use sca_environment::Identities;
use sca_judge::Verdict;
use sca_model::Scenario;
use sca_terminal::SimulatedTerminal;
use sca_world::{Options, play};

use super::common;

/// The command of the sample in C; none without a compiler.
fn c_core() -> Option<String> {
    let program = std::env::temp_dir().join(format!("sca-sim-bench-core-{}", std::process::id()));
    let source = common::root().join("tests/cores/c/client_core.c");
    let status = Command::new("cc").arg("-O2").arg("-o").arg(&program).arg(source).status().ok()?;
    status.success().then(|| program.display().to_string())
}

fn python_core() -> Option<String> {
    let path = common::root().join("tests/cores/python/client_core.py");
    let is_there = Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success());
    is_there.then(|| format!("python3 {}", path.display()))
}

/// Runs the program on a scenario of the suite, with our core or another.
fn runs(command: &str, scenarios: &str, core: Option<&str>) {
    let scenarios: PathBuf = common::root().join("scenarios").join(scenarios);
    let mut run = Command::new(env!("CARGO_BIN_EXE_sca-sim"));
    run.arg(command).arg(scenarios);
    if let Some(core) = core {
        run.args(["--core", core]);
    }
    let output = run.output().expect("the program runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

pub(super) fn measure(criterion: &mut Criterion, scenario: &Scenario, identities: &Arc<Identities>) {
    let cores = [("C", c_core()), ("Python", python_core())];
    for (language, core) in &cores {
        if core.is_none() {
            eprintln!("not measured here: the core in {language} (it cannot be built or run)");
        }
    }
    let mut group = criterion.benchmark_group("cores");
    for (language, core) in cores.iter().filter_map(|(language, core)| Some((language, core.as_ref()?))) {
        let cores = Cores::new(core, Level::Documents, Duration::from_secs(5));
        let make = |config| SimulatedTerminal::<ForeignCore>::around(config, |config| ForeignCore::new(&cores, config));
        group.bench_function(format!("ws scenario, {language}"), |b| {
            b.iter(|| {
                let played = play(scenario, &Options::default(), identities, &make);
                assert!(matches!(played[0].verdict, Verdict::Pass), "{:?}", played[0].verdict);
            });
        });
    }
    group.sample_size(10);
    let all =
        [("ours", None)].into_iter().chain(cores.iter().filter_map(|(name, core)| Some((*name, Some(core.as_ref()?)))));
    for (name, core) in all {
        let core = core.map(String::as_str);
        group
            .bench_function(format!("sweep, {name}"), |b| b.iter(|| runs("sweep", "counter/over_reconnect.sca", core)));
        group.bench_function(format!("month of refusals, {name}"), |b| {
            b.iter(|| runs("run", "disconnects/month_of_refusals.sca", core));
        });
    }
    group.finish();
}
