//! Tests of machine-readable results: every report from one document, merging parts, filters, ledgers, comparisons.

use std::fs;
use std::path::Path;

use crate::common::{command, file, folder, run, text};
use rstest::rstest;
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
