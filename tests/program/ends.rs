//! Tests of exit codes in a CI pipeline: every situation has its code, and no known failure is lost on the way.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::common::{command, file, folder, run, text};
use rstest::rstest;
use serde_json::Value;

const GOOD: &str = "scenario \"Good\"\n\nterminal connects\n";
const FAILS: &str = "scenario \"Fails\"\n\nterminal connects\nterminal loses  within 2s\n";

/// A folder with one example of every kind of scenario.
fn yard(name: &str) -> PathBuf {
    let yard = folder(&format!("ends-{name}"));
    fs::create_dir_all(yard.join("good")).expect("the folder can be made");
    fs::create_dir_all(yard.join("empty")).expect("the folder can be made");
    for (name, text) in [
        ("changed.sca", GOOD),
        ("good/a.sca", GOOD),
        ("good/b.sca", GOOD),
        ("fails.sca", FAILS),
        ("z.sca", FAILS),
        ("invalid.sca", "scenario \"Wrong\"\n\nterminal conects\n"),
        ("long.sca", "scenario \"Long\"\n\nterminal connects\nwait 1d\n"),
        ("xpass.sca", "scenario \"X\"\nexpect-fail \"r\" until 2099-01-01\n\nterminal connects\n"),
        (
            "over.sca",
            "scenario \"O\"\nexpect-fail \"r\" until 2020-01-01\n\nterminal connects\nscreen session  within 1s\n",
        ),
        ("known.csv", "scenario,until,reason\nfails.sca,2099-01-01,r\n"),
        ("stale.csv", "scenario,until,reason\ngood/a.sca,2099-01-01,r\n"),
        ("nowhere.csv", "scenario,until,reason\nnowhere.sca,2099-01-01,r\n"),
        ("late.csv", "scenario,until,reason\nfails.sca,2001-01-01,r\n"),
        ("wrong.csv", "scenario,until,reason\nfails.sca,soon,r\n"),
        ("device.sca", "scenario \"D\"\n\nbroker\n  url ws://broker.test:80\n\nterminal connects\n"),
    ] {
        file(&yard, name, text);
    }
    assert!(run(&yard, &["run", "--update", "changed.sca"]).status.success());
    file(&yard, "changed.sca", &format!("{GOOD}wait 7s\n"));
    yard
}

/// The exit code of a command, and its whole output.
fn ends(yard: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = command(yard, arguments);
    for name in ["SLURM_ARRAY_TASK_ID", "CI_NODE_INDEX", "JOB_COMPLETION_INDEX"] {
        command.env_remove(name);
    }
    let said = command.output().expect("the program runs");
    (said.status.code(), text(&said.stdout) + &text(&said.stderr))
}

#[rstest]
#[case::all_pass_without_a_snapshot("run good", 0, "2 without a snapshot")]
#[case::excused("run fails.sca --ledger known.csv", 0, "1 expected failure")]
#[case::fails("run good fails.sca", 1, "1 failed")]
#[case::unexpected_pass("run xpass.sca", 1, "passed, but its header")]
#[case::snapshot("run changed.sca", 1, "differs from its snapshot")]
#[case::over("run over.sca --today 2020-01-02", 1, "expected to fail until 2020-01-01, which has passed: r")]
#[case::over_by_the_machine("run over.sca", 1, "which has passed")]
#[case::on_its_last_day("run over.sca --today 2020-01-01", 0, "1 expected failure")]
#[case::over_in_check("check over.sca", 3, "which has passed")]
#[case::last_day_in_check("check over.sca --today 2020-01-01", 0, "1 scenario valid")]
#[case::stale("run good --ledger stale.csv", 1, "it does not fail")]
#[case::late("run fails.sca --ledger late.csv", 1, "known until 2001-01-01, which has passed")]
#[case::late_in_a_part("run good --shard 1/2 --ledger late.csv", 1, "which has passed")]
#[case::stale_in_the_only_part("run good --shard 1/1 --ledger stale.csv", 1, "it does not fail")]
#[case::not_asked_by_a_filter("run good --filter path(a.sca) --ledger nowhere.csv", 0, "1 passed")]
#[case::unplayable("run --wire long.sca", 1, "no scenario of long.sca was played")]
#[case::unplayable_by_filter("run --wire long.sca --filter path(long.sca)", 1, "no scenario was played")]
#[case::fail_fast("run -j1 --fail-fast fails.sca good", 1, "2 files not started")]
#[case::fail_fast_goes_on_after_what_is_known(
    "run -j1 --fail-fast fails.sca good z.sca --ledger known.csv",
    1,
    "2 passed, 1 failed, 1 expected failure"
)]
#[case::empty_part("run good --shard 5/5", 0, "shard 5/5 is empty: the list has 2 scenarios")]
#[case::nothing_for_any_part("run good --filter tag(x) --shard 1/2", 2, "no scenario matches the filter")]
#[case::no_such_option("run good --nope", 2, "--nope")]
#[case::no_such_part("run good --shard 3/2", 2, "there is no part 3 of 2")]
#[case::no_scheduler("run good --shard auto", 2, "no scheduler")]
#[case::no_such_tag("run good --filter tag(x)", 2, "no scenario matches the filter")]
#[case::no_such_row("run good --row n=3", 2, "no `each` named `n`: there is none")]
#[case::invalid("run good invalid.sca", 3, "1 invalid")]
#[case::invalid_and_failing("run fails.sca invalid.sca", 3, "1 failed, 1 invalid")]
#[case::malformed_ledger("run good --ledger wrong.csv", 3, "is not a ledger")]
#[case::empty_folder("run empty", 4, "no scenario found in empty")]
#[case::check_of_nothing("check empty", 4, "no scenario found")]
#[case::strict_check_of_nothing("check --strict empty", 4, "no scenario found")]
#[case::layout_of_nothing("fmt --check empty", 4, "no scenario found")]
#[case::list_of_nothing("list empty", 4, "no scenario found")]
#[case::watch_of_nothing("run --watch nowhere", 4, "nowhere")]
#[case::no_such_path("run nowhere", 4, "nowhere")]
#[case::no_such_ledger("run good --ledger nope.csv", 4, "nope.csv")]
#[case::no_such_matrix("conformance --compare nope.json nope.json", 4, "nope.json")]
#[case::report_not_written("run fails.sca --report json=z.sca/r.json", 4, "cannot write the report")]
#[case::no_last_run("run good --filter verdict(fail)", 4, "verdicts of the last run are not available")]
#[case::no_program(
    "run device.sca --terminal external --spawn nosuchprogram --patience 5",
    4,
    "the device did not connect"
)]
#[case::no_device("run device.sca --terminal external --patience 1", 4, "no device connected within 1 s")]
#[case::no_broker(
    "run device.sca --broker ws://127.0.0.1:1 --pos ws://127.0.0.1:1/ --patience 5",
    4,
    "cannot reach the broker"
)]
fn every_situation_ends_as_it_should(#[case] arguments: &str, #[case] code: i32, #[case] says: &str) {
    let yard = yard(&arguments.replace(|c: char| !c.is_ascii_alphanumeric(), "_"));
    if arguments == "run good --filter verdict(fail)" {
        drop(fs::remove_dir_all(yard.join(".sca-sim")));
    }
    let (ended, said) = ends(&yard, &arguments.split(' ').collect::<Vec<_>>());
    assert!(ended == Some(code) && said.contains(says), "{ended:?} {said}");
}

#[test]
fn a_port_in_use_is_no_failed_test() {
    let yard = yard("port");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let listen = taken.local_addr().expect("it has one").to_string();
    let (code, said) = ends(&yard, &["run", "device.sca", "--terminal", "external", "--listen", &listen]);
    assert!(code == Some(4) && said.contains("cannot listen on"), "{code:?} {said}");
}

#[test]
fn what_cannot_be_left_for_review_is_judged_and_reported() {
    let yard = yard("read-only");
    // A folder occupies the path of the new transcript, so that even root cannot write there.
    fs::create_dir_all(yard.join("snapshots/changed.snap.new")).expect("the folder can be made");
    let (code, said) = ends(&yard, &["run", "changed.sca", "--report", "json=r.json,junit=r.xml"]);
    assert!(code == Some(1) && said.contains("not saved for review: "), "{code:?} {said}");
    assert_eq!(document(&yard, "r.json")["summary"]["changed"], 1);
    assert!(read(&yard, "r.xml").contains("differs from its snapshot"));
}

#[test]
fn a_report_on_an_output_that_is_closed_is_lost_and_that_is_said() {
    let yard = yard("closed");
    let ended = |report: &str, to: &str| {
        let line = format!("{} run good {report} {to}", env!("CARGO_BIN_EXE_sca-sim"));
        let done = Command::new("sh").args(["-c", &line]).current_dir(&yard).output().expect("a shell is there");
        (done.status.code(), text(&done.stderr))
    };
    if cfg!(target_os = "linux") {
        let (code, said) = ended("--report tap=-,json=r.json", ">&-");
        assert!(
            code == Some(4) && said.contains("standard output is closed") && yard.join("r.json").exists(),
            "{said}"
        );
    }
    assert_eq!(ended("", ">&-").0, Some(0));
    assert_eq!(ended("--report tap=-", ">/dev/null").0, Some(0));
    assert_eq!(ended("--report tap=-", "| true").0, Some(0));
}

fn read(yard: &Path, name: &str) -> String {
    fs::read_to_string(yard.join(name)).expect("it was written")
}

fn document(yard: &Path, name: &str) -> Value {
    serde_json::from_str(&read(yard, name)).expect("it is JSON")
}

/// Plays one part of the run and writes its document to `NAME.json`.
fn part(yard: &Path, shard: &str, name: &str, more: &[&str]) -> Option<i32> {
    let report = format!("json={name}.json");
    ends(yard, &[&["run", "good", "--shard", shard, "--report", &report][..], more].concat()).0
}

fn merge(yard: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    ends(yard, &[&["report", "merge"][..], arguments].concat())
}

#[test]
fn parts_that_are_of_no_one_run_are_refused() {
    let yard = yard("parts");
    assert_eq!(part(&yard, "1/2", "one", &["--run-id", "7"]), Some(0));
    let refused = |name: &str, says: &str| {
        let (code, said) = merge(&yard, &["--partial", "one.json", &format!("{name}.json")]);
        assert!(code == Some(4) && said.contains(says), "{name}: {code:?} {said}");
    };
    part(&yard, "2/2", "two", &["--run-id", "7"]);
    assert_eq!(merge(&yard, &["one.json", "two.json"]).0, Some(0));
    file(&yard, "version.json", &read(&yard, "two.json").replace("\"sca-sim 0", "\"sca-sim 9"));
    refused("version", "the documents were written by different versions");
    refused("one", "part 1/2 is in two of the documents");
    for (name, more, says) in [
        ("run", &["--run-id", "8"][..], "from two runs, 7 and 8"),
        ("filter", &["--run-id", "7", "--filter", "path(*)"], "different options"),
        ("ledger", &["--run-id", "7", "--ledger", "known.csv"], "different ledgers"),
        ("seed", &["--run-id", "7", "--seed", "9"], "different seeds"),
    ] {
        part(&yard, "2/2", name, more);
        refused(name, says);
    }
    part(&yard, "2/3", "count", &["--run-id", "7"]);
    refused("count", "a part of 2, another of 3");
    file(&yard, "good/c.sca", FAILS);
    part(&yard, "2/2", "list", &["--run-id", "7"]);
    refused("list", "parts of two file lists, of 2 and 3 files");
    fs::remove_file(yard.join("good/c.sca")).expect("it is there");
    file(&yard, "good/b.sca", &format!("{GOOD}wait 1s\n"));
    part(&yard, "2/2", "content", &["--run-id", "7"]);
    refused("content", "was added, removed or changed");
}

#[test]
fn what_is_missing_stays_missing() {
    let yard = yard("missing");
    part(&yard, "1/2", "one", &[]);
    let all = ["--report", "json=m.json,markdown=m.md,junit=m.xml"];
    for (more, code) in [(&["one.json"][..], 1), (&["--partial", "one.json", "two.json"], 0)] {
        let (ended, said) = merge(&yard, &[more, &all].concat());
        assert!(ended == Some(code) && said.contains("missing parts: 2/2"), "{ended:?} {said}");
        assert!(read(&yard, "m.md").starts_with("## sca-sim incomplete\n"), "{}", read(&yard, "m.md"));
        assert!(read(&yard, "m.xml").contains("name=\"part 2/2\"") && read(&yard, "m.xml").contains("errors=\"1\""));
        assert_eq!(document(&yard, "m.json")["missing"][0], "2/2");
        assert_eq!(merge(&yard, &["m.json"]).0, Some(1));
    }
    // The missing part, merged later, completes the run.
    part(&yard, "2/2", "two", &[]);
    assert_eq!(merge(&yard, &["m.json", "two.json", "--report", "markdown=m.md"]).0, Some(0));
    assert!(read(&yard, "m.md").starts_with("## sca-sim passed\n"));
    file(&yard, "two.json", &read(&yard, "two.json")[..200]);
    assert_eq!(merge(&yard, &["one.json", "two.json"]).0, Some(4));
    assert_eq!(merge(&yard, &["--partial", "one.json", "two.json"]).0, Some(0));
}

#[test]
fn what_a_part_could_not_do_is_in_every_report_of_the_whole() {
    let yard = yard("unreadable");
    std::os::unix::fs::symlink("nowhere", yard.join("good/x.sca")).expect("a link can be made");
    assert_eq!(ends(&yard, &["run", "good", "--report", "json=r.json,junit=r.xml,tap=r.tap"]).0, Some(4));
    assert_eq!(document(&yard, "r.json")["unreadable"][0]["path"], "good/x.sca");
    assert!(read(&yard, "r.xml").contains("the scenario could not be read"));
    assert!(read(&yard, "r.tap").contains("not ok 3 - good/x.sca: readable"), "{}", read(&yard, "r.tap"));
    assert_eq!(merge(&yard, &["--partial", "r.json"]).0, Some(4));
    let stopped = ["run", "-j1", "--fail-fast", "fails.sca", "good/a.sca", "--report", "json=f.json,markdown=f.md"];
    assert_eq!(ends(&yard, &stopped).0, Some(1));
    assert!(read(&yard, "f.md").starts_with("## sca-sim failed, incomplete\n"));
    assert!(merge(&yard, &["f.json"]).1.contains("1 not started"));
}

#[test]
fn a_ledger_is_judged_by_all_parts_together() {
    let yard = yard("ledger");
    for (ledger, code, says) in
        [("stale.csv", 1, "it does not fail"), ("nowhere.csv", 1, "no such scenario was played")]
    {
        for shard in ["1/2", "2/2"] {
            assert_eq!(part(&yard, shard, &shard[..1], &["--ledger", ledger]), Some(0));
        }
        let (ended, said) = merge(&yard, &["1.json", "2.json"]);
        assert!(ended == Some(code) && said.contains(says), "{ledger}: {ended:?} {said}");
    }
}

#[test]
fn a_run_that_is_killed_leaves_no_report_of_yesterday() {
    let yard = yard("killed");
    file(&yard, "r.json", "{\"version\":1}");
    assert!(Command::new("mkfifo").arg(yard.join("up")).status().expect("mkfifo is there").success());
    let spawn = ["--terminal", "external", "--spawn", "echo > up; exec sleep 5", "--report", "json=r.json"];
    let mut child = command(&yard, &[&["run", "device.sca"][..], &spawn].concat())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    // The signal is sent as soon as the device has started.
    let begun =
        Command::new("timeout").args(["60", "cat", "up"]).current_dir(&yard).status().expect("there is coreutils");
    assert!(begun.success(), "the device begins");
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    assert!(!yard.join("r.json").exists());
}

#[test]
fn a_comparison_sees_every_scenario_and_every_row() {
    let yard = yard("compare");
    let each =
        |values: &str, line: &str| format!("scenario \"E\"\neach     n in [{values}]\n\nterminal connects\n{line}");
    let matrix = |path: &str, name: &str| drop(ends(&yard, &["conformance", path, "--json", name]));
    let compared = |before: &str| ends(&yard, &["conformance", "--compare", before, "now.json"]);
    file(&yard, "good/e.sca", &each("1, 2", "wait {{n}}s\n"));
    matrix("good", "before.json");
    for path in ["./good", &yard.join("good").display().to_string()] {
        matrix(path, "now.json");
        assert_eq!(compared("before.json"), (Some(0), "no changes\n".to_owned()), "{path}");
    }
    for (name, text, says) in [
        ("good/b.sca", FAILS.to_owned(), "scenario good/b.sca: pass → fail"),
        ("good/new.sca", FAILS.to_owned(), "scenario good/new.sca: new, fail"),
        ("good/e.sca", each("1", "wait {{n}}s\n"), "row good/e.sca (n=2): gone, was pass"),
        ("good/e.sca", each("1, 2", "terminal loses  within {{n}}s\n"), "row good/e.sca (n=2): pass → fail"),
    ] {
        file(&yard, name, &text);
        matrix("good", "now.json");
        let (code, said) = compared("before.json");
        assert!(code == Some(1) && said.starts_with("worse: ") && said.contains(says), "{code:?} {said}");
    }
    file(&yard, "old.json", "{\"version\":1,\"clauses\":[]}");
    let (code, said) = compared("old.json");
    assert!(code == Some(4) && said.contains("does not say which scenarios were played"), "{said}");
}

/// A report of an earlier run does not outlive one that could not play anything.
#[rstest]
#[case::nothing_there("run nowhere --report junit=j.xml", 4)]
#[case::nothing_chosen("run good --filter tag(x) --report junit=j.xml", 2)]
fn no_old_report_is_left(#[case] arguments: &str, #[case] code: i32) {
    let yard = yard(&format!("old-report-{code}"));
    assert!(run(&yard, &["run", "good", "--report", "junit=j.xml"]).status.success());
    assert!(fs::read_to_string(yard.join("j.xml")).expect("it was written").contains("good.a"));
    assert_eq!(ends(&yard, &arguments.split(' ').collect::<Vec<_>>()).0, Some(code));
    assert!(!fs::read_to_string(yard.join("j.xml")).unwrap_or_default().contains("good.a"));
}

#[test]
#[cfg(target_os = "linux")]
fn output_that_cannot_be_written_is_reported() {
    let yard = yard("full");
    let shell = |line: &str| {
        let mut command = Command::new("sh");
        command.args(["-c", line, env!("CARGO_BIN_EXE_sca-sim")]).current_dir(&yard);
        command.output().expect("there is a shell")
    };
    let said = shell("\"$0\" list good > /dev/full");
    assert_eq!(said.status.code(), Some(4), "{}", text(&said.stderr));
    assert!(text(&said.stderr).contains("standard output cannot be written"), "{}", text(&said.stderr));
    // A limit of file sizes is an error like any other, not the end of the process.
    let said = shell("ulimit -f 1; \"$0\" run fails.sca --trace t.html");
    assert_eq!(said.status.code(), Some(4), "{}", text(&said.stderr));
    assert!(text(&said.stderr).contains("File too large"), "{}", text(&said.stderr));
}
