//! Real things under test, as whoever runs them sees it: what a person is asked, what a device that does not come is told of,
//! what cannot be played.

mod common;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_sca-sim");

/// A scenario of its own, and a folder for what it leaves.
fn case(name: &str, steps: &str) -> PathBuf {
    let folder = common::folder(&format!("external-{name}"));
    let settings = "broker\n  url ws://broker.test:80\n";
    fs::write(folder.join("case.sca"), format!("scenario \"{name}\"\n\n{settings}\n{steps}"))
        .expect("it can be written");
    folder
}

fn run(folder: &Path, arguments: &[&str], typed: &str) -> Output {
    let mut child = common::command(folder, &[&["run", "--terminal", "external"], arguments, &["case.sca"]].concat())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut input = child.stdin.take().expect("it is piped");
    // Who needs no answer has not waited for it.
    drop(input.write_all(typed.as_bytes()));
    drop(input);
    child.wait_with_output().expect("it ends")
}

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn device() -> String {
    format!("{PROGRAM} terminal --connect {{url}} --pinpad {{pinpad}} --seed 1")
}

const ASKED: &str = "terminal connects\n\
     pos -> terminal  DEVICE EMAIL  as ask\n\
     screen prompt COMMAND=EMAIL\n\
     fault reset\n\
     terminal connects\n";

#[test]
fn a_person_says_what_is_shown() {
    for (answer, code, says) in [
        ("maybe\ny\n", 0, "1 passed"),
        ("n\n", 1, "this is not shown, says who looks at it"),
        ("", 1, "nobody says what the device shows"),
    ] {
        let folder = case(&format!("person-{code}-{}", answer.len()), ASKED);
        let output = run(&folder, &["--spawn", &device(), "--interactive"], answer);
        let said = told(&output);
        assert!(output.status.code() == Some(code) && said.contains(says), "{answer:?}\n{said}");
        assert!(said.contains("does it show this: screen prompt COMMAND=EMAIL? [y/n]"), "{said}");
    }
}

#[test]
fn without_a_person_screens_are_inapplicable() {
    let folder = case("nobody", ASKED);
    let said = told(&run(&folder, &["--spawn", &device()], ""));
    assert!(said.contains("nobody looks at the device; --interactive asks a person"), "{said}");
    assert!(said.contains("nothing of case.sca was played"), "{said}");
}

#[test]
fn a_device_that_does_not_come_is_told_of_with_its_last_words() {
    let folder = case("late", "terminal connects\n");
    for (spawn, says) in [
        ("echo the disk is full; exit 3", "the device has not come: it ended with exit status: 3: the disk is full"),
        ("sleep 60", "no device has come within 1 s"),
    ] {
        let output = run(&folder, &["--spawn", spawn, "--patience", "1"], "");
        assert_eq!(output.status.code(), Some(4));
        assert!(told(&output).contains(says), "{}", told(&output));
    }
    let output = run(&folder, &["--spawn", "terminal {uri}"], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains("there is no {uri}; there is {url} {ca} {cert}"), "{}", told(&output));
    let output = run(&folder, &["--reset", "echo it is on fire; false", "--patience", "2"], "");
    assert!(told(&output).contains("the reset failed"), "{}", told(&output));
}

#[test]
fn power_and_settings_reach_a_device_that_is_started_here() {
    let steps = "terminal connects\n\
         pos -> terminal  SESSION START INVOICE=7 COUNTER=5  as a\n\
         terminal -> pos  RESULT=OK  re a\n\
         power off\n\
         power on\n\
         terminal connects\n\
         pos -> terminal  ADMIN GET_COUNTER  as b\n\
         terminal -> pos  COUNTER=1  re b\n";
    let folder = case("power", steps);
    let report = ["--report", "json=report.json", "--trace", "run.html", "--spawn", &device()];
    let output = run(&folder, &report, "");
    assert!(output.status.success(), "{}", told(&output));
    let report = fs::read_to_string(folder.join("report.json")).expect("it was written");
    assert!(
        report.contains("\"world\": \"external terminal\"") && report.contains("--terminal 'external'"),
        "{report}"
    );
    assert!(fs::read_to_string(folder.join("run.html")).expect("it was written").contains("SESSION START"));
    // What the device cannot be given is not played, unless it takes settings.
    let path = folder.join("case.sca");
    let text = fs::read_to_string(&path).expect("it can be read");
    fs::write(&path, text.replace("broker\n", "terminal\n  echo-counter no\nbroker\n")).expect("it can be written");
    let said = told(&run(&folder, &["--spawn", &device()], ""));
    assert!(said.contains("the device's echo-counter cannot be set to no from here"), "{said}");
}
