//! Tests of imports and comparisons: a capture becomes a scenario that plays, nothing is lost, and no secret is kept.

use crate::common;

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use sca_capture::ScenarioGenerator;
use sca_import::{Ending, Event, Session, Side};
use sca_protocol::frame::{Frame, opcode};
use sca_protocol::{Reason, TlsFailure};

const PROGRAM: &str = env!("CARGO_BIN_EXE_sca-sim");

/// Runs the program in the project's root.
fn sca_sim(arguments: &[&str]) -> Output {
    common::run(&common::root(), arguments)
}

/// The text of a file.
fn text(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).expect("the file can be read")
}

/// A session that contains every kind of event.
fn eventful() -> Session {
    let mut session = Session::new("1", false);
    let mut at = 0;
    let mut push = |event: Event| {
        at += 400;
        session.push(std::time::Duration::from_millis(at), event);
    };
    let said = |side: Side, text: &str| {
        let mut frame = Frame::whole(opcode::TEXT, text);
        frame.mask = (side == Side::Terminal).then_some([1, 2, 3, 4]);
        Event::Frame(side, frame)
    };
    for reason in [Reason::Refused, Reason::Dns, Reason::Timeout, Reason::Reset, Reason::Tls(TlsFailure::Expired)] {
        push(Event::Opened);
        push(Event::Failed(reason));
    }
    push(Event::Failed(Reason::Tls(TlsFailure::AlertCertificateRequired)));
    push(Event::Failed(Reason::Tls(TlsFailure::Garbage)));
    push(Event::Note("a remark\nof two lines".to_owned()));
    push(Event::Opened);
    push(Event::Asked(
        "GET / HTTP/1.1\r\nHost: x\r\nSec-WebSocket-Key: k\r\nx-vfi-pinpad-id: \"7\" #\r\n\r\n".to_owned(),
    ));
    push(Event::Answered("HTTP/1.1 503 Busy\r\nRetry-After: 1\r\n\r\n<html>\u{7}\n\n busy</html>".to_owned()));
    push(Event::Up);
    push(said(
        Side::Broker,
        "<TRANSACTION><FUNCTION_TYPE>PAYMENT</FUNCTION_TYPE><COMMAND>VOID</COMMAND></TRANSACTION>",
    ));
    push(said(
        Side::Terminal,
        "<RESPONSE><RESULT>VOIDED</RESULT><RESULT_CODE>7</RESULT_CODE><lower>x</lower></RESPONSE>",
    ));
    push(said(Side::Broker, "\u{0}\"quoted\" {{mac}} \\ {{nothing}}\n  indented"));
    push(said(Side::Terminal, "no document"));
    push(said(Side::Terminal, "<RESPONSE><A>1</A><A>2</A><B><C>3</C></B></RESPONSE>"));
    push(Event::Frame(Side::Broker, Frame::whole(opcode::BINARY, vec![0, 255])));
    push(Event::Frame(Side::Broker, Frame { reserved: 2, ..Frame::whole(11, "odd") }));
    push(Event::Frame(Side::Terminal, Frame::whole(opcode::TEXT, "unmasked")));
    push(Event::Frame(Side::Broker, Frame::whole(opcode::PING, vec![1, 2])));
    push(Event::Frame(Side::Terminal, Frame::whole(opcode::PING, "p").masked([0; 4])));
    push(Event::Frame(Side::Terminal, Frame::whole(opcode::PING, "p").masked([0; 4])));
    push(Event::Frame(Side::Terminal, Frame::whole(opcode::PONG, "unasked \" for").masked([0; 4])));
    push(Event::Frame(Side::Broker, Frame::close(Some(4_999), "bye \"now\"")));
    push(Event::Ended(Side::Broker, Ending::Fin));
    push(Event::Up);
    push(Event::Ended(Side::Terminal, Ending::Reset));
    session
}

#[test]
fn a_recording_is_a_scenario_whenever_it_is_cut_short() {
    let mut lift = ScenarioGenerator::new("A \"recording\"", false);
    for (at, event) in &eventful().events {
        lift.event(*at, event);
        let text = lift.text();
        if let Err(problems) = sca_scenario::parse(&text) {
            // A scenario needs at least one line, and this session has none yet.
            assert!(
                !text.contains("\n+") && lift.body().lines().all(|line| line.starts_with('#')),
                "{problems:?}\n{text}"
            );
        }
    }
    lift.finish(std::time::Duration::from_secs(60));
    let text = lift.text();
    assert!(sca_scenario::parse(&text).is_ok(), "{text}");
    assert_eq!(ScenarioGenerator::whole("A \"recording\"", &eventful())[0].lines().count(), text.lines().count());
}

#[test]
fn a_planted_defect_is_found_and_made_small() {
    let folder = common::folder("defect");
    let log = text(common::root().join("tests/captures/till.log"));
    let capture = folder.join("till.log");
    fs::write(&capture, log).expect("it can be written");
    let small = folder.join("small");
    let output =
        sca_sim(&["diff", capture.to_str().expect("it is text"), "--shrink", small.to_str().expect("it is text")]);
    assert_eq!(output.status.code(), Some(1));
    let ladder = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(ladder.contains("COUNTER  field \"{{counter+2}}\"  model"), "{ladder}");
    let found = fs::read_dir(&small).expect("something was written").next().expect("a file").expect("it can be read");
    let scenario = text(found.path());
    assert!(scenario.lines().count() < 18, "{scenario}");
    let played =
        sca_sim(&["run", found.path().to_str().expect("it is text"), "--failures", small.to_str().expect("text")]);
    assert_eq!(played.status.code(), Some(1), "it fails as it stands");
}

#[test]
fn what_a_setting_would_explain_is_told_with_its_assumption() {
    let capture = common::root().join("tests/captures/quiet.log");
    let capture = capture.to_str().expect("it is text");
    let output = sca_sim(&["diff", capture, "--up", "up", "--down", "lost"]);
    let ladder = String::from_utf8_lossy(&output.stdout).into_owned();
    for told in [
        "COUNTER  field -  model \"7\"",
        "A-10 would explain it: `echo-counter no`",
        "COUNTER  field \"1\"  model \"7\"",
        "A-15 would explain it: `counter-over-reconnect no`",
    ] {
        assert!(ladder.contains(told), "{told}\nis not in\n{ladder}");
    }
    let json = sca_sim(&["diff", capture, "--up", "up", "--down", "lost", "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).expect("it is JSON");
    assert_eq!(json["version"], 1);
    assert_eq!(json["captures"][0]["differences"][1]["explained"][0]["source"], "A-15");
}

#[test]
fn an_archive_of_a_browser_is_that_of_a_pos() {
    let folder = common::folder("browser");
    let archive = common::root().join("tests/captures/chromium.har");
    let out = folder.display().to_string();
    let output = sca_sim(&["import", archive.to_str().expect("it is text"), "--out", &out]);
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let told = common::transcript(&folder.join("terminal-1.sca"));
    assert!(told.contains("pos -> terminal  SESSION START INVOICE=7"), "{told}");
    // A few milliseconds, whatever unit the timestamps use.
    let recorded = text(folder.join("terminal-1.sca"));
    let last = recorded.lines().rev().find_map(|line| line.strip_prefix("+0.")).expect("all was within a second");
    assert!(last.ends_with(" end"), "{recorded}");
}

#[test]
fn an_archive_of_a_proxy_becomes_a_scenario_that_passes() {
    let folder = common::folder("archive");
    let archive = common::root().join("tests/captures/mitmproxy.har");
    let out = folder.display().to_string();
    let output = sca_sim(&["import", archive.to_str().expect("it is text"), "--out", &out]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // The archive does not say how the first connection ended, so what follows is a part of its own.
    for (name, part) in [("terminal-1", 1), ("terminal-1-2", 2)] {
        let told = common::transcript(&folder.join(format!("{name}.sca")));
        assert!(told.contains(&format!("part {part} of 2")), "{told}");
        assert_eq!(told.matches("terminal connects").count(), 1, "{told}");
        assert!(!told.contains("fault"), "{told}");
    }
    // A truncated archive still gives what precedes the cut, and the cut is reported.
    let whole = text(&archive);
    for part in [whole.len() / 2, whole.len() * 3 / 4, whole.len() - 3] {
        let cut = folder.join(format!("cut-{part}.har"));
        let mut file = fs::File::create(&cut).expect("it can be made");
        file.write_all(&whole.as_bytes()[..part]).expect("it can be written");
        let out = folder.join(format!("cut-{part}"));
        let output =
            sca_sim(&["import", cut.to_str().expect("it is text"), "--out", out.to_str().expect("it is text")]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("damaged from here on") && said.contains("line "), "{said}");
        assert!(sca_scenario::parse(&text(out.join("terminal-1.sca"))).is_ok());
    }
}

#[test]
fn every_command_of_the_guide_does_what_it_says() {
    let folder = common::folder("guide");
    fs::copy(common::root().join("tests/captures/lane-7.log"), folder.join("lane-7.log"))
        .expect("the log can be copied");
    let page = text(common::root().join("sim/docs/field-bugs.md"));
    let path = format!("{}:{}", Path::new(PROGRAM).parent().expect("it has a folder").display(), env!("PATH"));
    let (mut said, mut commands) = (String::new(), 0);
    for block in page.split("```").skip(1).step_by(2) {
        if let Some(script) = block.strip_prefix("sh\n") {
            said.clear();
            for line in script.lines() {
                let shell = ["-c", line];
                let done = Command::new("sh").args(shell).current_dir(&folder).env("PATH", &path).output();
                let done = done.expect("there is a shell");
                said += &String::from_utf8_lossy(&done.stdout);
                said += &String::from_utf8_lossy(&done.stderr);
                assert!(done.status.success(), "{line}\n{said}");
                commands += 1;
            }
        } else if let Some(printed) = block.strip_prefix("text\n") {
            // The columns are as wide as their contents.
            let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            let all = plain(&said);
            for line in printed.lines() {
                assert!(all.contains(&plain(line)), "{line}\nis not in\n{said}");
            }
        }
    }
    assert_eq!(commands, 9);
}

/// What a run and an import leave behind may hold messages of customers: it is for its owner alone.
#[test]
#[cfg(unix)]
fn evidence_and_scenarios_of_captures_are_for_their_owner_alone() {
    let folder = common::folder("owner");
    common::file(&folder, "fails.sca", "scenario \"F\"\n\nterminal connects\nterminal loses  within 1s\n");
    let request = "<TRANSACTION><FUNCTION_TYPE>DEVICE</FUNCTION_TYPE><COMMAND>VERSION</COMMAND></TRANSACTION>";
    let answer = "<RESPONSE><RESULT>OK</RESULT><RESULT_CODE>-1</RESULT_CODE></RESPONSE>";
    common::file(&folder, "till.log", &format!("10:00:00 > {request}\n10:00:01 < {answer}\n"));
    let script = "umask 000; \"$0\" run fails.sca; \"$0\" import till.log --out out";
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", script, env!("CARGO_BIN_EXE_sca-sim")]).current_dir(&folder);
    shell.output().expect("there is a shell");
    let mut files = 0;
    for left in ["failures/fails-1", "out"] {
        for entry in fs::read_dir(folder.join(left)).expect("it was left") {
            let entry = entry.expect("the entry can be read");
            let mode = entry.metadata().expect("it has a mode").permissions().mode();
            assert_eq!(mode & 0o077, 0, "{:?} is {mode:o}", entry.path());
            files += 1;
        }
    }
    assert!(files >= 4, "{files}");
}

/// A capture is looked through before it is passed on: what was taken out is listed, and own names are taken out too.
#[test]
fn an_import_lists_what_it_took_out() {
    let folder = common::folder("audit");
    let request = "<TRANSACTION><FUNCTION_TYPE>DEVICE</FUNCTION_TYPE><COMMAND>VERSION</COMMAND>\
        <PIN_CODE>4711</PIN_CODE><MY_OWN>Zq1z</MY_OWN></TRANSACTION>";
    let answer = "<RESPONSE><RESULT>OK</RESULT><RESULT_CODE>-1</RESULT_CODE></RESPONSE>";
    common::file(&folder, "till.log", &format!("10:00:00 > {request}\n10:00:01 < {answer}\n"));
    let told = |more: &[&str]| {
        let arguments = [&["import", "till.log", "--out", "out", "--audit", "--force"], more].concat();
        let output = common::run(&folder, &arguments);
        let made = fs::read_to_string(folder.join("out/terminal-1.sca")).expect("it was made");
        common::text(&output.stdout) + &common::text(&output.stderr) + &made
    };
    let kept = told(&[]);
    assert!(kept.contains("PIN_CODE") && !kept.contains("4711") && kept.contains("Zq1z"), "{kept}");
    let taken = told(&["--redact", "MY_OWN"]);
    assert!(taken.contains("MY_OWN") && !taken.contains("Zq1z"), "{taken}");
}
