//! Tests of an interrupted run: it reports what was played, says that it is incomplete, and leaves no process running.

use std::fs;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use crate::common::{command, file, folder, text};
use rstest::rstest;
use serde_json::Value;

/// Waits until a condition holds, by polling a limited number of times.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let (_sender, nothing) = channel::<()>();
    for _ in 0..600 {
        if is_so() {
            return;
        }
        let _ = nothing.recv_timeout(Duration::from_millis(50));
    }
    panic!("{what} within thirty seconds");
}

fn send(signal: &str, process: u32) {
    let sent = Command::new("kill").args([signal, &process.to_string()]).status().expect("kill is there");
    assert!(sent.success(), "the process was there");
}

/// Plays a quick scenario and two that take half a minute, and sends a signal when the quick one is done.
fn interrupted(name: &str, signal: &str) -> (std::path::PathBuf, ExitStatus, String) {
    let folder = folder(name);
    file(&folder, "a.sca", "scenario \"Quick\"\n\nterminal connects  covers BOOT-01\n");
    for long in ["b.sca", "c.sca"] {
        file(&folder, long, "scenario \"Long\"\n\nterminal connects\nwait 25m\n");
    }
    for report in ["r.json", "r.xml", "r.md", "r.tap"] {
        file(&folder, report, "of yesterday, and green\n");
    }
    let reports = "json=r.json,junit=r.xml,markdown=r.md,tap=r.tap,jsonl=r.jsonl";
    let mut run =
        command(&folder, &["run", "--wire", "--longest", "60", "--jobs", "1", ".", "-t", "--report", reports]);
    let child = run.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs");
    let has_played =
        || fs::read_to_string(folder.join("r.jsonl")).is_ok_and(|text| text.contains("\"path\":\"a.sca\""));
    until("the quick scenario is played", has_played);
    assert!(!folder.join("r.json").exists(), "the old reports are taken away");
    send(signal, child.id());
    let ended = child.wait_with_output().expect("it ends");
    (folder, ended.status, text(&ended.stdout) + &text(&ended.stderr))
}

#[rstest]
#[case("-INT", "SIGINT", 130)]
#[case("-TERM", "SIGTERM", 143)]
#[case("-HUP", "SIGHUP", 129)]
fn a_signal_leaves_reports_that_say_so(#[case] signal: &str, #[case] name: &str, #[case] code: i32) {
    let (folder, status, said) = interrupted(&format!("interrupted{signal}"), signal);
    assert_eq!(status.code(), Some(code), "{said}");
    assert!(said.contains(&format!("run interrupted by {name}")), "{said}");
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_else(|why| panic!("{name}: {why}"));
    let json: Value = serde_json::from_str(&read("r.json")).expect("it is JSON");
    assert_eq!(json["interrupted"], name);
    assert_eq!(json["not_begun"], serde_json::json!(["b.sca", "c.sca"]));
    assert_eq!(json["summary"]["passed"], 1);
    for report in ["r.xml", "r.md", "r.tap"] {
        let report = read(report);
        assert!(report.contains(name) && report.contains("b.sca"), "{report}");
    }
    assert!(read("r.md").contains("incomplete"), "{}", read("r.md"));
}

#[rstest]
#[case("-INT")]
#[case("-TERM")]
fn what_was_started_ends_with_the_run(#[case] signal: &str) {
    let folder = folder(&format!("interrupted-device{signal}"));
    file(&folder, "a.sca", "scenario \"A device that never comes\"\n\nterminal connects\n");
    let spawn = "sleep 1001 & echo $! > started; wait";
    let arguments = ["run", "--terminal", "external", "--listen", "127.0.0.1:0", "--spawn", spawn, "a.sca"];
    let mut run = command(&folder, &arguments);
    let mut child = run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program runs");
    let started = || fs::read_to_string(folder.join("started")).is_ok_and(|pid| pid.ends_with('\n'));
    until("the device is started", started);
    let pid = fs::read_to_string(folder.join("started")).expect("it is there");
    send(signal, child.id());
    child.wait().expect("it ends");
    let lives = || {
        // A zombie that has not been reaped has exited too.
        let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
        !stat.is_empty() && !stat.contains(") Z ")
    };
    until("the device's own child has ended", || !lives());
}

#[test]
fn a_second_signal_ends_at_once() {
    let folder = folder("interrupted-twice");
    file(&folder, "a.sca", "scenario \"Long\"\n\nterminal connects\nwait 25m\n");
    let mut run = command(&folder, &["run", "--wire", "--longest", "60", "a.sca"]);
    let mut child = run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program runs");
    let (_sender, nothing) = channel::<()>();
    let _ = nothing.recv_timeout(Duration::from_millis(500));
    send("-TERM", child.id());
    drop(Command::new("kill").args(["-TERM", &child.id().to_string()]).stderr(Stdio::null()).status());
    assert_eq!(child.wait().expect("it ends").code(), Some(143));
}

#[test]
fn json_lines_stand_there_as_soon_as_a_file_is_played_whatever_ends_the_run() {
    let folder = folder("interrupted-stream");
    file(&folder, "a.sca", "scenario \"Quick\"\n\nterminal connects\n");
    file(&folder, "b.sca", "scenario \"Long\"\n\nterminal connects\nwait 25m\n");
    file(&folder, "r.jsonl", "of yesterday\n");
    let arguments = ["run", "--wire", "--longest", "60", "--jobs", "1", ".", "--report", "jsonl=r.jsonl"];
    let mut run = command(&folder, &arguments);
    let mut child = run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program runs");
    let lines = || -> Vec<Value> {
        let text = fs::read_to_string(folder.join("r.jsonl")).unwrap_or_default();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    };
    until("the quick file has its line", || lines().iter().any(|line| line["kind"] == "row"));
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    let lines = lines();
    assert_eq!(lines.iter().map(|line| line["kind"].as_str().unwrap_or_default()).collect::<Vec<_>>(), ["run", "row"]);
    assert_eq!((lines[0]["world"].as_str(), lines[1]["path"].as_str()), (Some("wire"), Some("a.sca")));
}
