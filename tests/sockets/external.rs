//! Tests of external devices from the operator's view: questions to the operator, reports about a device that does
//! not connect, scenarios that cannot be played.

use crate::common;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_sca-sim");

/// A folder with one scenario.
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
    // A program that reads no input may have exited already.
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

/// A scenario that passes only for a terminal without the COUNTER echo.
const UNECHOED: &str = "terminal connects\n\
     pos -> terminal  SESSION START INVOICE=7 COUNTER=5  as a\n\
     terminal -> pos  RESULT=OK !COUNTER  re a\n";

#[test]
fn a_device_is_judged_whatever_the_simulated_terminal_comes_to() {
    let folder = case("unechoed", UNECHOED);
    let passes = run(&folder, &["--spawn", &format!("{} --set echo-counter=no", device())], "");
    let said = told(&passes);
    assert!(passes.status.success() && said.contains("1 passed, 0 failed"), "{said}");
    assert!(said.contains("note: in memory this fails, at line 8: unexpected message: COUNTER is 5"), "{said}");

    // The files left for a failure are of the device's own run, not of the run in memory.
    let fails = run(&folder, &["--spawn", &format!("{} --set echo-counter=yes", device())], "");
    let said = told(&fails);
    assert!(fails.status.code() == Some(1) && said.contains("in memory this fails, at line 8"), "{said}");
    let left = |name: &str| fs::read_to_string(folder.join("failures/case-1").join(name)).expect("it was left");
    let session = left("transcript.txt").lines().find(|line| line.contains("SESSION START")).map(str::to_owned);
    let at = session.as_deref().and_then(|line| line.split_whitespace().next()).expect("a time").to_owned();
    assert!(left("frames.txt").lines().any(|line| line.starts_with(&at) && line.contains("<INVOICE>7")), "{at}");

    // On the wire, too, it is judged by its own run.
    let wire = common::command(&folder, &["run", "--wire", "case.sca"]).output().expect("the program runs");
    assert!(told(&wire).contains("on the wire: 0 passed, 1 failed"), "{}", told(&wire));
    assert!(told(&wire).contains("in memory this fails, at line 8"), "{}", told(&wire));
}

#[test]
fn a_program_that_ends_is_told_of_at_once() {
    let folder = case(
        "ends",
        "terminal connects\npos -> terminal  ADMIN GET_COUNTER  as a\nterminal -> pos  COUNTER=1  re a\nwait 20s\n",
    );
    let dies = format!("{} & sleep 2; echo the disk is full; kill $!; exit 3", device());
    let output = run(&folder, &["--spawn", &dies], "");
    let said = told(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for part in [
        ":9:1",
        "the program of terminal exited on its own",
        "it exited with exit status: 3",
        "its output: the disk is full",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
}

/// A device in Python that reads the answer to its upgrade request, and then does this.
fn python(then: &str) -> String {
    let script = "import os, socket, sys\n\
        host, port = os.environ['SCA_URL'].split('://')[1].split(':')\n\
        s = socket.create_connection((host, int(port)))\n\
        s.sendall(b'GET / HTTP/1.1\\r\\nHost: x\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n'\n\
        \x20         b'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\nSec-WebSocket-Version: 13\\r\\n'\n\
        \x20         b'x-vfi-pinpad-id: 1\\r\\n\\r\\n')\n\
        answer = s.recv(4096).decode()\n";
    format!("python3 -c \"{script}{then}\"")
}

#[test]
fn a_device_that_refuses_a_right_answer_is_not_said_to_find_it_wrong() {
    let folder = case("refuses", "terminal connects\n");
    let spawn = python("print('no subprotocol, no thanks'); sys.exit(1)\n");
    let output = run(&folder, &["--spawn", &spawn], "");
    let said = told(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(!said.contains("garbage"), "{said}");
    for part in ["exited with exit status: 1", "its output: no subprotocol, no thanks"] {
        assert!(said.contains(part), "{part}\n{said}");
    }
}

#[test]
fn a_device_that_takes_a_wrong_answer_for_a_right_one_fails() {
    let folder = case(
        "wrong-accept",
        "broker answers attempt 1\n  HTTP/1.1 101 Switching Protocols\n  Upgrade: websocket\n  Connection: Upgrade\n  \
         Sec-WebSocket-Accept: bm90IHRoZSByaWdodCBvbmU=\nterminal connects\n",
    );
    let output = run(&folder, &["--spawn", &device()], "");
    assert!(output.status.code() == Some(1) && told(&output).contains("handshake accept"), "{}", told(&output));
}

#[test]
fn a_failure_that_is_expected_is_expected_of_a_device_too() {
    let folder = case("expected", UNECHOED);
    let path = folder.join("case.sca");
    let text = fs::read_to_string(&path).expect("it can be read");
    let text = text.replace("\n\nbroker", "\nexpect-fail \"known\" until 2030-01-01\n\nbroker");
    fs::write(&path, text).expect("it can be written");
    let output = run(&folder, &["--today", "2026-01-01", "--spawn", &device()], "");
    assert!(output.status.success() && told(&output).contains("1 expected failure"), "{}", told(&output));
    let output = run(&folder, &["--today", "2031-01-01", "--spawn", &device()], "");
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
}

#[test]
fn what_was_not_played_leaves_nothing_of_the_run_in_memory() {
    let folder = case("nothing", ASKED);
    let output = run(&folder, &["--transcript", "--report", "json=out.json", "--spawn", &device()], "");
    assert!(!told(&output).contains("terminal connects"), "{}", told(&output));
    let report = fs::read_to_string(folder.join("out.json")).expect("it was written");
    assert!(report.contains("\"assumptions\": []") && report.contains("\"lasted_ms\": 0"), "{report}");
}

#[test]
fn what_would_take_too_long_names_what_allows_it() {
    let folder = case("long", "terminal connects\nwait 40s\npos -> terminal  DEVICE VERSION  as a\n");
    let said = told(&run(&folder, &["--spawn", &device()], ""));
    assert!(said.contains("`--longest 4") && said.contains("` allows it"), "{said}");
}

#[test]
fn a_device_that_insists_on_a_subprotocol_is_given_it() {
    let folder = case(
        "insists",
        "terminal connects\npos -> terminal  ADMIN GET_COUNTER  as a\nterminal -> pos  COUNTER=1  re a\n",
    );
    let insists = format!("{} --set subprotocol-required=yes", device());
    let without = run(&folder, &["--spawn", &insists], "");
    assert_eq!(without.status.code(), Some(1), "{}", told(&without));
    let with = run(&folder, &["--broker-set", "subprotocol=sci", "--spawn", &insists], "");
    assert!(with.status.success(), "{}", told(&with));
    let output = run(&folder, &["--broker-set", "latency=1ms", "--spawn", &insists], "");
    assert_eq!(output.status.code(), Some(2), "{}", told(&output));
    assert!(told(&output).contains("latency cannot be set for a broker on real sockets"), "{}", told(&output));
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
        ("", 1, "no answer about what the device shows"),
    ] {
        let folder = case(&format!("person-{code}-{}", answer.len()), ASKED);
        let output = run(&folder, &["--spawn", &device(), "--interactive"], answer);
        let said = told(&output);
        assert!(output.status.code() == Some(code) && said.contains(says), "{answer:?}\n{said}");
        assert!(said.contains("does the device show this: screen prompt COMMAND=EMAIL? [y/n]"), "{said}");
    }
}

#[test]
fn the_page_lists_what_cannot_be_played() {
    let page = fs::read_to_string(common::root().join("sim/docs/real.md")).expect("the page can be read");
    let table = sca_judge::inapplicable::table();
    assert!(page.ends_with(&table), "the table of sim/docs/real.md is:\n{table}");
}

#[test]
fn without_a_person_screens_are_inapplicable() {
    let folder = case("nobody", ASKED);
    let said = told(&run(&folder, &["--spawn", &device()], ""));
    assert!(said.contains("the display cannot be read; --interactive asks an operator"), "{said}");
    assert!(said.contains("no scenario of case.sca was played"), "{said}");
}

#[test]
fn a_device_that_does_not_come_is_told_of_with_its_last_words() {
    let folder = case("late", "terminal connects\n");
    for (spawn, says) in [
        ("true", "the device did not connect: it exited with exit status: 0"),
        (
            "echo the disk is full; exit 3",
            "the device did not connect: it exited with exit status: 3: the disk is full",
        ),
        ("sleep 60", "no device connected within 1 s"),
    ] {
        let output = run(&folder, &["--spawn", spawn, "--patience", "1"], "");
        assert_eq!(output.status.code(), Some(4));
        assert!(told(&output).contains(says), "{}", told(&output));
    }
    let output = run(&folder, &["--spawn", "terminal {uri}"], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains("unknown placeholder {uri}; known: {url} {ca} {cert}"), "{}", told(&output));
    let output = run(&folder, &["--reset", "echo it is on fire; false", "--patience", "2"], "");
    assert!(told(&output).contains("the reset command failed"), "{}", told(&output));
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
    // A scenario with settings that the device cannot be given is not played, unless the device takes settings.
    let path = folder.join("case.sca");
    let text = fs::read_to_string(&path).expect("it can be read");
    fs::write(&path, text.replace("broker\n", "terminal\n  echo-counter no\nbroker\n")).expect("it can be written");
    let said = told(&run(&folder, &["--spawn", &device()], ""));
    assert!(said.contains("this setting of an external device cannot be changed by sca-sim"), "{said}");
}

#[test]
fn faults_reach_a_device_at_the_door_and_within_a_message() {
    let steps = "terminal connects\n\
         fault refuse for 2s  as down\n\
         fault reset\n\
         terminal connects  after failures  within 2s..20s of down\n\
         fault reset after 40 bytes of request\n\
         fault reset\n\
         terminal fails reset  within 20s\n\
         terminal connects  within 20s\n\
         fault fin after 9 bytes of reply to a\n\
         pos -> terminal  ADMIN GET_COUNTER  as a\n\
         terminal connects  within 20s\n\
         pos -> terminal  ADMIN GET_COUNTER  as b\n\
         terminal -> pos  RESULT=OK  re b\n";
    let folder = case("door", steps);
    let quick = format!("{} --set retry-first=200ms --set retry-cap=1s", device());
    let output = run(&folder, &["-t", "--longest", "60", "--spawn", &quick], "");
    assert!(output.status.success(), "{}", told(&output));
    let transcript = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(transcript.contains("# fault: 40 of ") && transcript.contains("# fault: 9 of "), "{transcript}");
}

#[test]
fn refusals_that_a_scenario_counts_are_seen() {
    let steps = "terminal connects\n\
         fault refuse on attempt 1..2\n\
         fault reset\n\
         terminal fails refused  within 20s\n\
         terminal fails refused  within 20s\n\
         terminal connects  within 20s\n";
    let folder = case("refused", steps);
    let output = run(&folder, &["--spawn", &device()], "");
    assert!(output.status.success(), "{}", told(&output));
}
