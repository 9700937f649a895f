//! Tests of HTTP archives: what a tool writes in its own way is read, and what cannot be read is reported.

use std::path::PathBuf;

use crate::common::{file, folder, run, text};
use rstest::rstest;
use serde_json::{Value, json};

const GET_COUNTER: &str =
    "<TRANSACTION><FUNCTION_TYPE>ADMIN</FUNCTION_TYPE><COMMAND>GET_COUNTER</COMMAND></TRANSACTION>";
const ANSWER: &str = "<RESPONSE><RESPONSE_TEXT>Operation Successful</RESPONSE_TEXT><RESULT>OK</RESULT>\
    <RESULT_CODE>-1</RESULT_CODE><TERMINATION_STATUS>SUCCESS</TERMINATION_STATUS><COUNTER>1</COUNTER></RESPONSE>";

/// Imports an archive of one connection with these messages: the scenario, what was printed, and the exit code.
fn imported(
    name: &str,
    begun: &str,
    status: Option<&str>,
    messages: &[Value],
) -> (PathBuf, String, String, Option<i32>) {
    let folder = folder(&format!("archives-{name}"));
    let mut response = json!({ "status": 101, "headers": [{ "name": "Upgrade", "value": "websocket" }] });
    if let Some(status) = status {
        response["statusText"] = json!(status);
    }
    let archive = json!({ "log": { "entries": [{
        "startedDateTime": begun, "time": 1,
        "request": { "url": "wss://broker.test/", "headers": [
            { "name": "Upgrade", "value": "websocket" }, { "name": "Connection", "value": "Upgrade" },
            { "name": "Sec-WebSocket-Key", "value": "fg8IQ1zNVtTDILSUkjwnKA==" },
            { "name": "x-vfi-pinpad-id", "value": "1" } ] },
        "response": response,
        "_webSocketMessages": messages,
    }] } });
    file(&folder, "a.har", &archive.to_string());
    let output = run(&folder, &["import", "a.har", "--out", "out"]);
    let made = std::fs::read_to_string(folder.join("out/terminal-1.sca")).unwrap_or_default();
    (folder, made, text(&output.stderr), output.status.code())
}

/// A message of a device's archive.
fn message(kind: &str, time: f64, opcode: &Value, data: &str) -> Value {
    json!({ "type": kind, "time": time, "opcode": opcode, "data": data })
}

#[rstest]
#[case::negative(json!(-1), "-1")]
#[case::none_there_is(json!(16), "16")]
#[case::more_than_a_byte(json!(4096), "4096")]
#[case::a_text(json!("1"), "\"1\"")]
fn a_message_with_an_opcode_that_is_none_is_reported(#[case] opcode: Value, #[case] named: &str) {
    let messages = [
        message("receive", 1_768_467_601.0, &json!(1), GET_COUNTER),
        message("send", 1_768_467_601.1, &opcode, "<RESPONSE>junk</RESPONSE>"),
        message("send", 1_768_467_601.2, &Value::Null, ANSWER),
    ];
    let (_, made, said, code) =
        imported(&format!("opcode-{}", named.replace('"', "")), "2026-01-15T09:00:00Z", Some("x"), &messages);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("entry 1, message 2") && said.contains(&format!("invalid opcode {named}")), "{said}");
    assert!(made.contains("COUNTER=1") && made.contains("re q1") && !made.contains("junk"), "{made}");
}

#[rstest]
#[case::with_a_colon("2026-01-15T04:00:00.000-05:00", true)]
#[case::without_a_colon("2026-01-15T04:00:00.000-0500", true)]
#[case::no_time("yesterday", false)]
fn the_beginning_of_an_entry_is_read_or_reported(#[case] begun: &str, #[case] is_read: bool) {
    let messages = [
        message("receive", 1_768_467_601.0, &json!(1), GET_COUNTER),
        message("send", 1_768_467_601.1, &json!(1), ANSWER),
    ];
    let name = format!("begun-{}", begun.len());
    let (_, made, said, code) = imported(&name, begun, Some("Switching Protocols"), &messages);
    assert_eq!(code, Some(if is_read { 0 } else { 1 }), "{said}");
    assert_eq!(made.contains("+1.000 pos -> terminal"), is_read, "{made}");
    assert_eq!(said.contains("entry 1: startedDateTime \"yesterday\""), !is_read, "{said}");
}

/// Some tools leave the reason phrase of a status line out.
#[rstest]
#[case::without("without", None)]
#[case::empty("empty", Some(""))]
fn an_upgrade_without_accept_and_reason_phrase_is_still_one(#[case] name: &str, #[case] status: Option<&str>) {
    let messages = [
        message("receive", 1_768_467_601.0, &json!(1), GET_COUNTER),
        message("send", 1_768_467_601.1, &json!(1), ANSWER),
    ];
    let (folder, made, said, _) = imported(&format!("status-{name}"), "2026-01-15T09:00:00Z", status, &messages);
    assert!(made.contains("this 101 is invalid") && !made.contains("terminal fails"), "{said}\n{made}");
    let played = run(&folder, &["run", "out"]);
    assert!(played.status.success(), "{}", text(&played.stderr));
}
