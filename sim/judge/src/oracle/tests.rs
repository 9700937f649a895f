//! Tests of this file's parent.

use super::*;

fn request(function: &str, command: &str, counter: u32) -> Request {
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut fields = vec![field("FUNCTION_TYPE", function), field("COMMAND", command)];
    if counter > 0 {
        fields.push(field("COUNTER", &counter.to_string()));
    }
    Request::new(fields)
}

fn done(counter: &str) -> Response {
    let response = Response::default();
    let all = [("RESULT", "OK"), ("RESULT_CODE", "-1"), ("TERMINATION_STATUS", "SUCCESS"), ("COUNTER", counter)];
    all.into_iter().fold(response, |response, (name, value)| response.with(name, value))
}

fn reference() -> Oracle {
    Oracle::new(&TerminalSettings::default())
}

#[test]
fn a_lost_request_leaves_both_counters_possible_until_one_is_told() {
    let mut known = reference();
    known.asked(RequestId(1), Some(&request("DEVICE", "VERSION", 7)));
    known.lost(RequestId(1));
    for (id, told, breaks) in [(2, "7", false), (3, "1", true)] {
        known.asked(RequestId(id), Some(&request("ADMIN", "GET_COUNTER", 0)));
        assert_eq!(known.answered(RequestId(id), &done(told)).is_some(), breaks, "{told}");
    }
}

#[test]
fn a_counter_that_was_answered_has_to_be_told() {
    let mut known = reference();
    known.asked(RequestId(1), Some(&request("DEVICE", "VERSION", 7)));
    assert_eq!(known.answered(RequestId(1), &done("7")), None);
    known.connects();
    known.asked(RequestId(2), Some(&request("ADMIN", "GET_COUNTER", 0)));
    assert!(known.answered(RequestId(2), &done("1")).is_some_and(|(law, _)| law == "counter-true"));
}

#[test]
fn what_is_asked_later_does_not_count_yet() {
    let mut known = reference();
    known.asked(RequestId(1), Some(&request("ADMIN", "GET_COUNTER", 0)));
    known.asked(RequestId(2), Some(&request("DEVICE", "VERSION", 7)));
    assert_eq!(known.answered(RequestId(1), &done("1")), None);
    assert_eq!(known.answered(RequestId(2), &done("7")), None);
    assert_eq!(known.possible(0), BTreeSet::from([Some(7)]));
}

#[test]
fn a_session_that_was_finished_cannot_be_finished_again() {
    let mut known = reference();
    known.asked(RequestId(1), Some(&request("SESSION", "FINISH", 0)));
    assert!(known.answered(RequestId(1), &done("1")).is_some_and(|(law, _)| law == "session-true"));
}

fn refused(code: &str) -> Response {
    let all = [("RESULT", "ERROR"), ("RESULT_CODE", code), ("TERMINATION_STATUS", "FAILURE")];
    all.into_iter().fold(Response::default(), |response, (name, value)| response.with(name, value))
}

#[test]
fn what_is_refused_changes_no_session() {
    let mut known = reference();
    known.asked(RequestId(1), Some(&request("SESSION", "START", 0)));
    assert_eq!(known.answered(RequestId(1), &refused("59040")), None);
    known.asked(RequestId(2), Some(&request("SESSION", "FINISH", 0)));
    assert!(known.answered(RequestId(2), &done("1")).is_some_and(|(law, _)| law == "session-true"));
}

#[test]
fn a_session_that_was_not_finished_is_still_there() {
    for command in [("SESSION", "FINISH"), ("ADMIN", "LANE_CLOSED")] {
        let mut known = reference();
        known.asked(RequestId(1), Some(&request("SESSION", "START", 0)));
        assert_eq!(known.answered(RequestId(1), &done("1")), None);
        known.asked(RequestId(2), Some(&request(command.0, command.1, 0)));
        assert_eq!(known.answered(RequestId(2), &refused("59040")), None);
        known.asked(RequestId(3), Some(&request("SESSION", "FINISH", 0)));
        let none = refused("59004");
        assert!(known.answered(RequestId(3), &none).is_some_and(|(law, _)| law == "session-true"), "{command:?}");
    }
}

#[test]
fn only_what_needs_a_cardholder_or_a_host_waits_for_somebody() {
    let mut known = reference();
    known.asked(RequestId(1), Some(&request("DEVICE", "VERSION", 0)));
    known.asked(RequestId(2), Some(&request("PAYMENT", "CAPTURE", 0)));
    let waits = [1, 2, 3].map(|id| known.needs_other_party(RequestId(id)));
    assert_eq!(waits, [false, true, true], "an unknown request is excused");
}

#[test]
fn busy_needs_something_that_holds() {
    let mut known = reference();
    let busy = [("RESULT", "BUSY"), ("RESULT_CODE", "59002"), ("TERMINATION_STATUS", "FAILURE")];
    let busy = busy.into_iter().fold(Response::default(), |r, (name, value)| r.with(name, value));
    known.asked(RequestId(1), Some(&request("DEVICE", "VERSION", 0)));
    assert!(known.answered(RequestId(1), &busy).is_some_and(|(law, _)| law == "busy-ends"));
    known.asked(RequestId(2), Some(&request("PAYMENT", "CAPTURE", 0)));
    known.asked(RequestId(3), Some(&request("DEVICE", "VERSION", 0)));
    assert_eq!(known.answered(RequestId(3), &busy), None);
}
