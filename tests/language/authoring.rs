//! Tests of authoring a scenario: templates, reporting all problems at once, error explanations, plain wording,
//! `--update-lines`, and reviewing snapshots.

use crate::common;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Stdio;

use crate::common::{command, file, folder, run, text};
use rstest::rstest;

#[rstest]
#[case("request")]
#[case("link")]
#[case("payment")]
#[case("device")]
fn a_template_is_valid_in_the_one_layout_and_passes(#[case] kind: &str) {
    let folder = folder(&format!("new-{kind}"));
    let made = run(&folder, &["new", "mine/first", "--like", kind, "--title", "Mine \"quoted\""]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let path = "scenarios/mine/first.sca";
    let written = fs::read_to_string(folder.join(path)).expect("it was written");
    assert!(written.starts_with("scenario \"Mine \\\"quoted\\\"\"\n"), "{written}");
    for arguments in [["check", "--strict", path], ["fmt", "--check", path], ["run", path, "--explain"]] {
        let said = run(&folder, &arguments);
        assert!(said.status.success(), "{arguments:?}: {}{}", text(&said.stdout), text(&said.stderr));
    }
    // Every command that it suggests next can be run as printed.
    let next = text(&made.stdout);
    let commands = next.lines().filter_map(|line| line.trim().strip_prefix("sca-sim ")?.split('#').next());
    for line in commands.filter(|line| !line.contains("--watch")) {
        let words: Vec<&str> = line.split_whitespace().collect();
        assert!(run(&folder, &words).status.success(), "{line}");
    }
    let again = run(&folder, &["new", "mine/first"]);
    assert_eq!(again.status.code(), Some(4), "what is there is not written over");
    assert_eq!(fs::read_to_string(folder.join(path)).expect("it is there"), written);
    for name in ["first", "../first", "Mine/first", "mine/", "mine/a b"] {
        assert_eq!(run(&folder, &["new", name]).status.code(), Some(2), "{name}");
    }
}

#[test]
fn check_says_everything_at_once_and_what_is_hardly_meant() {
    let folder = folder("check-all");
    fs::create_dir_all(folder.join("snapshots")).expect("the folder can be made");
    file(&folder, "lib.sca", "library \"Mine\"\n\nstory up()\n  terminal connects\n\nstory idle()\n  icon connected\n");
    let uses = "scenario \"One\"\nuse      \"lib.sca\"\n\ncall up()\nscreen ~\".*\"\n";
    file(&folder, "one.sca", uses);
    file(&folder, "two.sca", "scenario \"Two\"\n\nterminal connects\n");
    file(&folder, "three.sca", "scenario \"Three\"\n\nterminal connects\n");
    assert!(run(&folder, &["run", "--update", "."]).status.success());
    file(&folder, "snapshots/gone.snap", "---\nsource: gone.sca\nexpression: transcript\n---\nx\n");
    let said = run(&folder, &["check", "."]);
    assert!(said.status.success());
    let told = text(&said.stderr);
    for code in ["W001", "W002", "W003", "W005"] {
        assert_eq!(
            told.matches(&format!("warning[{code}]")).count(),
            if code == "W003" { 2 } else { 1 },
            "{code}: {told}"
        );
    }
    assert!(text(&said.stdout).contains("3 scenarios valid, 5 warnings"), "{}", text(&said.stdout));
    assert_eq!(run(&folder, &["check", "--strict", "."]).status.code(), Some(1));
    assert!(run(&folder, &["review", "--prune", "."]).status.success());
    assert!(!folder.join("snapshots/gone.snap").exists());
    file(
        &folder,
        "one.sca",
        "scenario \"One\"\nseed x\n\nterminal\n  pinpad-di 3\n\nterminal conects\nscreen idel\nwait 5x\n",
    );
    let said = run(&folder, &["check", "one.sca"]);
    assert_eq!(said.status.code(), Some(3));
    for code in ["E030", "E020", "E011", "E013"] {
        assert!(text(&said.stderr).contains(&format!("error[{code}]")), "{code}: {}", text(&said.stderr));
    }
    assert!(text(&said.stdout).contains("1 of 1 scenario invalid: 5 problems"), "{}", text(&said.stdout));
}

#[test]
fn explain_teaches_codes_and_tells_scenarios() {
    let folder = folder("explain");
    let all = text(&run(&folder, &["explain"]).stdout);
    assert_eq!(all.lines().count(), sca_explanations::lessons().count());
    let one = text(&run(&folder, &["explain", "e040"]).stdout);
    assert!(one.starts_with("E040: no such label\n") && one.contains("Wrong:") && one.contains("Right:"));
    assert_eq!(run(&folder, &["explain", "E999"]).status.code(), Some(4));
    file(
        &folder,
        "a.sca",
        "scenario \"A\"\n\nterminal connects  within 5s\npos -> terminal  ADMIN GET_COUNTER  as ask\nterminal -> pos  COUNTER>=1 !MAC  re ask\n",
    );
    let told = text(&run(&folder, &["explain", "a.sca"]).stdout);
    assert!(told.contains("line 3: the terminal has to connect, within 5s"), "{told}");
    assert!(
        told.contains("line 5: the terminal has to answer `ask`, in which COUNTER is at least 1, there is no MAC"),
        "{told}"
    );
}

#[test]
fn run_says_which_line_read_what() {
    let folder = folder("run-explain");
    file(
        &folder,
        "a.sca",
        "scenario \"A\"\n\nterminal connects  as up\npos -> terminal  ADMIN GET_COUNTER  as ask\nterminal -> pos  COUNTER=1  re ask\nterminal loses  within 1s of up\n",
    );
    let said = run(&folder, &["run", "--explain", "a.sca"]);
    let told = text(&said.stdout);
    let line = |part: &str| {
        told.lines().find(|line| line.contains(part)).unwrap_or_else(|| panic!("{part}: {told}")).to_owned()
    };
    assert!(line("terminal connects").starts_with("line 3 up "), "{told}");
    assert!(line("pos -> terminal").starts_with("line 4"), "{told}");
    assert!(line("RESULT=OK").starts_with("line 5 ask"), "{told}");
    assert!(line("screen boot").starts_with('·'), "{told}");
}

#[test]
fn lines_are_rewritten_in_place_and_all_else_stays() {
    let folder = folder("update-lines");
    let before = "scenario \"A\"\n\nterminal connects   # up\nscreen session\n\n# the answer\npos -> terminal  ADMIN GET_COUNTER  as ask\nterminal -> pos  RESULT=ERROR   !COUNTER RESULT_CODE>5  re ask  # here\nicon disconnected  within 2s\n";
    let after = before
        .replace("screen session", "screen idle")
        .replace("RESULT=ERROR   !COUNTER RESULT_CODE>5", "RESULT=OK   COUNTER=1 RESULT_CODE=-1")
        .replace("icon disconnected", "icon connected");
    file(&folder, "a.sca", before);
    let said = run(&folder, &["run", "--update-lines", "a.sca"]);
    assert!(said.status.success(), "{}", text(&said.stderr));
    assert_eq!(fs::read_to_string(folder.join("a.sca")).expect("it is there"), after);
    assert!(text(&said.stdout).contains("a.sca: 3 lines rewritten"));
    assert!(run(&folder, &["run", "a.sca"]).status.success());
    // Lines on which rows disagree, or that no change of words can fix, are left as they are and reported.
    let rows = "scenario \"B\"\neach     n in [1, 2]\n\nterminal connects\npos -> terminal  DEVICE VERSION COUNTER={{n}}  as ask\nterminal -> pos  COUNTER=9  re ask\n";
    file(&folder, "b.sca", rows);
    assert_eq!(run(&folder, &["run", "--update-lines", "b.sca"]).status.code(), Some(1));
    file(&folder, "c.sca", "scenario \"C\"\n\nterminal connects\nterminal loses  within 1s\n");
    let said = run(&folder, &["run", "--update-lines", "c.sca"]);
    assert_eq!(said.status.code(), Some(1));
    assert!(text(&said.stderr).contains("by hand"));
}

fn changed(name: &str) -> std::path::PathBuf {
    let folder = folder(name);
    file(&folder, "a.sca", "scenario \"A\"\n\nterminal connects\n");
    file(&folder, "b.sca", "scenario \"B\"\n\nterminal connects\n");
    assert!(run(&folder, &["run", "--update", "."]).status.success());
    for name in ["a", "b"] {
        let text = format!("scenario \"{}\"\nseed     7\n\nterminal connects\nwait 1s\n", name.to_uppercase());
        file(&folder, &format!("{name}.sca"), &text);
    }
    assert_eq!(run(&folder, &["run", "."]).status.code(), Some(1));
    folder
}

fn kept(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(format!("snapshots/{name}.snap"))).expect("the snapshot is there")
}

#[test]
fn changes_are_looked_at_side_by_side_and_decided_one_by_one() {
    let folder = changed("review");
    let listed = run(&folder, &["review", "--list", "."]);
    assert_eq!((listed.status.code(), text(&listed.stdout).lines().count()), (Some(1), 2));
    let mut review = command(&folder, &["review", "."])
        .env("COLUMNS", "120")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program runs");
    review.stdin.take().expect("its input is a pipe").write_all(b"what\na\nr\n").expect("it reads");
    let said = text(&review.wait_with_output().expect("it ends").stdout);
    assert!(said.contains("expected a, r, s or q, got `what`"), "{said}");
    assert!(said.contains("> {+seed     7+}") && said.contains("kept"), "{said}");
    assert!(kept(&folder, "a").contains("seed     7") && !kept(&folder, "b").contains("seed     7"));
    assert!(run(&folder, &["review", "--list", "."]).status.success());
}

/// Input that ends decides nothing, and a pipeline has to hear of it.
#[test]
fn a_review_without_answers_is_no_success() {
    let folder = changed("review-eof");
    let said = command(&folder, &["review", "."]).stdin(Stdio::null()).output().expect("the program runs");
    assert_eq!(said.status.code(), Some(1));
    assert!(text(&said.stderr).contains("2 changes undecided"), "{}", text(&said.stderr));
}

#[test]
fn all_changes_are_accepted_or_rejected_at_once() {
    let folder = changed("review-all");
    assert!(run(&folder, &["review", "--reject", "."]).status.success());
    assert!(!kept(&folder, "a").contains("seed     7"));
    assert_eq!(run(&folder, &["run", "."]).status.code(), Some(1));
    assert!(run(&folder, &["review", "--accept", "."]).status.success());
    assert!(kept(&folder, "a").contains("seed     7") && kept(&folder, "b").contains("seed     7"));
    assert!(run(&folder, &["run", "."]).status.success());
}

#[test]
fn watching_plays_again_when_a_file_is_saved() {
    let folder = folder("watch");
    file(&folder, "a.sca", "scenario \"A\"\n\nterminal connects\nscreen session  within 1s\n");
    let mut watching = command(&folder, &["run", "--watch", "a.sca"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program runs");
    let mut said = BufReader::new(watching.stdout.take().expect("its output is a pipe")).lines().map_while(Result::ok);
    assert!(said.any(|line| line.contains("0 passed, 1 failed")));
    assert!(said.any(|line| line.starts_with("waiting for changes")));
    file(&folder, "a.sca", "scenario \"A\"\n\nterminal connects\nscreen idle  within 1s\n");
    assert!(said.any(|line| line.ends_with("a.sca changed")));
    assert!(said.any(|line| line.contains("1 passed, 0 failed")));
    watching.kill().and_then(|()| watching.wait()).expect("it can be ended");
}

#[test]
fn a_scenario_is_exported_with_its_version_rows_and_steps() {
    let folder = folder("export");
    file(&folder, "rows.csv", "how,after\nreset,1s\nfin,2s\n");
    file(
        &folder,
        "a.sca",
        "scenario \"A\"\neach     (how, after) in \"rows.csv\"\n\nterminal connects\nwait {{after}}\nfault {{how}}\neither\n  terminal connects  within 1m\nor\n  terminal fails refused\n",
    );
    let said = run(&folder, &["export", "a.sca"]);
    let document: serde_json::Value = serde_json::from_slice(&said.stdout).expect("it is JSON");
    assert_eq!(document["version"], sca_scenario::EXPORT_VERSION);
    assert_eq!(document["rows"][1]["values"]["how"], "fin");
    assert_eq!(document["rows"][1]["steps"][1]["ms"], 2000);
    assert_eq!(document["rows"][0]["steps"][3]["branches"][1][0]["link"]["fails"], "refused");
    let out = run(&folder, &["export", "--out", "json", "."]);
    assert!(out.status.success() && folder.join("json/a.json").exists());
}

#[test]
fn a_page_of_a_run_is_the_same_twice_and_holds_no_card_number() {
    let folder = folder("trace");
    for name in [
        "payments/keyed",
        "payments/sale_by_tap",
        "security/encrypted_payment",
        "malformed/megabyte",
        "disconnects/two_terminals",
    ] {
        let path = common::root().join("scenarios").join(name).with_extension("sca");
        let path = path.display().to_string();
        for page in ["one.html", "two.html"] {
            assert!(run(&folder, &["run", &path, "--trace", page]).status.success(), "{name}");
        }
        let (one, two) =
            ["one.html", "two.html"].map(|page| fs::read_to_string(folder.join(page)).expect("it was written")).into();
        assert_eq!(one, two, "{name}");
        let words = one.split(|c: char| !c.is_ascii_digit()).filter(|word| (13..=19).contains(&word.len()));
        let cards: Vec<&str> = words.filter(|word| word.starts_with(['3', '4', '5', '6']) && luhn(word)).collect();
        assert!(cards.is_empty(), "{name}: {cards:?}");
        assert!(one.len() < 4 << 20, "{name}: {} bytes", one.len());
    }
    assert_eq!(
        run(&folder, &["run", &common::root().join("scenarios/counter").display().to_string(), "--trace", "x.html"])
            .status
            .code(),
        Some(2)
    );
}

fn luhn(digits: &str) -> bool {
    let value = |(place, digit): (usize, u8)| match u32::from(digit - b'0') * if place % 2 == 1 { 2 } else { 1 } {
        value if value > 9 => value - 9,
        value => value,
    };
    digits.bytes().rev().enumerate().map(value).sum::<u32>() % 10 == 0
}

#[test]
fn lines_that_are_missing_are_inserted_and_slips_are_not_written_into_the_answers() {
    let folder = folder("update-lines-more");
    let head = "scenario \"A\"\n\nterminal connects\npos -> terminal  SESSION START INVOICE=1  as start\npos -> terminal  SECONDARYPORT STATUS  as status\n";
    let tail = "terminal -> pos  RESULT=OK  re status\npos -> terminal  DEVICE VERSION  as last\n";
    file(&folder, "a.sca", &format!("{head}{tail}"));
    let failed = text(&run(&folder, &["run", "a.sca"]).stderr);
    assert!(
        failed.contains(
            "no line expects the answer to `start`; this one would: terminal -> pos  RESULT=OK RESULT_CODE=-1  re start"
        ),
        "{failed}"
    );
    assert!(failed.contains("warning[W007]: no line expects the answer to `last`"), "{failed}");
    assert!(run(&folder, &["run", "--update-lines", "a.sca"]).status.success());
    let first = "terminal -> pos  RESULT=OK RESULT_CODE=-1  re start\n";
    let last = "terminal -> pos  RESULT=OK RESULT_CODE=-1  re last\n";
    assert_eq!(fs::read_to_string(folder.join("a.sca")).expect("it is there"), format!("{head}{first}{tail}{last}"));
    // A typo in a request would become a test that proves the typo; the absence of a field that does not exist is not
    // demanded.
    let slip = "scenario \"B\"\n\nterminal connects\npos -> terminal  SESION START INVOICE=1  as start\nterminal -> pos  RESULT=OK  re start\n";
    let absent = "scenario \"C\"\n\nterminal connects\npos -> terminal  ADMIN GET_COUNTER  as ask\nterminal -> pos  COUNTRE=1  re ask\n";
    for (name, text) in [("b.sca", slip), ("c.sca", absent)] {
        file(&folder, name, text);
        let said = run(&folder, &["run", "--update-lines", name]);
        assert_eq!(said.status.code(), Some(1), "{name}");
        assert_eq!(fs::read_to_string(folder.join(name)).expect("it is there"), text);
        assert!(common::text(&said.stderr).contains("did you mean `"), "{name}: {}", common::text(&said.stderr));
    }
}

#[test]
fn a_wait_in_vain_tells_what_was_shown_and_what_came_to_nothing() {
    let folder = folder("in-vain");
    let pay = "scenario \"A\"\n\nterminal connects\npos -> terminal  SESSION START INVOICE=1  as start\nterminal -> pos  RESULT=OK  re start\npos -> terminal  PAYMENT CAPTURE TRANS_AMOUNT=1.00  as pay\nscreen card-entry\n";
    let cases = [
        ("cardholder swipes visa\nterminal -> host  PAYMENT CAPTURE\n", "nothing came of `cardholder swipes visa`"),
        ("cardholder inserts debit\nterminal -> host  PAYMENT CAPTURE\n", "the screen is pin since"),
        (
            "cardholder taps visa\nterminal -> host  PAYMENT CAPTURE CARD_ENTRY_MODE=Swiped\n",
            "CARD_ENTRY_MODE is Contactless",
        ),
        (
            "cardholder inserts debit\ncardholder enters \"1234\"\nterminal -> host  PAYMENT CAPTURE\nscreen pin\n",
            "pin was shown at",
        ),
    ];
    for (lines, told) in cases {
        file(&folder, "a.sca", &format!("{pay}{lines}"));
        let said = text(&run(&folder, &["run", "a.sca"]).stderr);
        assert!(said.contains(told), "{told}: {said}");
    }
}
