//! Tests of the program's output: no foreign text can control a terminal or a CI runner, a stalled reader never stops
//! the service, and a signal always ends the program.

use crate::common;

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::common::party::{Party, broker, joins, listens, serves_the_next, text};
use crate::common::{command, file, folder, run};
use rstest::rstest;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// Whether a text contains terminal control characters, or a line that a CI runner takes as a command.
fn steers(said: &str) -> bool {
    let command = |line: &str| ["::", "##[", "##vso["].iter().any(|word| line.trim_start().starts_with(word));
    said.chars().any(|c| c.is_control() && c != '\n' || "\u{202e}\u{200b}\u{2066}".contains(c))
        || said.lines().any(command)
}

const HOSTILE: &str = "\u{1b}]0;pwn\u{7}\u{1b}[31mred \u{9b}2J \u{202e}abc\r\n::error::pwned\n##[error]x";

#[test]
fn what_peers_send_steers_no_terminal() {
    let (mut party, at) = listens("output-peers", &["broker", "--listen", "127.0.0.1:0"], "listening on ");
    let mut pos = joins(&at, "/pos/\u{9b}77", None);
    pos.write_all(&text(HOSTILE)).expect("it is read");
    pos.write_all(&text("<R><A>\u{1b}[2J\u{202e}</A></R>")).expect("it is read");
    let _terminal = joins(&at, "/", Some("a\u{9b}31mb"));
    serves_the_next(&at);
    party.has_said("99 -> pos");
    let said = party.all_said();
    assert!(said.contains("\\u{1b}]0;pwn"), "{said}");
    assert!(!steers(&said), "{said:?}");
}

#[test]
fn what_files_say_steers_no_terminal() {
    let folder = folder("output-files");
    let name = "a\n::error::pwned\u{1b}[31m.sca";
    let hostile = "scenario \"Title \u{1b}[31m\u{202e} ::x\"\n\nterminal connects\n# \u{9b}2J\nicon \u{1b}]0;x\u{7}\n";
    file(&folder, name, hostile);
    file(
        &folder,
        "good.sca",
        "scenario \"Good \u{202e}\u{1b}[31m\"\n\nterminal connects\npos -> terminal  ADMIN GET_COUNTER  as a\n",
    );
    for arguments in [
        &["list", "."][..],
        &["check", "."],
        &["run", "."],
        &["run", "-t", "good.sca"],
        &["explain", "good.sca"],
        &["run", ".", "--report", "tap=-"],
        &["run", ".", "--report", "markdown=-"],
        &["fmt", "--check", "."],
        &["coverage", "."],
    ] {
        let output = run(&folder, arguments);
        for said in [output.stdout, output.stderr] {
            let said = String::from_utf8(said).expect("it is text");
            assert!(!steers(&said), "{arguments:?} says {said:?}");
        }
    }
}

#[test]
fn a_reader_that_stalls_stops_neither_the_service_nor_its_end() {
    let mut stalled = Party::new("output-stalled", &["broker", "--listen", "127.0.0.1:0"]);
    let line = stalled.says("listening on ws://");
    let at = line.split("ws://").nth(1).and_then(|rest| rest.split(';').next()).expect("an address").to_owned();
    // The output is no longer read. This writes far more than a pipe holds.
    let mut pos = joins(&at, "/pos/1", None);
    for _ in 0..40 {
        pos.write_all(&text("not xml").repeat(100)).expect("it is read");
    }
    serves_the_next(&at);
    ends_by("-INT", stalled);
}

/// Ends a party with a signal, and checks that it exits successfully and soon.
fn ends_by(signal: &str, mut party: Party) {
    let sent = Command::new("kill").args([signal, &party.child.id().to_string()]).status().expect("kill is there");
    assert!(sent.success());
    let status = party.ends_within(Duration::from_secs(5));
    assert_eq!(status.code(), Some(0), "{signal}");
}

#[rstest]
fn every_signal_ends_every_party(#[values("-INT", "-TERM", "-HUP")] signal: &str) {
    let name = format!("output-ends{signal}");
    let (party, at) = broker(&name, &[]);
    ends_by(signal, party);
    let url = format!("ws://{at}");
    let free = ["--listen", "127.0.0.1:0"];
    for (arguments, says) in [
        (vec!["host", free[0], free[1]], "listening on "),
        (vec!["record", free[0], free[1], "--to", &url, "--out", "out"], "listening on "),
        (vec!["terminal", "--connect", &url], "terminal fails refused"),
    ] {
        let mut party = Party::new(&name, &arguments);
        party.says(says);
        ends_by(signal, party);
    }
}

/// The program's output on a terminal of this type.
fn on_a_terminal(folder: &Path, term: &str, arguments: &[&str]) -> String {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal can be had");
    grantpt(&ours).and_then(|()| unlockpt(&ours)).expect("it can be opened");
    let name = ptsname(&ours, Vec::new()).expect("it has a name").into_string().expect("it is text");
    let theirs = || File::options().read(true).write(true).open(&name).expect("it can be opened");
    let mut program = command(folder, arguments);
    program.env_remove("NO_COLOR").env("TERM", term).stdin(Stdio::null()).stdout(theirs()).stderr(theirs());
    let mut child = program.spawn().expect("the program runs");
    child.wait().expect("it ends");
    drop(program);
    let mut said = Vec::new();
    // Reading the end of a pseudo-terminal gives an error.
    _ = File::from(ours).read_to_end(&mut said);
    String::from_utf8_lossy(&said).into_owned()
}

#[test]
fn a_dumb_terminal_gets_no_colours() {
    let folder = folder("output-dumb");
    file(&folder, "a.sca", "scenario \"A\"\n\nterminal conects\n");
    file(&folder, "b.sca", "scenario \"B\"\n\nterminal connects\nicon disconnected\n");
    let arguments = ["run", "a.sca", "b.sca"];
    assert!(on_a_terminal(&folder, "xterm", &arguments).contains("\u{1b}[1m"));
    let dumb = on_a_terminal(&folder, "dumb", &arguments);
    assert!(dumb.contains("conects") && !dumb.contains('\u{1b}'), "{dumb:?}");
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let at = taken.local_addr().expect("an address").to_string();
    for arguments in [
        &["broker", "--listen", &at][..],
        &["host", "--listen", &at],
        &["record", "--listen", &at, "--to", "ws://127.0.0.1:1", "--out", "out"],
    ] {
        let output = run(&folder("output-port"), arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(4) && said.contains(&at), "{arguments:?}: {said}");
    }
}

#[test]
fn a_replay_line_can_be_pasted() {
    let folder = folder("output-paste");
    let names = ["lane 7's.sca", "-dash.sca", "b;touch PWN;$(touch PWN2).sca"];
    for name in names {
        file(
            &folder,
            name,
            "scenario \"A\"\neach     v in [\"$(touch PWN3)'s\", x]\n\nterminal connects\nicon disconnected\npos -> terminal  DEVICE DISPLAY_MESSAGE DISPLAY_TEXT=\"{{v}}\"\n",
        );
        let given = format!("./{name}");
        let said = String::from_utf8(run(&folder, &["run", &given]).stderr).expect("it is text");
        let replays: Vec<&str> = said.lines().filter_map(|line| line.trim().strip_prefix("= replay: ")).collect();
        assert!(!replays.is_empty(), "{said}");
        for replay in replays {
            let pasted = replay.replacen("sca-sim", env!("CARGO_BIN_EXE_sca-sim"), 1);
            let again =
                Command::new("sh").args(["-c", &pasted]).current_dir(&folder).output().expect("a shell is there");
            let said = String::from_utf8_lossy(&again.stderr).into_owned();
            assert!(again.status.code() == Some(1) && said.contains("icon"), "{replay}: {said}");
        }
    }
    let left = std::fs::read_dir(&folder)
        .expect("it can be read")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    assert!(!left.into_iter().any(|name| name.starts_with("PWN")), "what was pasted ran something else");
}

#[test]
fn a_placeholder_within_quotes_is_refused() {
    let folder = folder("output-spawn");
    file(&folder, "a.sca", "scenario \"A\"\n\nterminal\n  pinpad-id \"$(touch INJ)\"\n\nterminal connects\n");
    for spawn in ["dev \"{pinpad}\"", "dev '{pinpad}'", "dev \"a b {url} c\""] {
        let output =
            run(&folder, &["run", "--terminal", "external", "--listen", "127.0.0.1:0", "--spawn", spawn, "a.sca"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && said.contains("is within quotes"), "{spawn}: {said}");
    }
    let spawn = "cat <<X\n{pinpad}\nX";
    let output = run(&folder, &["run", "--terminal", "external", "--listen", "127.0.0.1:0", "--spawn", spawn, "a.sca"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(2) && said.contains("behind `<<`"), "{said}");
    let bare = "echo pinpad=\"$SCA_PINPAD\" {pinpad} > given; sleep 9";
    run(&folder, &["run", "--terminal", "external", "--listen", "127.0.0.1:0", "--spawn", bare, "a.sca"]);
    let given = std::fs::read_to_string(folder.join("given")).expect("it was started");
    assert_eq!(given.trim(), "pinpad=$(touch INJ) $(touch INJ)");
    assert!(!folder.join("INJ").exists());
}

#[test]
fn a_capture_that_is_too_long_is_refused_and_never_cut() {
    let folder = folder("output-long");
    let log = File::create(folder.join("long.log")).expect("it can be made");
    log.set_len(513 << 20).expect("a file with a hole can be made");
    let output = run(&folder, &["import", "long.log", "--out", "out"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(4) && said.contains("more than 512 MiB"), "{said}");
}

#[test]
fn the_page_of_limits_says_what_the_options_are() {
    let page = std::fs::read_to_string(common::root().join("sim/docs/limits.md")).expect("it can be read");
    for party in ["broker", "host", "record", "terminal"] {
        let help = String::from_utf8(run(&folder("output-limits"), &[party, "--help"]).stdout).expect("it is text");
        for (option, default) in [("--connections N", "1,000"), ("--memory MIB", "16"), ("--patience SECONDS", "15")] {
            let row = page.lines().find(|line| line.contains(&format!("`{option}`"))).expect("it has a row");
            assert!(row.split('|').nth(2).is_some_and(|cell| cell.trim().starts_with(default)), "{row}");
            let (name, value) = option.split_once(' ').expect("it takes a value");
            let at = help.find(&format!("{name} <{value}>")).unwrap_or_else(|| panic!("{party} has no {option}"));
            let told = format!("[default: {}]", default.replace(',', ""));
            assert!(help[at..].split("--").nth(1).is_some_and(|of| of.contains(&told)), "{party} {option}: {help}");
        }
    }
}
