//! Tests of machine-readable results: every report from one document, merging parts, filters, ledgers, comparisons,
//! audits.

mod common;

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use common::{command, file, folder, run, text};
use rstest::rstest;
use sca_runner::audit::audit;
use sca_runner::suite::SnapshotMode;
use sca_runner::{Core, CoreConfig, Options, Place, Played, Verdict, simulated};
use sca_terminal::{Display, Input, Output, Terminal};
use serde_json::Value;

/// A folder with scenarios that pass, fail, are invalid, fail as expected, or differ from their snapshot.
fn mixed(name: &str) -> std::path::PathBuf {
    let folder = folder(name);
    file(&folder, "changed.sca", "scenario \"Changed\"\n\nterminal connects\n");
    assert!(run(&folder, &["run", "--update", "changed.sca"]).status.success());
    file(
        &folder,
        "changed.sca",
        "scenario \"Changed\"\n\nterminal connects\nwait 1s\nicon connected\nfault reset\nterminal connects\n",
    );
    file(
        &folder,
        "good.sca",
        "scenario \"Good # 1\"\ntags     quick\neach     n in 1..2\n\nterminal connects  covers BOOT-01\nwait {{n}}s\n",
    );
    file(
        &folder,
        "fails.sca",
        "scenario \"Fails, 100%\"\nseed     5\n\nterminal connects\nterminal loses  within 2s  covers REC-01\n",
    );
    file(&folder, "invalid.sca", "scenario \"Invalid\"\n\nterminal conects\n");
    file(
        &folder,
        "known.sca",
        "scenario \"Known\"\nexpect-fail \"not built yet\" until 2099-01-01\n\nterminal connects\nscreen session  within 1s\n",
    );
    folder
}

const FILES: [&str; 5] = ["changed.sca", "fails.sca", "good.sca", "invalid.sca", "known.sca"];

fn report(folder: &Path, kind: &str) -> String {
    let out = format!("{kind}=out/{kind}");
    let said = run(folder, &[&["run", "--report", &out][..], &FILES].concat());
    assert_eq!(said.status.code(), Some(3), "{}", text(&said.stderr));
    fs::read_to_string(folder.join("out").join(kind)).expect("the report is there")
}

#[test]
fn json_has_everything_and_its_version() {
    let document: Value = serde_json::from_str(&report(&mixed("report-json"), "json")).expect("it is JSON");
    assert_eq!(document["version"], 2);
    let summary = &document["summary"];
    let numbers = ["files", "passed", "failed", "inapplicable", "invalid", "changed"]
        .map(|name| summary[name].as_u64().unwrap_or(99));
    assert_eq!(numbers, [5, 3, 1, 0, 1, 1]);
    assert_eq!(summary["expected_failures"], 1);
    let fails = &document["files"][1];
    assert_eq!(
        (&fails["seed"], &fails["clauses"][0], &fails["replay"]),
        (&5.into(), &"REC-01".into(), &"sca-sim run fails.sca".into())
    );
    assert_eq!((&fails["rows"][0]["failure"]["line"], &fails["rows"][0]["verdict"]), (&5.into(), &"fail".into()));
    assert_eq!(document["files"][3]["problems"][0]["code"], "E011");
    assert!(document["files"][0]["difference"].as_str().is_some_and(|text| text.contains("fault reset")));
}

#[test]
fn json_lines_are_one_object_each() {
    let text = report(&mixed("report-jsonl"), "jsonl");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
    let kinds: Vec<&str> = lines.iter().filter_map(|line| line["kind"].as_str()).collect();
    assert_eq!(kinds, ["run", "row", "snapshot", "row", "row", "row", "problem", "row", "summary"]);
}

#[test]
fn junit_says_clause_seed_and_replay_and_what_does_not_count() {
    let text = report(&mixed("report-junit"), "junit");
    for part in [
        r#"<property name="clause" value="REC-01"/>"#,
        r#"<property name="seed" value="5"/>"#,
        r#"<property name="replay" value="sca-sim run fails.sca"/>"#,
        r#"<property name="tag" value="quick"/>"#,
        r#"<skipped message="expected-fail: this was not shown in time"/>"#,
        r#"name="Good # 1 (n=2)""#,
        r#"tests="7" skipped="1" failures="2" errors="1""#,
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn tap_counts_its_points() {
    let text = report(&mixed("report-tap"), "tap");
    let points: Vec<&str> =
        text.lines().filter(|line| line.starts_with("ok ") || line.starts_with("not ok ")).collect();
    assert!(text.starts_with(&format!("TAP version 13\n1..{}\n", points.len())), "{text}");
    assert_eq!(points.iter().filter(|line| line.starts_with("not ok")).count(), 4);
    assert!(text.contains("not ok 7 - known.sca: Known # TODO this was not shown in time"), "{text}");
    assert!(text.contains("good.sca: Good \\# 1 (n=1)"), "{text}");
}

#[test]
fn github_is_told_file_line_and_column() {
    let text = report(&mixed("report-github"), "github");
    assert!(text.lines().all(|line| line.starts_with("::error file=") || line.starts_with("::notice file=")), "{text}");
    assert!(
        text.contains(
            "::error file=invalid.sca,line=3,col=10,title=E011::a terminal does not `conects`%0Adid you mean"
        ),
        "{text}"
    );
    assert!(text.contains("title=Fails%2C 100%25::"), "{text}");
}

#[test]
fn markdown_shows_the_numbers_and_what_is_not_good() {
    let text = report(&mixed("report-markdown"), "markdown");
    assert!(text.starts_with("## sca-sim failed\n") && text.contains("| 3 | 1 | 1 | 0 | 1 | 1 |"), "{text}");
    assert!(text.contains("### `fails.sca`") && text.contains("Replay: `sca-sim run fails.sca` (seed 5)"), "{text}");
    assert!(text.contains("<details><summary>Rows not counted as passed or failed: 1"), "{text}");
}

#[test]
fn several_reports_are_written_at_once_and_one_can_go_to_standard_output() {
    let folder = mixed("report-several");
    let said = run(&folder, &["run", "good.sca", "--report", "junit=a.xml,json=b.json,tap=-"]);
    assert!(said.status.success() && folder.join("a.xml").exists() && folder.join("b.json").exists());
    // Nothing follows the machine-readable output.
    assert!(
        text(&said.stdout).starts_with("TAP version 13") && !text(&said.stdout).contains("passed"),
        "{}",
        text(&said.stdout)
    );
    assert!(text(&said.stderr).contains("2 passed"));
}

#[test]
fn parts_make_the_whole_again() {
    let folder = mixed("shards");
    file(&folder, "good2.sca", "scenario \"Good too\"\n\nterminal connects\nwait 7s\n");
    let files = ["good.sca", "good2.sca", "known.sca"];
    assert!(run(&folder, &[&["run", "--report", "json=whole.json"][..], &files].concat()).status.success());
    for part in ["1/2", "2/2"] {
        let out = format!("json=part{}.json", &part[..1]);
        assert!(run(&folder, &[&["run", "--shard", part, "--report", &out][..], &files].concat()).status.success());
    }
    let merged =
        run(&folder, &["report", "merge", "part2.json", "part1.json", "--report", "json=merged.json,markdown=m.md"]);
    assert!(merged.status.success(), "{}", text(&merged.stderr));
    let read = |name: &str| fs::read_to_string(folder.join(name)).expect("the report is there");
    assert_eq!(read("merged.json"), read("whole.json"));
    assert_eq!(run(&folder, &["report", "merge", "part1.json", "part1.json"]).status.code(), Some(4));
    assert_eq!(run(&folder, &["report", "merge", "good.sca"]).status.code(), Some(4));
    let kubernetes = |index: &str| {
        let mut command = command(&folder, &[&["run", "--shard", "auto/2", "--report", "json=-"][..], &files].concat());
        let said = command.env("JOB_COMPLETION_INDEX", index).output().expect("the program runs");
        let document: Value = serde_json::from_slice(&said.stdout).expect("it is JSON");
        document["shard"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!((kubernetes("0"), kubernetes("1")), ("1/2".to_owned(), "2/2".to_owned()));
    assert_eq!(run(&folder, &["run", "--shard", "auto", "good.sca"]).status.code(), Some(2));
}

#[rstest]
#[case("tag(quick)", "1 scenario")]
#[case("clause(REC-*) or tag(quick)", "2 scenarios")]
#[case("not path(fails.sca)", "2 scenarios")]
#[case("path(good.sca) and not tag(slow)", "1 scenario")]
fn a_filter_takes_what_it_says(#[case] filter: &str, #[case] taken: &str) {
    let folder = mixed(&format!("filter-{}", filter.replace(['(', ')', '*', ' '], "_")));
    let said = run(&folder, &["run", "--filter", filter, "good.sca", "fails.sca", "known.sca"]);
    assert!(text(&said.stdout).starts_with(&format!("{taken} ")), "{}{}", text(&said.stdout), text(&said.stderr));
}

#[test]
fn a_filter_knows_the_last_run_and_says_what_it_is_not() {
    let folder = mixed("filter-last");
    let all = ["good.sca", "fails.sca", "changed.sca"];
    assert_eq!(
        run(&folder, &[&["run", "--filter", "verdict(fail)"][..], &all].concat()).status.code(),
        Some(2),
        "nothing has failed"
    );
    run(&folder, &[&["run"][..], &all].concat());
    let said = run(&folder, &[&["run", "--filter", "verdict(fail) or verdict(changed)"][..], &all].concat());
    assert!(text(&said.stdout).starts_with("2 scenarios"), "{}", text(&said.stdout));
    let said = run(&folder, &["run", "--filter", "tagg(x)", "good.sca"]);
    assert_eq!(said.status.code(), Some(2));
    assert!(text(&said.stderr).contains("did you mean `tag`?"), "{}", text(&said.stderr));
}

#[test]
fn fail_fast_begins_no_other() {
    let folder = mixed("fail-fast");
    let said = run(&folder, &["run", "--fail-fast", "-j", "1", "fails.sca", "good.sca", "known.sca"]);
    assert_eq!(said.status.code(), Some(1));
    assert!(
        text(&said.stdout).contains("1 failed, 1 without") || text(&said.stdout).contains("2 files not started"),
        "{}",
        text(&said.stdout)
    );
}

#[test]
fn a_ledger_excuses_what_is_known_and_its_stale_entries_fail() {
    let folder = mixed("ledger");
    let ledger = |text: &str| file(&folder, "known.csv", &format!("scenario,until,reason\n{text}"));
    ledger("fails.sca,2099-12-31,\"firmware 3.1, ticket 7\"\n");
    let said = run(&folder, &["run", "--ledger", "known.csv", "fails.sca", "good.sca"]);
    assert!(said.status.success(), "{}{}", text(&said.stdout), text(&said.stderr));
    for (entry, why) in [
        ("good.sca,2099-12-31,x\n", "it does not fail"),
        ("fails.sca,2001-01-01,x\n", "which has passed"),
        ("nowhere.sca,2099-12-31,x\n", "no such scenario was played"),
    ] {
        ledger(&format!("fails.sca,2099-12-31,x\n{entry}"));
        let said = run(&folder, &["run", "--ledger", "known.csv", "fails.sca", "good.sca"]);
        assert_eq!(said.status.code(), Some(1), "{entry}");
        assert!(text(&said.stderr).contains(why), "{entry}: {}", text(&said.stderr));
    }
    ledger("fails.sca,soon,x\n");
    assert_eq!(run(&folder, &["run", "--ledger", "known.csv", "fails.sca"]).status.code(), Some(3));
}

#[test]
fn two_matrices_are_compared_with_what_is_worse_first() {
    let folder = mixed("compare");
    run(&folder, &["conformance", "good.sca", "--json", "before.json", "--csv", "a.csv", "--html", "a.html"]);
    file(&folder, "good.sca", "scenario \"Good\"\n\nterminal connects  covers BOOT-01\nscreen session  within 1s\n");
    run(&folder, &["conformance", "good.sca", "--json", "after.json"]);
    let said = run(&folder, &["conformance", "--compare", "before.json", "after.json"]);
    assert_eq!(said.status.code(), Some(1));
    let told = text(&said.stdout);
    assert!(
        told.starts_with("worse:")
            && told.contains("clause BOOT-01")
            && told.contains("scenario good.sca: pass → fail"),
        "{told}"
    );
    assert!(run(&folder, &["conformance", "--compare", "after.json", "before.json"]).status.success());
    assert!(run(&folder, &["conformance", "--compare", "before.json", "before.json"]).status.success());
    let csv = fs::read_to_string(folder.join("a.csv")).expect("it was written");
    assert!(csv.starts_with("clause,verdict,for,against,text,evidence\n") && csv.contains("good.sca:5"), "{csv}");
    assert!(
        fs::read_to_string(folder.join("a.html"))
            .expect("it was written")
            .contains("\"text\":\"terminal connects  covers BOOT-01\"")
    );
}

/// A terminal whose answers are reworded before they are sent.
struct Rewords<F>(Terminal, F);

impl<F: Fn(&str) -> String> Core for Rewords<F> {
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

    fn face(&self) -> Display {
        self.0.face()
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
    let make = |making: CoreConfig| {
        let serial = format!("SIM-{}", MADE.fetch_add(1, Ordering::Relaxed));
        Rewords(simulated(making), move |text: &str| text.replace("SIM-1", &serial))
    };
    let identities = common::suite(Options::default(), SnapshotMode::Ignore, &[]).identities;
    let suite = sca_runner::suite::Suite {
        options: Options::default(),
        snapshots: SnapshotMode::Ignore,
        make: &make,
        clauses: &[],
        identities,
        real: sca_runner::suite::ExternalParty::Nothing,
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
    let make = |making: CoreConfig| Rewords(simulated(making), |_: &str| says.to_owned());
    let played = sca_runner::play(&scenario, &Options::default(), &identities, &make);
    let Verdict::Fail(failure) = &played[0].verdict else { panic!("{:?}", played[0].verdict) };
    let told = format!("{failure:?}{}", played[0].transcript);
    assert_eq!(told.contains("hosts-apart"), is_astray, "{told}");
}

/// Copies the files of a folder, without its subfolders.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder can be made");
    for entry in fs::read_dir(from).expect("the folder can be read") {
        let entry = entry.expect("the entry can be read");
        if entry.path().is_file() {
            fs::copy(entry.path(), to.join(entry.file_name())).expect("the file can be copied");
        }
    }
}

/// The CI recipes work: every command in them is run as written, in a folder with the scenarios.
#[test]
fn the_recipes_work() {
    let page = fs::read_to_string(common::root().join("sim/docs/ci.md")).expect("the recipes can be read");
    // The matrix needs all scenarios; for the others, two themes are enough.
    let (all, some) = (folder("recipes-all"), folder("recipes"));
    std::os::unix::fs::symlink(common::root().join("scenarios"), all.join("scenarios")).expect("a link can be made");
    for theme in ["cancel", "cancel/snapshots", "counter", "counter/snapshots", "lib"] {
        copy(&common::root().join("scenarios").join(theme), &some.join("scenarios").join(theme));
    }
    let mut commands = Vec::new();
    for line in page.lines().filter(|line| line.contains("target/release/sca-sim ") && !line.contains('`')) {
        let from = line.find("target/release/sca-sim ").unwrap_or(0);
        commands.push(line[from..].trim_end_matches('\'').replace("target/release/sca-sim ", ""));
    }
    assert!(commands.len() >= 12, "{commands:?}");
    for (at, line) in commands.iter().enumerate() {
        // A quote that ends a filter belongs to it.
        let line = if line.matches('\'').count() % 2 == 1 { format!("{line}'") } else { line.clone() };
        // A line with a matrix parameter is run once for each of its values.
        let parts: &[&str] = if line.contains("--shard") { &["1", "2"] } else { &["1"] };
        for part in parts {
            let line = line.replace("${{ matrix.part }}", part);
            if line.contains("before.json") {
                fs::copy(all.join("now.json"), all.join("before.json")).expect("there is a matrix");
            }
            let said = std::process::Command::new("sh")
                .args(["-c", &format!("{} {line}", env!("CARGO_BIN_EXE_sca-sim"))])
                .current_dir(if line.contains("conformance") || line.starts_with("check") { &all } else { &some })
                .envs([("GITHUB_STEP_SUMMARY", "step.md"), ("CI_NODE_INDEX", *part), ("CI_NODE_TOTAL", "2")])
                .env("JOB_COMPLETION_INDEX", part)
                .env("NO_COLOR", "1")
                .output()
                .expect("a shell is there");
            // `not verdict(pass)` selects nothing if everything has passed.
            let ends = if line.contains("not verdict(pass)") { Some(2) } else { Some(0) };
            assert_eq!(said.status.code(), ends, "{at}: {line}: {}", text(&said.stderr));
        }
    }
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
        Options { keeps_frames: true, keeps_faces: true, keeps_trace: true, projects: true, ..Options::default() };
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
            !row.faces.is_empty(),
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

/// The message of a failure says what differs: most tools show nothing else.
#[test]
fn the_message_of_junit_says_what_differs() {
    let folder = folder("junit-message");
    let steps = "terminal connects\npos -> terminal  ADMIN GET_COUNTER  as a\nterminal -> pos  COUNTER=9  re a\n";
    file(&folder, "a.sca", &format!("scenario \"A\"\n\n{steps}"));
    run(&folder, &["run", "a.sca", "--report", "junit=j.xml"]);
    let report = fs::read_to_string(folder.join("j.xml")).expect("it was written");
    assert!(report.contains("<failure message=\"unexpected message: COUNTER is 1\""), "{report}");
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
