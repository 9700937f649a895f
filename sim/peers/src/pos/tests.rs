//! Tests of which request a message is paired with.

use super::*;

fn asks(pos: &mut Pos, command: &str, counter: u32) -> RequestId {
    pos.sent(&format!(
        "<TRANSACTION><FUNCTION_TYPE>DEVICE</FUNCTION_TYPE><COMMAND>{command}</COMMAND><COUNTER>{counter}</COUNTER></TRANSACTION>"
    ))
}

fn answer(code: &str, result: &str, rest: &str) -> String {
    format!(
        "<RESPONSE><RESPONSE_TEXT>Version Information Captured</RESPONSE_TEXT><RESULT>{result}</RESULT><RESULT_CODE>{code}</RESULT_CODE>\
         <TERMINATION_STATUS>SUCCESS</TERMINATION_STATUS>{rest}</RESPONSE>"
    )
}

#[test]
fn an_answer_may_be_larger_than_a_request() {
    let mut pos = Pos::default();
    let id = asks(&mut pos, "VERSION", 1);
    let receipt = format!("<COUNTER>1</COUNTER><RECEIPT_DATA>{}</RECEIPT_DATA>", "x".repeat(1 << 20));
    assert_eq!(pos.heard(&answer("-1", "OK", &receipt)).answers, Some(id));
}

#[test]
fn a_request_of_any_size_is_one() {
    let long = "x".repeat(1 << 20);
    let text = format!("<TRANSACTION><FUNCTION_TYPE>DEVICE</FUNCTION_TYPE><COMMAND>{long}</COMMAND></TRANSACTION>");
    assert!(request_in(&text).is_some_and(|request| request.get("COMMAND") == Some(&long)));
}

#[test]
fn a_late_answer_is_told_by_pos_recon_alone_and_by_counter_alone() {
    for mark in ["<COUNTER>1</COUNTER>", "<POS_RECON>R1</POS_RECON>"] {
        let mut pos = Pos::default();
        let sent = |mark: &str| {
            format!("<TRANSACTION><FUNCTION_TYPE>DEVICE</FUNCTION_TYPE><COMMAND>VERSION</COMMAND>{mark}</TRANSACTION>")
        };
        let late = pos.sent(&sent(mark));
        pos.forget(|id| id == late);
        let other = mark.replace('1', "2");
        let next = pos.sent(&sent(&other));
        let heard = pos.heard(&answer("-1", "OK", mark));
        assert_eq!((heard.answers, heard.late), (Some(late), true), "{mark}");
        let heard = pos.heard(&answer("-1", "OK", &other));
        assert_eq!((heard.answers, heard.late), (Some(next), false), "{mark}");
    }
}

#[test]
fn an_answer_said_twice_is_told_by_its_counter_alone() {
    let mut pos = Pos::default();
    let first = asks(&mut pos, "VERSION", 1);
    let text = answer("-1", "OK", "<COUNTER>1</COUNTER>");
    assert_eq!(pos.heard(&text).answers, Some(first));
    asks(&mut pos, "VERSION", 2);
    let again = pos.heard(&text);
    assert_eq!((again.answers, again.repeats), (None, Some(first)));
}

#[test]
fn an_unknown_command_is_refused() {
    let mut pos = Pos::default();
    asks(&mut pos, "VERSION", 1);
    let unknown = asks(&mut pos, "NO_SUCH_COMMAND", 2);
    assert_eq!(pos.heard(&answer("0", "ERROR", "")).answers, Some(unknown));
}

#[test]
fn what_was_heard_already_is_a_notice_and_answers_nothing() {
    let mut pos = Pos::default();
    asks(&mut pos, "VERSION", 1);
    let again = pos.receive_duplicate(&answer("-1", "OK", "<COUNTER>1</COUNTER>"));
    assert!(again.notice && again.answers.is_none() && again.response.is_some());
}

#[test]
fn who_is_lenient_takes_what_does_not_fit_for_the_next_in_turn() {
    for (lenient, expected) in [(false, None), (true, Some(()))] {
        let mut pos = Pos { lenient, ..Pos::default() };
        assert!(pos.heard(&answer("-1", "OK", "")).answers.is_none(), "nobody has asked");
        let id = asks(&mut pos, "NO_SUCH_COMMAND", 1);
        assert_eq!(pos.heard(&answer("-1", "OK", "")).answers, expected.map(|()| id));
    }
}

#[test]
fn an_unknown_command_has_no_text_of_success_not_even_none() {
    let mut pos = Pos::default();
    asks(&mut pos, "NO_SUCH_COMMAND", 1);
    let blank = "<RESPONSE><RESULT>OK</RESULT><RESULT_CODE>-1</RESULT_CODE></RESPONSE>";
    assert_eq!(pos.heard(blank).answers, None);
}

#[test]
fn a_late_answer_with_the_mark_of_another_request_is_not_taken() {
    let mut pos = Pos::default();
    let marked = |mark: &str| {
        format!(
            "<TRANSACTION><FUNCTION_TYPE>DEVICE</FUNCTION_TYPE><COMMAND>VERSION</COMMAND><POS_RECON>{mark}</POS_RECON></TRANSACTION>"
        )
    };
    let id = pos.sent(&marked("R1"));
    pos.forget(|_| true);
    let response = |mark: &str| {
        let text = answer("-1", "OK", &format!("<POS_RECON>{mark}</POS_RECON>"));
        Response::parse(&text, Limits::default()).expect("it is a response")
    };
    assert_eq!(pos.late(&response("R2")), None);
    assert_eq!(pos.late(&response("R1")), Some(id));
}

#[test]
fn a_refusal_that_blames_another_field_still_repeats_pos_recon() {
    let mut pos = Pos::default();
    pos.sent("<TRANSACTION><FUNCTION_TYPE>DEVICE</FUNCTION_TYPE><COMMAND>VERSION</COMMAND><POS_RECON>R1</POS_RECON></TRANSACTION>");
    let plain = asks(&mut pos, "VERSION", 2);
    let refused = "<RESPONSE><RESPONSE_TEXT>Field X is wrong</RESPONSE_TEXT><RESULT>ERROR</RESULT>\
        <RESULT_CODE>59040</RESULT_CODE></RESPONSE>";
    assert_eq!(pos.heard(refused).answers, Some(plain));
}
