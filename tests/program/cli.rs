//! Tests of the command line from the user's view: output, written files, exit codes.

use crate::common;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Stdio};

use crate::common::{command, file, folder, run, text};
use rstest::rstest;

const GOOD: &str = "scenario \"It connects\"\n\nterminal connects  covers BOOT-01\n";
const FAILS: &str = "scenario \"It loses\"\n\nterminal connects\nterminal loses  within 2s\n";
const INVALID: &str = "scenario \"It is wrong\"\n\nterminal conects\n";

#[rstest]
#[case::good(&["run", "good.sca"], 0)]
#[case::swept(&["sweep", "good.sca"], 0)]
#[case::cannot_be_swept(&["sweep", "good.sca", "--at", "reset@nowhere"], 2)]
#[case::failing_swept(&["sweep", "fails.sca"], 1)]
#[case::invalid_swept(&["sweep", "invalid.sca"], 3)]
#[case::no_such_row(&["sweep", "good.sca", "--row", "9", "--at", "reset@event:1"], 4)]
#[case::explored(&["explore", "good.sca", "--seeds", "5"], 0)]
#[case::invalid_explored(&["explore", "invalid.sca"], 3)]
#[case::failing(&["run", "fails.sca"], 1)]
#[case::usage(&["run"], 2)]
#[case::no_such_command(&["dance"], 2)]
#[case::invalid(&["run", "invalid.sca"], 3)]
#[case::no_such_file(&["run", "nowhere.sca"], 4)]
#[case::check_good(&["check", "good.sca"], 0)]
#[case::check_invalid(&["check", "invalid.sca"], 3)]
#[case::list(&["list", "good.sca"], 0)]
#[case::settings(&["settings"], 0)]
#[case::assumptions(&["assumptions"], 0)]
#[case::conformance_with_holes(&["conformance", "good.sca"], 1)]
#[case::conformance_nowhere(&["conformance", "nowhere.sca"], 4)]
#[case::screen(&["screen", "good.sca", "--at", "500ms", "--png", "a.png"], 0)]
#[case::screen_too_late(&["screen", "good.sca", "--at", "1d", "--png", "a.png"], 4)]
#[case::screen_of_nothing(&["screen", "good.sca"], 2)]
#[case::screen_on_another_model(&["screen", "good.sca", "--all", "all", "--model", "V200"], 0)]
#[case::screen_on_no_model(&["screen", "good.sca", "--all", "all", "--model", "X1"], 2)]
#[case::screen_of_no_such_row(&["screen", "good.sca", "--all", "all", "--row", "7"], 4)]
#[case::screen_invalid(&["screen", "invalid.sca", "--all", "all"], 3)]
#[case::terminal_without_broker(&["terminal"], 2)]
#[case::host_wrong_setting(&["host", "--listen", "127.0.0.1:0", "--set", "staet=up"], 2)]
#[case::help(&["--help"], 0)]
#[case::bad_report(&["run", "good.sca", "--report", "xml=a"], 2)]
#[case::unwritable_report(&["run", "good.sca", "--report", "json=good.sca/a"], 4)]
#[case::not_on_the_wire(&["run", "--wire", "long.sca"], 1)]
fn every_end_has_its_exit_code(#[case] arguments: &[&str], #[case] code: i32) {
    let folder = folder(&format!("exit-{code}-{}", arguments.join("-").replace(['/', '=', '.'], "_")));
    file(&folder, "good.sca", GOOD);
    file(&folder, "fails.sca", FAILS);
    file(&folder, "invalid.sca", INVALID);
    file(&folder, "long.sca", "scenario \"Long\"\n\nterminal connects\nwait 1d\n");
    let output = run(&folder, arguments);
    assert_eq!(output.status.code(), Some(code), "{}{}", text(&output.stdout), text(&output.stderr));
}

#[test]
fn a_sweep_draws_a_strip_and_one_blow_can_be_played_again() {
    let folder = folder("sweep");
    file(&folder, "good.sca", GOOD);
    let swept = text(&run(&folder, &["sweep", "good.sca"]).stdout);
    assert!(swept.contains("tried, 0 broken") && swept.contains("·") && !swept.contains('x'), "{swept}");
    let one = text(&run(&folder, &["sweep", "good.sca", "--at", "fin@frame:2:after"]).stdout);
    assert!(one.contains("fault fin") && one.contains("# pass"), "{one}");
    let tls = text(&run(&folder, &["sweep", "good.sca", "--at", "reset@server-flight:3"]).stdout);
    assert!(tls.contains("terminal fails") && tls.matches("terminal connects").count() == 1, "{tls}");
}

/// What follows an injection depends on the lines, so a file is tried at the same places alone and beside another.
#[test]
fn a_sweep_tries_a_file_at_the_same_places_alone_and_beside_another() {
    let folder = folder("sweep-beside");
    let plain = |lines: &str| format!("scenario \"x\"\n\nbroker\n  url ws://broker.test\n\nterminal connects\n{lines}");
    file(&folder, "one.sca", &plain("wait 1s\n"));
    file(
        &folder,
        "two.sca",
        &plain("pos -> terminal  ADMIN GET_COUNTER  as ask\nterminal -> pos  COUNTER=1  re ask\n"),
    );
    let of_two = |told: String| told.lines().find(|line| line.contains("two.sca: ")).expect("it is listed").to_owned();
    let alone = of_two(text(&run(&folder, &["sweep", "two.sca"]).stdout));
    let beside = of_two(text(&run(&folder, &["sweep", "one.sca", "two.sca"]).stdout));
    assert_eq!(alone, beside);
}

/// A request that goes nowhere in the undisturbed run arrives in a disturbed one, and the answers differ: that breaks
/// nothing.
#[test]
fn a_sweep_does_not_demand_the_same_answers_after_a_request_into_nothing() {
    let folder = common::root();
    let output = run(&folder, &["sweep", "scenarios/disconnects/request_into_nothing.sca"]);
    assert!(text(&output.stdout).contains(", 0 broken"), "{}", text(&output.stdout));
}

#[test]
fn the_matrix_of_conformance_is_written_with_its_version() {
    let folder = folder("conformance");
    file(&folder, "good.sca", GOOD);
    let output = run(&folder, &["conformance", "good.sca", "--lines", "--json", "c.json"]);
    let said = text(&output.stdout);
    assert!(said.contains("BOOT-01  pass"), "{said}");
    assert!(said.contains("+ good.sca:3  pass"), "{said}");
    let matrix: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(folder.join("c.json")).expect("it was written")).expect("it is JSON");
    assert_eq!(matrix["version"], 1);
    assert!(matrix["clauses"].as_array().is_some_and(|clauses| clauses.len() == sca_protocol::clauses::CLAUSES.len()));
}

#[test]
fn a_picture_has_the_size_of_the_models_display() {
    let folder = folder("screen");
    file(&folder, "good.sca", GOOD);
    let output = run(&folder, &["screen", "good.sca", "--at", "1.5s", "--png", "a.png", "--model", "P200"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let picture = sca_display::Picture::read(&fs::read(folder.join("a.png")).expect("it was written")).expect("a PNG");
    assert_eq!((picture.width, picture.height), (240, 320));
}

#[test]
fn a_failure_leaves_its_evidence() {
    let folder = folder("evidence");
    file(&folder, "fails.sca", FAILS);
    let output = run(&folder, &["run", "fails.sca", "--failures", "out"]);
    assert!(text(&output.stderr).contains("sca-sim run fails.sca"), "{}", text(&output.stderr));
    let evidence = folder.join("out/fails-1");
    let transcript = fs::read_to_string(evidence.join("transcript.txt")).expect("there is a transcript");
    assert!(transcript.contains("terminal connects"), "{transcript}");
    let frames = fs::read_to_string(evidence.join("frames.txt")).expect("there are frames");
    assert!(frames.contains("101 Switching Protocols"), "{frames}");
    let replay = fs::read_to_string(evidence.join("replay.txt")).expect("there is a command");
    assert_eq!(replay, "sca-sim run fails.sca\nseed 1\n");
}

#[test]
fn on_the_wire_the_evidence_has_the_secrets_of_tls_for_its_owner_alone() {
    let folder = folder("evidence-wire");
    file(&folder, "fails.sca", "scenario \"x\"\n\nterminal connects\nterminal -> pos  RESULT=OK  within 1s\n");
    // A scenario that fails in memory is not tried on the wire; one that fails only on the wire needs a snapshot of
    // lanes.
    let output = run(&folder, &["run", "--wire", "fails.sca", "--failures", "out"]);
    assert_eq!(output.status.code(), Some(1));
    let log = folder.join("out/fails-1/tls-keys.log");
    let mode = fs::metadata(&log).expect("there is a log").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_snapshot_is_written_compared_and_shown_when_it_differs() {
    let folder = folder("snapshot");
    file(&folder, "good.sca", GOOD);
    assert!(text(&run(&folder, &["run", "good.sca"]).stdout).contains("1 without a snapshot"));
    assert!(run(&folder, &["run", "--update", "good.sca"]).status.success());
    assert!(run(&folder, &["run", "good.sca"]).status.success());
    let path = folder.join("snapshots/good.snap");
    let kept = fs::read_to_string(&path).expect("there is a snapshot");
    file(&folder, "snapshots/good.snap", &kept.replace("screen idle", "screen session"));
    let output = run(&folder, &["run", "good.sca"]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.contains("-+1.012 screen session") && said.contains("++1.012 screen idle"), "{said}");
    assert!(folder.join("snapshots/good.snap.new").exists());
    assert!(run(&folder, &["run", "--update", "good.sca"]).status.success());
    assert!(!folder.join("snapshots/good.snap.new").exists());
}

#[test]
fn fmt_changes_layout_and_nothing_else() {
    let folder = folder("fmt");
    let untidy = "scenario   \"x\"   # what it shows\n\n\n# alone\nany order\n      terminal connects within 5s\n      screen   idle\n";
    file(&folder, "untidy.sca", untidy);
    let output = run(&folder, &["fmt", "--check", "untidy.sca"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(fs::read_to_string(folder.join("untidy.sca")).expect("it is there"), untidy);
    assert!(run(&folder, &["fmt", "untidy.sca"]).status.success());
    let tidy = "scenario \"x\"  # what it shows\n\n# alone\nany order\n  terminal connects  within 5s\n  screen idle\n";
    assert_eq!(fs::read_to_string(folder.join("untidy.sca")).expect("it is there"), tidy);
    assert!(run(&folder, &["fmt", "--check", "untidy.sca"]).status.success());
}

#[test]
fn reports_are_what_machines_read() {
    let folder = folder("reports");
    file(&folder, "good.sca", GOOD);
    file(&folder, "fails.sca", FAILS);
    file(&folder, "invalid.sca", INVALID);
    run(&folder, &["run", ".", "--report", "json=r.json,junit=r.xml"]);
    let json = fs::read_to_string(folder.join("r.json")).expect("there is a report");
    let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!(json["version"], 2);
    assert_eq!(json["summary"]["passed"], 1);
    assert_eq!(json["summary"]["failed"], 1);
    assert_eq!(json["summary"]["invalid"], 1);
    assert_eq!(json["files"][0]["rows"][0]["verdict"], "fail");
    assert_eq!(json["files"][0]["rows"][0]["failure"]["line"], 4);
    assert_eq!(json["files"][2]["problems"][0]["code"], "E011");
    let junit = fs::read_to_string(folder.join("r.xml")).expect("there is a report");
    assert!(
        junit.contains("<testsuites name=\"sca-sim\" tests=\"3\" skipped=\"0\" failures=\"1\" errors=\"1\""),
        "{junit}"
    );
    assert!(junit.contains("name=\"replay\" value=\"sca-sim run fails.sca\""), "{junit}");
}

/// A program in the background, killed at the end of the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Starts a program and waits for the line that says it is ready. Its output ends when it exits.
fn start(folder: &Path, arguments: &[&str], ready: &str) -> (Running, String) {
    let mut child = command(folder, arguments).stdout(Stdio::piped()).spawn().expect("the program starts");
    let mut lines = BufReader::new(child.stdout.take().expect("it has an output")).lines();
    let running = Running(child);
    let line = lines.by_ref().map_while(Result::ok).find(|line| line.contains(ready)).expect("it gets ready");
    // The rest of its output is drained, so that it never blocks.
    std::thread::spawn(move || lines.for_each(drop));
    (running, line)
}

#[rstest]
#[case::ws(false)]
#[case::wss(true)]
fn a_pos_reaches_the_terminal_through_the_broker(#[case] secure: bool) {
    let folder = folder(if secure { "open-wss" } else { "open-ws" });
    assert!(run(&folder, &["certs", "c"]).status.success());
    let (broker_tls, client_tls): (&[&str], &[&str]) = if secure {
        (
            &["--ca", "c/authority.pem", "--cert", "c/broker.pem", "--key", "c/broker.key"],
            &["--ca", "c/authority.pem", "--cert", "c/terminal.pem", "--key", "c/terminal.key"],
        )
    } else {
        (&[], &[])
    };
    let (_broker, line) = start(&folder, &[&["broker", "--listen", "127.0.0.1:0"], broker_tls].concat(), "listening");
    let url =
        line.split_whitespace().find(|w| w.contains("://")).expect("it says where").trim_end_matches(';').to_owned();
    let terminal = [&["terminal", "--connect", &url, "--pinpad", "7"], client_tls].concat();
    let (_terminal, _) = start(&folder, &terminal, "terminal connects");
    let mut pos = command(&folder, &[&["pos", "--to", &url, "--pinpad", "7", "--patience", "20"], client_tls].concat())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let requests = "<TRANSACTION><FUNCTION_TYPE>SESSION</FUNCTION_TYPE><COMMAND>START</COMMAND><INVOICE>1</INVOICE></TRANSACTION>\
        <TRANSACTION><FUNCTION_TYPE>ADMIN</FUNCTION_TYPE>\n<COMMAND>GET_COUNTER</COMMAND></TRANSACTION>";
    pos.stdin.take().expect("it has an input").write_all(requests.as_bytes()).expect("it reads");
    let output = pos.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{output:?}");
    let said = text(&output.stdout);
    assert!(said.contains("Session Started") && said.contains("<COUNTER>1</COUNTER>"), "{said}");
}

#[test]
fn a_pos_without_a_terminal_is_told_so() {
    let folder = folder("open-nobody");
    let (_broker, line) = start(&folder, &["broker", "--listen", "127.0.0.1:0"], "listening");
    let url =
        line.split_whitespace().find(|w| w.contains("://")).expect("it says where").trim_end_matches(';').to_owned();
    file(&folder, "ask.xml", "<TRANSACTION/>");
    let output = run(&folder, &["pos", "--to", &url, "--pinpad", "9", "ask.xml"]);
    assert!(text(&output.stdout).contains("no terminal with pinpad 9 is connected"), "{output:?}");
}

#[test]
fn a_pos_without_a_broker_exits_with_its_reason() {
    let folder = folder("open-no-broker");
    let port =
        std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free").local_addr().expect("it has one").port();
    file(&folder, "ask.xml", "<TRANSACTION/>");
    let output = run(&folder, &["pos", "--to", &format!("ws://127.0.0.1:{port}"), "ask.xml"]);
    assert_eq!(output.status.code(), Some(4));
    assert!(text(&output.stderr).contains("refused the connection"), "{output:?}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = folder("closed-output");
    let mut child = command(&folder, &["settings"]).stdout(Stdio::piped()).spawn().expect("the program starts");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn a_file_that_is_not_valid_keeps_its_layout() {
    let folder = folder("fmt-invalid");
    file(&folder, "bad.sca", "scenario \"x\"\n\nterminal conects\n      screen idle\n");
    assert_eq!(run(&folder, &["fmt", "bad.sca"]).status.code(), Some(3));
    let kept = fs::read_to_string(folder.join("bad.sca")).expect("it is there");
    assert!(kept.ends_with("      screen idle\n"));
}

#[test]
fn the_broker_hangs_up_on_a_control_frame_that_is_too_long() {
    use sca_protocol::frame::{Frame, opcode};
    use sca_protocol::handshake::{Upgrade, key};
    use std::io::Read;
    let folder = folder("open-flood");
    let (_broker, line) = start(&folder, &["broker", "--listen", "127.0.0.1:0"], "listening");
    let address = line.split("ws://").nth(1).and_then(|rest| rest.split(';').next()).expect("it says where");
    let mut socket = std::net::TcpStream::connect(address).expect("it listens");
    socket.set_read_timeout(Some(std::time::Duration::from_secs(20))).expect("a deadline can be set");
    let upgrade = Upgrade {
        path: "/".to_owned(),
        host: "localhost".to_owned(),
        secure: false,
        key: key([1; 16]),
        pinpad_id: "1".to_owned(),
        space_before_colon: false,
    };
    socket.write_all(&upgrade.to_bytes()).expect("it reads");
    let mut answer = [0; 4_096];
    let n = socket.read(&mut answer).expect("it answers");
    assert!(answer[..n].starts_with(b"HTTP/1.1 101"));
    socket.write_all(&Frame::whole(opcode::PING, vec![0; 1 << 16]).masked([1; 4]).encode()).expect("it reads");
    let mut rest = Vec::new();
    // Whether it ends by FIN or by reset, no byte is sent back.
    drop(socket.read_to_end(&mut rest));
    assert!(rest.is_empty(), "{} bytes came back", rest.len());
}

#[test]
fn no_card_number_stands_in_what_a_run_leaves_behind() {
    let folder = folder("cards");
    let card = "4111111111111111";
    let text = format!(
        "scenario \"x\"\n\nterminal connects\npos -> terminal  SESSION START INVOICE={card}  as a\n\
         terminal -> pos  RESULT=OK  re a\nscreen session INVOICE=\"{card}0\"  within 1s\n"
    );
    file(&folder, "card.sca", &text);
    let output = run(&folder, &["run", "-t", "card.sca", "--report", "json=r.json,junit=r.xml"]);
    assert_eq!(output.status.code(), Some(1));
    let mut left = vec![text_of(&folder, "r.json"), text_of(&folder, "r.xml")];
    left.extend(["transcript.txt", "frames.txt"].map(|name| text_of(&folder.join("failures/card-1"), name)));
    left.extend([self::text(&output.stdout), self::text(&output.stderr)]);
    for text in &left {
        assert!(!text.contains(&format!("{card}<")) && !text.contains(&format!("={card} ")), "{text}");
    }
    assert!(left[2].contains("411111******1111"), "{}", left[2]);
}

fn text_of(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).expect("it was left")
}

/// The first code block of the README that begins with these words.
fn shown_in_readme(beginning: &str) -> String {
    let readme = text_of(&common::root(), "README.md");
    let mut blocks = readme.split("\n```");
    let block =
        blocks.find_map(|block| block.split_once('\n').map(|(_, block)| block).filter(|b| b.starts_with(beginning)));
    block.unwrap_or_else(|| panic!("README shows nothing that begins with {beginning}")).to_owned()
}

#[test]
fn the_readme_shows_what_is_printed() {
    let folder = folder("readme");
    file(&folder, "a.sca", &format!("{}\n", shown_in_readme("scenario ")));
    let played = text(&run(&folder, &["run", "-t", "a.sca", "--row", "byte=17"]).stdout);
    let transcript = shown_in_readme("+1.012 terminal connects");
    assert!(played.contains(&transcript), "{transcript}\nis not in\n{played}");

    let whole = text_of(&common::root(), "scenarios/counter/last_wins.sca");
    fs::create_dir_all(folder.join("scenarios/counter")).expect("the folder can be made");
    file(&folder, "scenarios/counter/last_wins.sca", &whole.replacen("COUNTER=41  re a", "COUNTER=42  re a", 1));
    let failed = run(&folder, &["run", "scenarios/counter/last_wins.sca"]);
    assert_eq!(text(&failed.stderr).trim(), shown_in_readme("error: "));
}
