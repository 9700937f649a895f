//! Tests of runs: two that have to be equal, rows and bytes that are played alone, and what a run that could not be made
//! leaves behind.

use crate::common;

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::common::{file, folder, run, text};
use rstest::rstest;
use sca_core::{Display, Input, Output, Terminal, TerminalConfig};
use sca_judge::Verdict;
use sca_suite::SnapshotMode;
use sca_suite::audit::audit;
use sca_terminal::{SimulatedTerminal, simulated};
use sca_world::{Options, Place, Played};

/// A terminal whose answers are reworded before they are sent.
struct Rewords<F>(SimulatedTerminal, F);

impl<F: Fn(&str) -> String> Terminal for Rewords<F> {
    fn handle(&mut self, now: sca_protocol::Now, input: Input) -> Vec<Output> {
        let reworded = |output: Output| match output {
            Output::Text { connection, text } => Output::Text { connection, text: (self.1)(&text) },
            other => other,
        };
        self.0.handle(now, input).into_iter().map(reworded).collect()
    }

    fn deadline(&self) -> Option<std::time::Duration> {
        self.0.deadline()
    }

    fn display(&self) -> Display {
        self.0.display()
    }

    fn configure(&mut self, settings: sca_protocol::settings::TerminalSettings) {
        self.0.configure(settings);
    }
}

/// Number of terminals made so far. The serial number of each differs, so that no two runs are equal.
static MADE: AtomicU64 = AtomicU64::new(0);

#[test]
fn an_audit_finds_the_first_event_in_which_two_runs_part() {
    let folder = folder("audit");
    file(
        &folder,
        "a.sca",
        "scenario \"A\"\n\nterminal connects\npos -> terminal  SECONDARYPORT STATUS  as ask\nterminal -> pos  RESULT=OK  re ask\n",
    );
    let paths = [folder.join("a.sca")];
    let usual = common::suite(Options::default(), SnapshotMode::Ignore, &[]);
    let audited = audit(usual, &paths, 2).expect("it can be read");
    assert_eq!((audited.rows, audited.divergences.len()), (1, 0));
    let make = |config: TerminalConfig| {
        let serial = format!("SIM-{}", MADE.fetch_add(1, Ordering::Relaxed));
        Rewords(simulated(config), move |text: &str| text.replace("SIM-1", &serial))
    };
    let identities = common::suite(Options::default(), SnapshotMode::Ignore, &[]).identities;
    let suite = sca_suite::Suite {
        options: Options::default(),
        snapshots: SnapshotMode::Ignore,
        make: &make,
        clauses: &[],
        identities,
        real: sca_suite::ExternalParty::Nothing,
    };
    let parted = audit(suite, &paths, 2).expect("it can be read").divergences;
    assert_eq!(parted.len(), 1);
    assert!(parted[0].first.as_ref().is_some_and(|event| event.contains("SERIAL_NUMBER=SIM-0")), "{parted:?}");
    assert!(parted[0].second.as_ref().is_some_and(|event| event.contains("SERIAL_NUMBER=SIM-1")), "{parted:?}");
    let said = run(&folder, &["run", "--audit", "a.sca"]);
    assert!(said.status.success() && text(&said.stdout).contains("0 diverge"), "{}", text(&said.stdout));
}

/// Only a request that arrives at the POS is reported as a misdirected host request.
#[rstest]
#[case("hello", false)]
#[case("<RESPONSE>", false)]
#[case("<TRANSACTION><FUNCTION_TYPE>PAYMENT</FUNCTION_TYPE><COMMAND>CAPTURE</COMMAND></TRANSACTION>", true)]
fn a_text_that_is_no_answer_is_called_what_it_is(#[case] says: &'static str, #[case] is_astray: bool) {
    let scenario = sca_scenario::parse(
        "scenario \"A\"\n\nterminal connects\npos -> terminal  DEVICE VERSION  as ask\nterminal -> pos  RESULT=OK  re ask\n",
    );
    let scenario = scenario.expect("it is valid");
    let identities = common::suite(Options::default(), SnapshotMode::Ignore, &[]).identities.memory;
    let make = |config: TerminalConfig| Rewords(simulated(config), |_: &str| says.to_owned());
    let played = sca_world::play(&scenario, &Options::default(), &identities, &make);
    let Verdict::Fail(failure) = &played[0].verdict else { panic!("{:?}", played[0].verdict) };
    let told = format!("{failure:?}{}", played[0].transcript);
    assert_eq!(told.contains("hosts-apart"), is_astray, "{told}");
}

#[test]
fn a_row_is_played_alone_by_the_command_that_its_failure_prints() {
    let folder = folder("rows");
    file(
        &folder,
        "a.sca",
        "scenario \"A\"\neach     (n, words) in [(1, x y), (2, it's)]\n\nterminal connects\npos -> terminal  SESSION START INVOICE=\"{{n}} {{words}}\"  as start\nterminal -> pos  RESULT=BUSY  re start\n",
    );
    let said = text(&run(&folder, &["run", "a.sca", "--report", "json=all.json"]).stderr);
    let replays: Vec<&str> =
        said.lines().filter_map(|line| line.split_once("replay: sca-sim ").map(|(_, it)| it)).collect();
    assert_eq!(replays, ["run a.sca --row n=1 --row 'words=x y'", "run a.sca --row n=2 --row 'words=it'\\''s'"]);
    for replay in replays {
        let line = format!("{} {replay}", env!("CARGO_BIN_EXE_sca-sim"));
        let said = std::process::Command::new("sh")
            .args(["-c", &line])
            .current_dir(&folder)
            .output()
            .expect("a shell is there");
        assert!(text(&said.stdout).starts_with("1 scenario in memory: 0 passed, 1 failed"), "{}", text(&said.stdout));
    }
    assert_eq!(run(&folder, &["run", "a.sca", "--row", "n=3"]).status.code(), Some(2));
    let report = fs::read_to_string(folder.join("all.json")).expect("it was written");
    assert!(report.contains("--row n=1"), "{report}");
}

#[test]
fn a_row_that_is_too_long_for_the_wire_says_what_allows_it() {
    let folder = folder("too-long");
    file(&folder, "a.sca", "scenario \"Long\"\n\nterminal connects\nwait 5m\n");
    let said = run(&folder, &["run", "--wire", "a.sca"]);
    let told = text(&said.stdout) + &text(&said.stderr);
    assert!(told.contains("it would take 7 s of real time; the limit is 5 s; `--longest 7` allows it"), "{told}");
    let said = run(&folder, &["run", "--wire", "--longest", "7", "a.sca"]);
    assert!(said.status.success(), "{}", text(&said.stdout));
}

#[test]
fn one_byte_of_each_is_played_alone() {
    let folder = folder("rows-bytes");
    file(
        &folder,
        "a.sca",
        "scenario \"A\"\n\nterminal connects\nfault reset after each byte of reply to ask\npos -> terminal  DEVICE VERSION  as ask\n\
         without terminal loses\n  wait 1s\n",
    );
    let said = text(&run(&folder, &["run", "a.sca"]).stderr);
    assert!(said.contains("replay: sca-sim run a.sca --row byte=1\n"), "{said}");
    for world in
        [&["run", "-t", "a.sca", "--row", "byte=17"][..], &["run", "-t", "a.sca", "--row", "byte=17", "--wire"]]
    {
        let played = run(&folder, world);
        let told = text(&played.stdout);
        assert!(told.contains("# fault: 17 of ") && !told.contains("# fault: 18 of "), "{told}");
        assert_eq!(played.status.code(), Some(1));
    }
    for none in ["byte=0", "byte=x", "n=1"] {
        assert_eq!(run(&folder, &["run", "a.sca", "--row", none]).status.code(), Some(2), "{none}");
    }
}

/// The run in memory, which shows whether sockets can play a row, leaves no evidence for rows that sockets cannot play.
#[test]
fn what_cannot_be_played_has_no_evidence_of_another_run() {
    let folder = folder("verdict-inapplicable");
    file(
        &folder,
        "a.sca",
        "scenario \"Slow\"\n\nterminal connects\nfault latency 500ms\npos -> terminal  DEVICE VERSION COUNTER=5  as five\n\
         terminal -> pos  RESULT=OK  re five\npos -> terminal  DEVICE VERSION COUNTER=3  as three\n\
         terminal -> pos  RESULT=OK  re three\n",
    );
    let memory =
        Options { keeps_frames: true, keeps_displays: true, keeps_trace: true, projects: true, ..Options::default() };
    let wire = Options { place: Place::Wire { scale: 50 }, ..memory.clone() };
    let [memory, wire] = [memory, wire].map(|options| {
        let suite = common::suite(options, SnapshotMode::Ignore, &[]);
        suite.file(&folder.join("a.sca")).expect("the file can be read").rows.remove(0)
    });
    assert!(matches!(wire.verdict, Verdict::Inapplicable(_)), "{:?}", wire.verdict);
    let kept = |row: &Played| {
        [
            !row.transcript.is_empty(),
            !row.frames.is_empty(),
            !row.displays.is_empty(),
            row.trace.is_some(),
            !row.assumed.is_empty(),
            !row.evidence.codes.is_empty(),
            !row.lasted.is_zero(),
        ]
    };
    assert_eq!(kept(&memory), [true; 7]);
    assert_eq!(kept(&wire), [false; 7]);
    assert!(wire.projection.is_empty());
}

/// A snapshot that cannot be read is named, and hides no verdict.
#[test]
fn a_snapshot_that_cannot_be_read_hides_no_verdict() {
    let folder = folder("snapshot-unreadable");
    file(&folder, "good.sca", "scenario \"G\"\n\nterminal connects\n");
    assert!(run(&folder, &["run", "--update", "good.sca"]).status.success());
    let kept = folder.join("snapshots/good.snap");
    fs::write(&kept, [0xff, 0xfe, 0]).expect("it can be written");
    let said = run(&folder, &["run", "good.sca"]);
    let told = text(&said.stdout) + &text(&said.stderr);
    assert!(said.status.code() == Some(4) && told.contains("good.snap") && told.contains("1 passed"), "{told}");
    fs::remove_file(&kept).expect("it is there");
    fs::create_dir(&kept).expect("it can be made");
    let said = run(&folder, &["run", "good.sca"]);
    let told = text(&said.stdout) + &text(&said.stderr);
    assert!(said.status.code() == Some(4) && told.contains("good.snap") && told.contains("1 passed"), "{told}");
}
