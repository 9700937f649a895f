//! Tests of parties on real ports: an answer reaches the POS that asked, and whatever is missing is reported.

use crate::common;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::time::Duration;

use crate::common::party::{Party, SOON, broker, head, joins, listens, serves_the_next, takes, text};
use crate::common::{command, folder};
use rstest::rstest;

/// A request of a POS, and the terminal's answer.
fn exchange(counter: u32) -> (String, String) {
    let asks = format!(
        "<TRANSACTION><FUNCTION_TYPE>DEVICE</FUNCTION_TYPE><COMMAND>VERSION</COMMAND><COUNTER>{counter}</COUNTER></TRANSACTION>"
    );
    let answers = format!(
        "<RESPONSE><RESPONSE_TEXT>Version Information Captured</RESPONSE_TEXT><RESULT>OK</RESULT>\
         <RESULT_CODE>-1</RESULT_CODE><COUNTER>{counter}</COUNTER></RESPONSE>"
    );
    (asks, answers)
}

const NOTICE: &str = "<RESPONSE><RESPONSE_TEXT>CARD ENTRY SCREEN</RESPONSE_TEXT><RESULT>OK</RESULT>\
    <RESULT_CODE>5</RESULT_CODE></RESPONSE>";

fn says(stream: &mut TcpStream, what: &str) {
    stream.write_all(&text(what)).expect("it is read");
}

#[test]
fn an_answer_reaches_the_one_that_asked_and_a_notice_reaches_all() {
    let (_broker, at) = broker("open-asker", &[]);
    let mut terminal = joins(&at, "/", Some("1"));
    let (mut first, mut second) = (joins(&at, "/pos/1", None), joins(&at, "/pos/1", None));
    let [(one, one_answer), (two, two_answer)] = [exchange(1), exchange(2)];
    says(&mut first, &one);
    assert_eq!(takes(&mut terminal), one);
    says(&mut second, &two);
    assert_eq!(takes(&mut terminal), two);
    says(&mut terminal, &two_answer);
    says(&mut terminal, NOTICE);
    says(&mut terminal, &one_answer);
    assert_eq!((takes(&mut second), takes(&mut second)), (two_answer, NOTICE.to_owned()));
    assert_eq!((takes(&mut first), takes(&mut first)), (NOTICE.to_owned(), one_answer));
}

#[test]
fn a_setting_gives_every_answer_to_all() {
    let (_broker, at) = broker("open-all", &["--set", "answers-to=all"]);
    let mut terminal = joins(&at, "/", Some("1"));
    let (mut first, mut second) = (joins(&at, "/pos/1", None), joins(&at, "/pos/1", None));
    let (asks, answers) = exchange(1);
    says(&mut first, &asks);
    assert_eq!(takes(&mut terminal), asks);
    says(&mut terminal, &answers);
    assert_eq!([takes(&mut first), takes(&mut second)], [answers.clone(), answers]);
}

#[test]
fn an_answer_whose_asker_has_gone_reaches_nobody_else() {
    let (broker, at) = broker("open-gone", &[]);
    let mut terminal = joins(&at, "/", Some("1"));
    let (mut first, mut second) = (joins(&at, "/pos/1", None), joins(&at, "/pos/1", None));
    let (asks, answers) = exchange(1);
    says(&mut first, &asks);
    assert_eq!(takes(&mut terminal), asks);
    drop(first);
    broker.has_said("ended");
    says(&mut terminal, &answers);
    broker.has_said("the POS that asked for this is gone");
    says(&mut terminal, NOTICE);
    assert_eq!(takes(&mut second), NOTICE);
}

#[rstest]
#[case::unless_told_nothing(&[], false)]
#[case::where_a_setting_says_so(&["--set", "tells-lost=yes"], true)]
fn a_pos_hears_that_its_terminal_has_gone(#[case] more: &[&str], #[case] hears: bool) {
    let (mut broker, at) = broker(&format!("open-lost-{hears}"), more);
    let mut terminal = joins(&at, "/", Some("1"));
    let mut pos = joins(&at, "/pos/1", None);
    let (asks, _) = exchange(1);
    says(&mut pos, &asks);
    assert_eq!(takes(&mut terminal), asks);
    drop(terminal);
    broker.has_said("the terminal with pinpad 1 disconnected without answering connection 2");
    if !hears {
        // The next message it receives is the answer to its next request.
        says(&mut pos, &asks);
    }
    let heard = takes(&mut pos);
    assert_eq!(heard.contains("the terminal with pinpad 1 disconnected before it answered"), hears, "{heard}");
    assert!(heard.contains("<RESULT_CODE>59005</RESULT_CODE>"), "{heard}");
    match hears {
        false => broker.has_said("no terminal with pinpad 1 is connected"),
        true => assert!(!broker.all_said().contains("no terminal with pinpad 1 is connected")),
    }
}

#[rstest]
#[case("/")]
#[case("/1")]
#[case("/POS/1")]
#[case("/pos/")]
#[case("/pos/11111111111111111111111111111111111111111111111111111111111111111")]
fn a_wrong_path_is_refused_with_the_right_one(#[case] path: &str) {
    let (broker, at) = broker(&format!("open-path{}", path.replace('/', "-")), &[]);
    let mut stream = TcpStream::connect(&at).expect("it listens");
    stream.set_read_timeout(Some(SOON)).expect("a socket takes it");
    let asks = format!(
        "GET {path} HTTP/1.1\r\nHost: {at}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(asks.as_bytes()).expect("it reads");
    assert!(head(&mut stream).starts_with("HTTP/1.1 404"));
    let mut body = String::new();
    stream.read_to_string(&mut body).expect("it ends");
    assert!(body.contains("/pos/PINPAD-ID"), "{body}");
    broker.has_said("is rejected");
}

#[test]
fn a_till_at_a_terminals_place_is_seen() {
    let (broker, at) = broker("open-place", &[]);
    let mut till = joins(&at, "/", Some("1"));
    says(&mut till, &exchange(1).0);
    broker.has_said("connection 1 sends requests but is no POS");
}

#[rstest]
#[case::payment(&[])]
#[case::estate(&["--estate"])]
fn a_host_that_is_down_does_not_listen(#[case] more: &[&str]) {
    let name = format!("open-down-{}", more.len());
    let arguments = [&["host", "--listen", "127.0.0.1:0", "--set", "state=down"], more].concat();
    let (_host, at) = listens(&name, &arguments, "nothing listens on ");
    assert!(TcpStream::connect(&at).is_err());
}

#[test]
fn what_a_sale_will_meet_is_said_at_the_start() {
    let (_broker, at) = broker("open-host", &[]);
    let url = format!("ws://{at}");
    let mut without = Party::new("open-host-1", &["terminal", "--connect", &url]);
    assert!(without.says("has no payment host").contains("sales up to 100.00 are approved offline and stored"));
    let port = TcpListener::bind("127.0.0.1:0").expect("a port is free").local_addr().expect("it is bound");
    let nobody = format!("payment-host={port}");
    let arguments = ["terminal", "--connect", &url, "--set", &nobody, "--set", "offline-limit=0", "--pinpad", "2"];
    let mut unreached = Party::new("open-host-2", &arguments);
    let line = unreached.says("cannot reach its payment host");
    assert!(line.contains("sales are declined"), "{line}");
}

#[test]
fn a_party_ends_with_the_input_of_whoever_started_it() {
    for arguments in [
        &["broker", "--listen", "127.0.0.1:0"][..],
        &["host", "--listen", "127.0.0.1:0"],
        &["host", "--listen", "127.0.0.1:0", "--set", "state=down"],
        &["record", "--listen", "127.0.0.1:0", "--to", "ws://127.0.0.1:9", "--out", "out"],
        &["terminal", "--connect", "ws://127.0.0.1:9"],
    ] {
        let folder = folder("open-stdin");
        let mut with = command(&folder, &[arguments, &["--end-with-stdin"]].concat());
        let mut party = Party::of({
            with.stdin(Stdio::piped());
            with
        });
        assert!(party.child.try_wait().expect("it is ours").is_none());
        party.read_on();
        drop(party.child.stdin.take());
        assert!(party.ends_within(Duration::from_secs(10)).success(), "{arguments:?}");
    }
}

#[test]
fn a_log_for_machines_has_whole_messages_and_no_secret() {
    let (_broker, at) = broker("open-log-broker", &[]);
    let url = format!("ws://{at}");
    let mut terminal =
        Party::new("open-log", &["terminal", "--connect", &url, "--log", "json", "--set", "boot-time=0ms"]);
    terminal.says("connects");
    let mut pos = joins(&at, "/pos/1", None);
    let long = "x".repeat(500);
    says(
        &mut pos,
        &format!(
            "<TRANSACTION><FUNCTION_TYPE>DEVICE</FUNCTION_TYPE><COMMAND>VERSION</COMMAND><NOTE>{long}</NOTE><CVV2>321</CVV2></TRANSACTION>"
        ),
    );
    let line = terminal.says(&long);
    let line: serde_json::Value = serde_json::from_str(&line).expect("it is JSON");
    assert_eq!((&line["version"], line["what"].as_str()), (&1.into(), Some("broker -> terminal")));
    let document = line["document"].as_str().expect("a message has a document");
    assert!(document.contains("<CVV2>") && !document.contains("321"), "{document}");
    let mut whole = Party::new("open-log-2", &["terminal", "--connect", &url, "--log", "full", "--pinpad", "2"]);
    whole.says("connects");
    let mut pos = joins(&at, "/pos/2", None);
    says(&mut pos, &format!("<TRANSACTION><NOTE>{long}</NOTE></TRANSACTION>"));
    whole.says(&long);
}

#[test]
fn who_stands_before_a_terminal_is_told_what_can_be_done() {
    let (_broker, at) = broker("open-person-broker", &[]);
    let folder = folder("open-person");
    let mut command = command(&folder, &["terminal", "--connect", &format!("ws://{at}"), "--set", "boot-time=0ms"]);
    command.stdin(Stdio::piped());
    let mut terminal = Party::of(command);
    let mut types = terminal.child.stdin.take().expect("it was asked for");
    terminal.says("connects");
    for (typed, said) in [
        ("help", "taps visa"),
        ("presses \"OK\"", "ignored this"),
        ("screen", "screen idle"),
        ("power off", "screen off"),
        ("taps visa", "the terminal is off"),
        ("power on", "connects"),
    ] {
        writeln!(types, "{typed}").expect("it is read");
        terminal.says(said);
    }
}

#[rstest]
#[case::one(1, "connects")]
#[case::as_many_as_are_taken(16, "connects")]
#[case::without_end(17, "fails handshake oversized")]
fn answers_before_the_answer_are_passed_over(#[case] interim: usize, #[case] outcome: &str) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let url = format!("ws://{}", listener.local_addr().expect("it is bound"));
    let mut terminal =
        Party::new(&format!("open-interim-{interim}"), &["terminal", "--connect", &url, "--set", "boot-time=0ms"]);
    let (mut stream, _) = listener.accept().expect("it dials");
    let request = head(&mut stream);
    let key = request.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).expect("a key");
    let accept = sca_protocol::handshake::accept(key.trim());
    let early = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".repeat(interim);
    let answer = format!(
        "{early}HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    stream.write_all(answer.as_bytes()).expect("it reads");
    terminal.says(&format!("terminal {outcome}"));
}

/// A button is pressed by its label, which may be of several words.
#[test]
fn a_button_of_several_words_is_pressed_by_its_label() {
    let (_broker, at) = broker("open-label-broker", &[]);
    let folder = folder("open-label");
    let mut command = command(&folder, &["terminal", "--connect", &format!("ws://{at}"), "--set", "boot-time=0ms"]);
    command.stdin(Stdio::piped());
    let mut terminal = Party::of(command);
    let mut types = terminal.child.stdin.take().expect("it was asked for");
    terminal.says("connects");
    let mut pos = joins(&at, "/pos/1", None);
    let ask = "<TRANSACTION><FUNCTION_TYPE>DEVICE</FUNCTION_TYPE><COMMAND>CUST_BUTTON</COMMAND>\
        <BUTTON_LABEL1>Not at all</BUTTON_LABEL1><BUTTON_LABEL2>Yes</BUTTON_LABEL2></TRANSACTION>";
    pos.write_all(&text(ask)).expect("it is read");
    terminal.says("screen prompt");
    writeln!(types, "presses \"Not at all\"").expect("it is read");
    assert!(takes(&mut pos).contains("<CUST_BUTTON_DATA>Not at all</CUST_BUTTON_DATA>"));
}

/// The ladder shows no secret, however the document around it is damaged, and no card number.
#[test]
fn the_ladder_shows_no_secret_of_a_damaged_document() {
    let (mut broker, at) = broker("open-ladder", &[]);
    let card = "4111111111111111";
    let mut terminal = joins(&at, "/", Some(card));
    let mut pos = joins(&at, &format!("/pos/{card}"), None);
    let secrets = "<CVV2>9871</CVV2><PIN_CODE>9872</PIN_CODE><MAC_KEY>9873</MAC_KEY>";
    for document in [
        format!("<TRANSACTION>{secrets}"),
        format!("<!DOCTYPE x><TRANSACTION>{secrets}</TRANSACTION>"),
        format!("<TRANSACTION/><TRANSACTION>{secrets}</TRANSACTION>"),
        format!("<TRANSACTION><NOTE>{}</NOTE>{secrets}</TRANSACTION>", "x".repeat(70_000)),
    ] {
        pos.write_all(&text(&document)).expect("it is read");
        assert!(takes(&mut terminal).contains("9871"), "it is passed on as it is");
    }
    drop((terminal, pos));
    let said = broker.all_said();
    for secret in [card, "9871", "9872", "9873"] {
        assert!(!said.contains(secret), "{secret}\n{said}");
    }
    assert!(said.contains("411111******1111"), "{said}");
}

/// The one name that every machine has for itself may stand where an address is expected.
#[test]
fn localhost_is_an_address_to_listen_on() {
    let (_broker, at) = listens("open-localhost", &["broker", "--listen", "localhost:0"], "listening on ws://");
    assert!(at.starts_with("127.0.0.1:"), "{at}");
    serves_the_next(&at);
    let folder = folder("open-name");
    let refused = common::run(&folder, &["broker", "--listen", "broker.test:0"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(common::text(&refused.stderr).contains("for example 127.0.0.1:9000"));
}
