//! Tests of captures as scenarios: who did what, in complete scenarios that play, with nothing invented.

use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use crate::common::{folder, run};
use rstest::rstest;
use sca_capture::ScenarioGenerator;
use sca_import::{Event, Session, Side};
use sca_protocol::frame::{Frame, opcode};

/// A session of messages, each with its second and whether a POS sends it.
fn session(said: &[(u64, bool, &str)]) -> Session {
    let mut session = Session::new("1", true);
    session.push(Duration::ZERO, Event::Up);
    for (at, is_pos, text) in said {
        let side = if *is_pos { Side::Broker } else { Side::Terminal };
        let mut frame = Frame::whole(opcode::TEXT, *text);
        frame.mask = (side == Side::Terminal).then_some([0; 4]);
        session.push(Duration::from_secs(*at), Event::Frame(side, frame));
    }
    session
}

fn asks(kind: &str, command: &str, rest: &str) -> String {
    format!("<TRANSACTION><FUNCTION_TYPE>{kind}</FUNCTION_TYPE><COMMAND>{command}</COMMAND>{rest}</TRANSACTION>")
}

fn says(text: &str, result: &str, code: &str, rest: &str) -> String {
    let status = if result == "CANCELLED" { "FAILURE" } else { "SUCCESS" };
    format!(
        "<RESPONSE><RESPONSE_TEXT>{text}</RESPONSE_TEXT><RESULT>{result}</RESULT><RESULT_CODE>{code}</RESULT_CODE>\
         <TERMINATION_STATUS>{status}</TERMINATION_STATUS>{rest}</RESPONSE>"
    )
}

/// The scenarios of a session. All of them must play; where the model answers otherwise, it is reported.
fn plays(name: &str, session: &Session) -> Vec<String> {
    let folder = folder(&format!("stories-{name}"));
    let all = ScenarioGenerator::whole("A story", session);
    for (number, text) in all.iter().enumerate() {
        fs::write(folder.join(format!("{number}.sca")), text).expect("it can be written");
    }
    let output = run(&folder, &["run", "."]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}\n{}", all.join("\n"));
    all
}

const SALE: &str = "<TRANS_AMOUNT>1.00</TRANS_AMOUNT>";

#[rstest]
#[case::the_cardholder("Transaction Cancelled", false, "cardholder presses cancel", "card-timeout")]
#[case::the_pos("Transaction Cancelled", true, "SECONDARYPORT CANCEL", "presses cancel")]
#[case::time("Cancelled by TIMEOUT", false, "card-timeout 5s", "presses cancel")]
#[case::the_host("Cancelled by HOST", false, "something that is not in the capture ended this", "presses cancel")]
fn who_has_ended_a_payment_ends_it(#[case] text: &str, #[case] by_pos: bool, #[case] has: &str, #[case] has_not: &str) {
    let (start, sale, cancel) = (
        asks("SESSION", "START", "<INVOICE>1</INVOICE>"),
        asks("PAYMENT", "CAPTURE", SALE),
        asks("SECONDARYPORT", "CANCEL", ""),
    );
    let (started, done) = (says("Session Started", "OK", "-1", ""), says("Operation SUCCESSFUL", "OK", "-1", ""));
    let ended = says(text, "CANCELLED", "59001", "");
    let mut said = vec![(1, true, start.as_str()), (1, false, started.as_str()), (4, true, sale.as_str())];
    if by_pos {
        said.extend([(9, true, cancel.as_str()), (9, false, done.as_str())]);
    }
    said.push((9, false, ended.as_str()));
    let all = ScenarioGenerator::whole("A story", &session(&said));
    assert!(all[0].contains(has) && !all[0].contains(has_not), "{}", all[0]);
    let compared = folder(&format!("stories-ended-{}", has.len()));
    fs::write(compared.join("a.sca"), &all[0]).expect("it can be written");
    let told = run(&compared, &["check", "a.sca"]);
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
}

#[test]
fn a_cancel_of_the_pos_plays() {
    let (start, sale) = (asks("SESSION", "START", "<INVOICE>1</INVOICE>"), asks("PAYMENT", "CAPTURE", SALE));
    let cancel = asks("SECONDARYPORT", "CANCEL", "");
    let all = plays(
        "cancel",
        &session(&[
            (1, true, &start),
            (1, false, &says("Session Started", "OK", "-1", "")),
            (4, true, &sale),
            (9, true, &cancel),
            (9, false, &says("SUCCESS", "OK", "-1", "")),
            (10, false, &says("Transaction Cancelled", "CANCELLED", "59001", "")),
        ]),
    );
    assert!(!all[0].contains("presses"), "{}", all[0]);
}

#[rstest]
#[case("EMAIL", "", "EMAILDATA", "jane.doe@home.example", "enters someone@example.com")]
#[case("LOYALTY", "<TYPE>NUMBER</TYPE>", "LOYALTY_DATA", "2025550123", "enters 5555550100")]
#[case("CUST_QUESTION", "<DISPLAY_TEXT1>Paper?</DISPLAY_TEXT1>", "CUST_QUESTION_DATA", "YES", "presses YES")]
#[case("SURVEY5", "<DISPLAY_TEXT1>Well?</DISPLAY_TEXT1>", "SURVEY5_DATA", "4", "presses 4")]
#[case("SIGNATURE", "", "SIGNATUREDATA", "aGVsbG8=", "cardholder signs")]
#[case("SIGNATURE_EX", "<CHECKBOX_REQ>1</CHECKBOX_REQ>", "SIGNATUREDATA", "aGVsbG8=", "cardholder signs")]
#[case(
    "CUST_BUTTON",
    "<BUTTON_LABEL1>Blue</BUTTON_LABEL1><BUTTON_LABEL2>Red</BUTTON_LABEL2>",
    "CUST_BUTTON_DATA",
    "Red",
    "presses Red"
)]
#[case("SURVEY10", "<DISPLAY_TEXT1>Well?</DISPLAY_TEXT1>", "SURVEY10_DATA", "10", "presses 10")]
#[case(
    "SURVEY",
    "<RADIO_BUTTON_TEXT1>Tea</RADIO_BUTTON_TEXT1><RADIO_BUTTON_TEXT2>Juice</RADIO_BUTTON_TEXT2>",
    "SURVEY_DATA",
    "Juice",
    "presses Juice"
)]
#[case("CHARITY", "<AMOUNT1>1</AMOUNT1><AMOUNT2>5</AMOUNT2>", "CHARITY_DATA", "5", "presses 5")]
#[case("CREDIT_APP", "<RETURN_SCREEN>IDLE_SCREEN</RETURN_SCREEN>", "CREDIT_APP_DATA", "CONTINUE", "presses CONTINUE")]
fn prompts_have_their_cardholder(
    #[case] command: &str,
    #[case] more: &str,
    #[case] field: &str,
    #[case] value: &str,
    #[case] acts: &str,
) {
    let text = match command {
        "EMAIL" => "Email Captured",
        "LOYALTY" => "Loyalty Details Captured",
        _ => "Operation Successful",
    };
    let answer = says(text, "OK", "-1", &format!("<{field}>{value}</{field}>"));
    let version = asks("DEVICE", "VERSION", "");
    let all = ScenarioGenerator::whole(
        "A story",
        &session(&[(1, true, &asks("DEVICE", command, more)), (6, false, &answer), (8, true, &version)]),
    );
    let scenario = &all[0];
    assert!(scenario.contains("screen prompt") && scenario.replace('"', "").contains(acts), "{scenario}");
    // Personal data from the capture appears nowhere.
    assert!(!value.contains('@') && value != "2025550123" || !scenario.contains(value), "{scenario}");
    let folder = folder(&format!("stories-prompt-{command}"));
    fs::write(folder.join("a.sca"), scenario).expect("it can be written");
    let played = run(&folder, &["run", "a.sca"]);
    let told = String::from_utf8_lossy(&played.stderr).into_owned();
    // The answer arrives; the only differences may be in its wording.
    assert!(!told.contains("no message came in time") && !told.contains("BUSY"), "{told}\n{scenario}");
}

#[test]
fn a_stored_sale_has_a_host_that_is_down() {
    let sale = asks("PAYMENT", "CAPTURE", SALE);
    let stored = says(
        "APPROVED",
        "APPROVED/STORED",
        "4",
        "<PAYMENT_TYPE>CREDIT</PAYMENT_TYPE><PAYMENT_MEDIA>VISA</PAYMENT_MEDIA><CARD_ENTRY_MODE>Contactless</CARD_ENTRY_MODE>",
    );
    let all = ScenarioGenerator::whole("A story", &session(&[(1, true, &sale), (5, false, &stored)]));
    assert!(all[0].contains("host is down"), "{}", all[0]);
}

/// A request in two frames, split at this byte.
fn in_two(at: u64, text: &str, cut: usize) -> Vec<(Duration, Event)> {
    let (first, second) = text.as_bytes().split_at(cut);
    let first = Frame { last: false, ..Frame::whole(opcode::TEXT, first) };
    let second = Frame::whole(opcode::CONTINUE, second);
    [first, second].map(|frame| (Duration::from_secs(at), Event::Frame(Side::Broker, frame))).to_vec()
}

#[test]
fn counters_follow_in_documents_and_in_frames() {
    let version = |counter: u32| asks("DEVICE", "VERSION", &format!("<COUNTER>{counter}</COUNTER>"));
    let told =
        |counter: u32| says("Version Information Captured", "OK", "-1", &format!("<COUNTER>{counter}</COUNTER>"));
    let document = version(43).replace("<COMMAND>", "<!-- x --><COMMAND>");
    let cuts = [1, 20, 80, 84, 88, 92, 96, 100, 104, 108];
    for cut in cuts {
        let mut session = session(&[
            (1, true, &asks("ADMIN", "GET_COUNTER", "")),
            (1, false, &says("Operation Successful", "OK", "-1", "<COUNTER>41</COUNTER>")),
            (2, true, &version(42)),
            (2, false, &told(42)),
            (3, true, &document),
            (3, false, &told(43)),
        ]);
        for (at, event) in in_two(4, &version(44), cut) {
            session.push(at, event);
        }
        let mut frame = Frame::whole(opcode::TEXT, told(44));
        frame.mask = Some([0; 4]);
        session.push(Duration::from_secs(4), Event::Frame(Side::Terminal, frame));
        let all = plays(&format!("counters-{cut}"), &session);
        for counter in ["41", "42", "43", "44"] {
            assert!(
                !all[0].contains(&format!(">{counter}<")) && !all[0].contains(&format!("COUNTER={counter}")),
                "{}",
                all[0]
            );
        }
    }
}

#[test]
fn a_long_capture_is_parted_where_nothing_is_under_way_and_says_again_what_it_refers_to() {
    let sale = asks("PAYMENT", "CAPTURE", SALE);
    let approved = says(
        "APPROVED",
        "CAPTURED",
        "4",
        "<PAYMENT_TYPE>CREDIT</PAYMENT_TYPE><PAYMENT_MEDIA>VISA</PAYMENT_MEDIA><CARD_ENTRY_MODE>Contactless</CARD_ENTRY_MODE>\
         <APPROVED_AMOUNT>1.00</APPROVED_AMOUNT><CTROUTD>777001</CTROUTD>",
    );
    let mut log = String::new();
    let mut line = |at: u32, text: &str| {
        writeln!(log, "{:02}:{:02}:{:02} {text}", at / 3_600, at / 60 % 60, at % 60).expect("memory takes it");
    };
    let mut at = 0;
    let mut exchange = |asks: &str, says: &str| {
        line(at, asks);
        line(at + 9, says);
        at += 10;
    };
    exchange(&asks("SESSION", "START", "<INVOICE>1</INVOICE>"), &says("Session Started", "OK", "-1", ""));
    exchange(&sale, &approved);
    let note = "x".repeat(250);
    let version = asks("DEVICE", "VERSION", &format!("<!-- {note} -->"));
    for _ in 0..1_600 {
        exchange(&version, &says("Version Information Captured", "OK", "-1", ""));
    }
    let void = asks("PAYMENT", "VOID", "<PAYMENT_TYPE>CREDIT</PAYMENT_TYPE><CTROUTD>777001</CTROUTD>");
    exchange(&void, &says("VOIDED", "VOIDED", "7", "<CTROUTD>777001</CTROUTD>"));
    exchange(&asks("SESSION", "FINISH", ""), &says("Session finished", "OK", "-1", ""));
    let folder = folder("stories-long");
    fs::write(folder.join("till.log"), &log).expect("it can be written");
    let output = run(&folder, &["import", "till.log", "--out", "out"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read = |name: &str| fs::read_to_string(folder.join("out").join(name)).expect("it can be read");
    let (first, second) = (read("terminal-1.sca"), read("terminal-1-2.sca"));
    assert!(first.contains("till.log, part 1 of 2\"") && second.contains("till.log, part 2 of 2\""));
    assert!(!first.contains("before the response") && !second.contains("notice"), "{second}");
    assert!(second.contains("# from an earlier part:\npos -> terminal  PAYMENT CAPTURE"), "{}", &second[..3_000]);
    assert!(second.contains("CTROUTD=\"{{ctroutd-1}}\""), "{}", &second[second.len() - 2_000..]);
    let played = run(&folder, &["run", "out"]);
    assert!(played.status.success(), "{}", String::from_utf8_lossy(&played.stderr));
}

#[rstest]
#[case::nothing_of_the_end(&[], 2, false)]
#[case::with_a_close(&[Event::Frame(Side::Broker, Frame { opcode: 8, ..Frame::whole(opcode::TEXT, [0x03, 0xe8]) })], 1, false)]
fn no_end_is_invented(#[case] more: &[Event], #[case] parts: usize, #[case] has_fault: bool) {
    let version = asks("DEVICE", "VERSION", "");
    let message = |text: &str| serde_json::json!({ "type": "receive", "time": 1.0, "opcode": 1, "data": text });
    let answer = serde_json::json!({ "type": "send", "time": 1.1, "opcode": 1, "data": says("Version Information Captured", "OK", "-1", "") });
    let mut messages = vec![message(&version), answer];
    if !more.is_empty() {
        messages.push(serde_json::json!({ "type": "receive", "time": 1.2, "opcode": 8, "data": "" }));
    }
    let entry = |second: u32, messages: &[serde_json::Value]| {
        serde_json::json!({
            "startedDateTime": format!("2026-11-20T09:14:{second:02}Z"), "time": 1,
            "request": { "url": "wss://broker.test/", "headers": [
                { "name": "Upgrade", "value": "websocket" }, { "name": "Connection", "value": "Upgrade" },
                { "name": "Sec-WebSocket-Key", "value": "fg8IQ1zNVtTDILSUkjwnKA==" }, { "name": "x-vfi-pinpad-id", "value": "1" } ] },
            // Some archives omit Sec-WebSocket-Accept.
            "response": { "status": 101, "statusText": "Switching Protocols", "headers": [ { "name": "Upgrade", "value": "websocket" } ] },
            "_webSocketMessages": messages,
        })
    };
    let archive = serde_json::json!({ "log": { "entries": [entry(1, &messages), entry(30, &messages[..2])] } });
    let folder = folder(&format!("stories-har-{parts}"));
    fs::write(folder.join("a.har"), archive.to_string()).expect("it can be written");
    let output = run(&folder, &["import", "a.har", "--out", "out"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut made: Vec<_> =
        fs::read_dir(folder.join("out")).expect("it is there").map(|e| e.expect("it is").path()).collect();
    made.sort();
    let texts: Vec<String> = made.iter().map(|path| fs::read_to_string(path).expect("it can be read")).collect();
    assert_eq!(texts.len(), parts, "{texts:#?}");
    let all = texts.join("\n");
    assert_eq!(all.contains("fault"), has_fault, "{all}");
    assert!(all.contains("this 101 is invalid") && !all.contains("terminal fails"), "{all}");
    let played = run(&folder, &["run", "out"]);
    assert!(played.status.success(), "{}\n{all}", String::from_utf8_lossy(&played.stderr));
}

/// Devices answer a scan in words of their own.
#[rstest]
#[case("Operation SUCCESSFUL")]
#[case("Barcode Captured")]
#[case("SUCCESS")]
fn a_scan_is_paired_under_any_text(#[case] text: &str) {
    let answer = says(text, "OK", "-1", "<BARCODE_DATA>123456</BARCODE_DATA>");
    let all =
        ScenarioGenerator::whole("A story", &session(&[(1, true, &asks("BARCODE", "SCAN", "")), (6, false, &answer)]));
    assert!(all[0].contains("enters") && all[0].contains("re q1") && !all[0].contains("notice"), "{}", all[0]);
}

/// A brand named beside a debit payment is that of the card; a number by another name is left out as ACCT_NUM is.
#[test]
fn a_debit_card_keeps_its_brand_and_its_number_is_left_out() {
    let sale = asks("PAYMENT", "CAPTURE", &format!("{SALE}<PAYMENT_TYPE>DEBIT</PAYMENT_TYPE>"));
    let answer = says(
        "APPROVED",
        "CAPTURED",
        "4",
        "<PAYMENT_TYPE>DEBIT</PAYMENT_TYPE><PAYMENT_MEDIA>VISA</PAYMENT_MEDIA>\
         <EMBOSSED_ACCT_NUM>400000******0119</EMBOSSED_ACCT_NUM><CARD_ENTRY_MODE>Chip Read</CARD_ENTRY_MODE>",
    );
    let (start, open) = (asks("SESSION", "START", "<INVOICE>1</INVOICE>"), says("Session Started", "OK", "-1", ""));
    let all = plays("debit", &session(&[(1, true, &start), (1, false, &open), (4, true, &sale), (9, false, &answer)]));
    assert!(all[0].contains("inserts visa-debit") && all[0].contains("PAYMENT_MEDIA=VISA"), "{}", all[0]);
    assert!(all[0].contains("EMBOSSED_ACCT_NUM=*"), "{}", all[0]);
}

/// A device that dials faster than the model is behind the model's pauses all the time, and each line has its whole window.
#[test]
fn an_outage_of_a_faster_device_plays() {
    let mut session = Session::new("1", false);
    let key = "fg8IQ1zNVtTDILSUkjwnKA==";
    for attempt in 0..30_u64 {
        let at = |ms: u64| Duration::from_millis(attempt * 250 + ms);
        session.push(at(0), Event::Opened);
        session.push(
            at(1),
            Event::Asked(format!(
                "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n\
                 x-vfi-pinpad-id: 1\r\n\r\n"
            )),
        );
        session.push(at(2), Event::Answered("HTTP/1.1 409 Conflict\r\nContent-Length: 0\r\n\r\n".to_owned()));
        session.push(at(3), Event::Ended(Side::Broker, sca_import::Ending::Fin));
    }
    let all = plays("outage", &session);
    assert!(all[0].matches("terminal fails http 409").count() == 30, "{}", all[0]);
}
