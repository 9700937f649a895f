//! Tests of verdicts: scenarios that were once judged wrongly, each with the correct verdict, in memory and, if
//! sockets can play it, on the wire.

use crate::common;

use crate::common::{file, folder, run, text};
use rstest::rstest;

/// Plays a scenario in its own folder. Returns its output and exit code.
fn played(name: &str, scenario: &str, wire: bool) -> (String, Option<i32>) {
    let folder = folder(&format!("judgement-{name}-{wire}"));
    file(&folder, "a.sca", &format!("scenario \"{name}\"\n\n{scenario}"));
    let world: &[&str] = if wire { &["run", "a.sca", "--wire"] } else { &["run", "a.sca"] };
    let said = run(&folder, world);
    (text(&said.stdout) + &text(&said.stderr), said.status.code())
}

const LOST: &str = "terminal connects\nfault reset\nterminal loses\npos -> terminal  DEVICE VERSION  as lost\nterminal connects\n\
    pos -> terminal  DEVICE VERSION  as v\nterminal -> pos  RESULT=OK  re v\n";
const LONG_RECON: &str = "terminal connects\n\
    pos -> terminal  DEVICE VERSION POS_RECON=1234567890123456789012345678901  as a\n\
    terminal -> pos  RESULT_CODE=59040  re a\n";
const EMPTY_RECON: &str = "terminal\n  empty-fields refused\n\nterminal connects\npos -> terminal  as a\n  <TRANSACTION><FUNCTION_TYPE>DEVICE</FUNCTION_TYPE>\
    <COMMAND>VERSION</COMMAND><POS_RECON/></TRANSACTION>\nterminal -> pos  RESULT_CODE=59040  re a\n";
const NOTHING_BEHIND: &str = "terminal connects\nfault reset after 3 bytes of reply to one\ntogether\n  \
    pos -> terminal  DEVICE VERSION COUNTER=1  as one\n  pos -> terminal  DEVICE VERSION COUNTER=2  as two\n\
    without terminal -> pos\n  terminal loses\n  terminal connects\n";
const WITHIN_TOGETHER: &str = "terminal connects\nfault lose at one\ntogether\n  \
    pos -> terminal  DEVICE VERSION COUNTER=1  as one\n  pos -> terminal  DEVICE VERSION COUNTER=2  as two\n\
    terminal -> pos  RESULT=OK COUNTER=2  re two\n";
const BETWEEN_THE_TWO: &str = "terminal connects\npos -> terminal  SESSION START INVOICE=1  as start\n\
    terminal -> pos  RESULT=OK  re start\npos -> terminal  PAYMENT CAPTURE TRANS_AMOUNT=1.00  as pay\nscreen card-entry\n\
    fault fin after reply to stop\npos -> terminal  SECONDARYPORT CANCEL  as stop\nterminal -> pos  RESULT=OK  re stop\n\
    without terminal -> pos\n  terminal loses\n  terminal connects\n";
const NO_SUCH_NAME: &str =
    "terminal\n  WEBSOCKETADDRESS nowhere.test\nbroker\n  url ws://broker.test\n\nterminal fails dns\n";
const NO_SUCH_PORT: &str = "terminal\n  WEBSOCKETPORT 9\nbroker\n  url ws://broker.test\n\nterminal fails refused\n";
const MOVES: &str = "broker\n  url ws://broker.test\nbroker Backup\n  url ws://broker.test\n\nterminal connects\n\
    broker stops\nfault reset\nterminal fails refused\ndns broker.test is Backup\nterminal connects\n";
const CLOSED_LANE: &str = "terminal connects\npos -> terminal  SESSION START INVOICE=1  as start\n\
    terminal -> pos  RESULT=OK  re start\npos -> terminal  ADMIN LANE_CLOSED  as shut\nterminal -> pos  RESULT=OK  re shut\n\
    screen lane-closed\nfault reset\nscreen reconnecting  within 1s\nterminal connects\nscreen lane-closed\n";
const ENDS: &str = "terminal connects\nbroker -> terminal close 1000\nterminal loses\nend\n";
const ROUNDS: &str = "terminal connects\nrepeat 200\n  pos -> terminal  DEVICE VERSION COUNTER={{round}}  as ask\n\
    repeat 200\n  terminal -> pos  COUNTER={{round}}  re ask.{{round}}\n";
const HEADERS: &str = "terminal -> broker http\n  Host: ~\"^broker\"\n  !Authorization\n  Sec-WebSocket-Key: *\n\
    terminal connects\n";
const ANSWERED_LATE: &str = "terminal\n  late-answer yes\n\nterminal connects\npos -> terminal  SESSION START INVOICE=1  as start\n\
    terminal -> pos  RESULT=OK  re start\nhost approves after 5s\n\
    pos -> terminal  PAYMENT CAPTURE TRANS_AMOUNT=1.00 POS_RECON=R1  as pay\nscreen card-entry\ncardholder taps visa\n\
    terminal -> host  PAYMENT CAPTURE\nfault reset\nterminal connects\nterminal -> pos  RESULT=CAPTURED POS_RECON=R1  re pay\n";

const RANGE: &str = "each     n in 600..601\n\nterminal connects\npos -> terminal  DEVICE VERSION COUNTER={{n}}  as v\n\
    terminal -> pos  COUNTER={{n}}  re v\n";
const RANGE_OF_ONE: &str = "each     n in 5..5\n\nterminal connects\npos -> terminal  DEVICE VERSION COUNTER={{n}}  as v\n\
    terminal -> pos  COUNTER={{n}}  re v\n";

const OPTIONAL_GIVES_WAY: &str = "terminal connects\npos -> terminal  DEVICE VERSION  as v\noptional\n  terminal loses  within 30s\n\
    terminal -> pos  RESULT=OK  re v\npos -> terminal  DEVICE VERSION  as w\nterminal -> pos  RESULT=OK  re w  within 2s of v\n";
const OPTIONAL_HAS_BEEN_OVERTAKEN: &str = "terminal connects\npos -> terminal  DEVICE VERSION  as v\nwait 1s\noptional\n  \
    terminal loses  within 30s\nterminal -> pos  RESULT=OK  re v\npos -> terminal  DEVICE VERSION  as w\n\
    terminal -> pos  RESULT=OK  re w  within 3s of v\n";
const SECOND_CONNECTION: &str = "broker answers connection 2\n  HTTP/1.1 503 Busy\nterminal connects\nfault reset\n\
    terminal fails http 503\n";
const OPTIONAL_WAITS: &str = "terminal connects\nbroker -> terminal close 1000\noptional\n  terminal -> broker close 1000\n\
    terminal loses\nterminal connects\npos -> terminal  DEVICE VERSION  as v\noptional\n  terminal -> pos  RESULT=OK  re v\n\
    screen idle\npos -> terminal  DEVICE VERSION  as w\nterminal -> pos  RESULT=OK  re w\n";
const OPTIONAL_IS_OVER: &str = "terminal connects  as up\noptional\n  terminal loses  within 3s\n\
    pos -> terminal  DEVICE VERSION  as v\nterminal -> pos  RESULT=OK  re v  within 3s..4s of up\n";
const STAMPED: &str = "terminal connects  as up\n+30.000 pos -> terminal  DEVICE VERSION  as v\n\
    terminal -> pos  RESULT=OK  re v  within 25s..35s of up\n";
const NEWEST: &str = "terminal A\n  pinpad-id 7\n  boot-time 3s\nterminal B\n  pinpad-id 7\n\nB connects\nA connects\n\
    pos -> A  DEVICE VERSION  as v\nA -> pos  RESULT=OK  re v\n";
const OLDEST: &str = "terminal A\n  pinpad-id 7\n  boot-time 3s\nterminal B\n  pinpad-id 7\nbroker\n  on-duplicate oldest\n\n\
    B connects\nA connects\npos -> B  DEVICE VERSION  as v\nB -> pos  RESULT=OK  re v\n";
const HELD_WITHIN: &str = "terminal connects\nfault silence for 2s after 10 bytes of one\ntogether\n  \
    pos -> terminal  DEVICE VERSION COUNTER=1  as one\n  pos -> terminal  DEVICE VERSION COUNTER=2  as two\n\
    terminal -> pos  RESULT=OK COUNTER=1  re one\nterminal -> pos  RESULT=OK COUNTER=2  re two\n";
const HELD_REPLY: &str = "terminal connects\nfault silence for 2s after 10 bytes of reply to one\n\
    pos -> terminal  DEVICE VERSION COUNTER=1  as one\nterminal -> pos  RESULT=OK COUNTER=1  re one  within 2s..4s of one\n";
const LATE_AND_GONE: &str = "each     what in [ask, (reply to ask)]\n\nterminal connects\nfault late 5s at {{what}}\n\
    pos -> terminal  DEVICE VERSION COUNTER=9  as ask\nwait 1s\nfault reset\nwithout terminal -> pos\n  terminal loses\n  \
    terminal connects\n  wait 10s\npos -> terminal  DEVICE VERSION COUNTER=10  as next\n\
    terminal -> pos  RESULT=OK COUNTER=10  re next\n";

const LATE_AND_NAMELESS: &str = "each     what in [ask, (reply to ask)]\n\nterminal connects\nfault late 2s at {{what}}\n\
    pos -> terminal  DEVICE VERSION  as ask\nwait 1s\nfault reset\nwithout terminal -> pos\n  terminal loses\n  \
    terminal connects\n  wait 3s\npos -> terminal  DEVICE VERSION  as next\nterminal -> pos  RESULT=OK  re next\n";
const LAST_WORDS: &str = "terminal connects\nfault latency 2s\npos -> terminal  DEVICE VERSION  as ask\nwait 1s\n\
    pos -> terminal  SECONDARYPORT REBOOT  as boot\nwait 2500ms\nfault reset\nfault latency 0ms\n\
    terminal connects  within 2m\npos -> terminal  DEVICE VERSION  as next\nterminal -> pos  RESULT=OK  re next\n";
const UPDATED_MEANWHILE: &str = "terminal\n  update-time 2s\n\nterminal connects\nvhq offers \"4.2.1\"\n\
    pos -> terminal  ADMIN APPLYUPDATES  as apply\nterminal -> pos  RESULT=OK  re apply\nscreen updating\n\
    fault latency 6s\npos -> terminal  DEVICE VERSION  as ask\nwithout terminal -> pos\n  screen boot  within 5s\n\
    fault latency 0ms\nterminal connects  within 2m\npos -> terminal  DEVICE VERSION  as next\n\
    terminal -> pos  RESULT=OK  re next\n";

const SILENCE_WITHIN_SILENCE: &str = "terminal\n  pong-timeout 20s\nbroker\n  idle-cut 5s\n  idle-cut-by silence\n\n\
    terminal connects\nwait 3s\nfault silence for 8s\nwait 9s\npos -> terminal  DEVICE VERSION  as ask\n\
    without terminal -> pos\n  terminal loses  within 3m\n";

/// Cases that sockets cannot play.
#[rstest]
#[case::last_words_that_never_come_are_waited_for_no_more("last-words", LAST_WORDS)]
#[case::what_had_not_come_when_the_terminal_left_is_nobodys_fault("updated", UPDATED_MEANWHILE)]
#[case::a_silence_that_is_over_leaves_a_cut_connection_cut("silence-within-silence", SILENCE_WITHIN_SILENCE)]
fn it_passes_in_memory(#[case] name: &str, #[case] scenario: &str) {
    let (said, code) = played(name, scenario, false);
    assert_eq!(code, Some(0), "{said}");
}

#[rstest]
#[case::nor_where_nothing_names_it("late-and-nameless", LATE_AND_NAMELESS)]
#[case::what_is_late_does_not_outlive_its_connection("late-and-gone", LATE_AND_GONE)]
#[case::an_answer_that_is_held_back_in_its_middle_comes("held-reply", HELD_REPLY)]
#[case::what_a_silence_holds_back_comes_once_and_whole("held-within", HELD_WITHIN)]
#[case::an_optional_line_gives_way_to_what_has_come("gives-way", OPTIONAL_GIVES_WAY)]
#[case::an_optional_line_gives_way_to_what_came_before_it("overtaken", OPTIONAL_HAS_BEEN_OVERTAKEN)]
#[case::an_answer_is_for_the_connection_it_names("second-connection", SECOND_CONNECTION)]
#[case::an_optional_line_is_waited_for("waits", OPTIONAL_WAITS)]
#[case::an_optional_line_is_over_at_its_time("over", OPTIONAL_IS_OVER)]
#[case::a_stamped_line_acts_at_its_time("stamped", STAMPED)]
#[case::the_newest_connection_is_spoken_to("newest", NEWEST)]
#[case::the_oldest_connection_is_spoken_to_where_that_is_set("oldest", OLDEST)]
#[case::a_range_may_begin_high("range", RANGE)]
#[case::a_range_may_have_one_number("range-of-one", RANGE_OF_ONE)]
#[case::a_request_that_went_nowhere_waits_for_nothing("lost", LOST)]
#[case::a_field_that_is_wrong_itself_need_not_come_back("long-recon", LONG_RECON)]
#[case::nor_an_empty_one("empty-recon", EMPTY_RECON)]
#[case::nothing_comes_behind_a_cut("nothing-behind", NOTHING_BEHIND)]
#[case::a_fault_strikes_within_together("within-together", WITHIN_TOGETHER)]
#[case::the_two_answers_of_cancel_can_be_parted("between", BETWEEN_THE_TWO)]
#[case::a_name_that_nobody_has_is_unknown("no-name", NO_SUCH_NAME)]
#[case::a_port_that_nobody_has_is_refused("no-port", NO_SUCH_PORT)]
#[case::a_name_moves_to_another_broker("moves", MOVES)]
#[case::a_closed_lane_gives_way_to_a_lost_link("closed-lane", CLOSED_LANE)]
#[case::memory_and_wire_agree_on_a_run_that_ends("ends", ENDS)]
#[case::each_round_has_its_answer("rounds", ROUNDS)]
#[case::headers_are_tested("headers", HEADERS)]
#[case::a_late_answer_is_the_answer_of_its_request("late", ANSWERED_LATE)]
fn it_passes(#[case] name: &str, #[case] scenario: &str, #[values(false, true)] wire: bool) {
    let (said, code) = played(name, scenario, wire);
    assert_eq!(code, Some(0), "{said}");
}

#[rstest]
#[case::an_attempt_that_fails_is_not_passed_over(
    "passed-over",
    "broker answers attempt 1\n  HTTP/1.1 500 No\nterminal connects\n",
    &["it fails http 500", "`after failures` passes over such"]
)]
#[case::a_screen_that_is_shown_is_not_called_over(
    "shown",
    "terminal connects\nscreen idle ATTEMPT=1\n",
    &["ATTEMPT is missing", "idle is shown since 1.012 s: screen idle"]
)]
#[case::a_text_that_differs_is_told(
    "text",
    "fault dns unknown on attempt 1\nterminal fails dns\nscreen error ~\"DNS\"  within 1s\n",
    &["the screen error shows", "error is shown since"]
)]
#[case::a_request_that_another_terminal_hears_is_told(
    "astray",
    "terminal A\nterminal B\n\nany order\n  A connects\n  B connects\npos -> A  DEVICE VERSION  as v\nA -> pos  RESULT=OK  re v\n",
    &["`v` went to B, which has the pinpad id 1 too"]
)]
#[case::a_header_that_differs_is_told(
    "header",
    "terminal -> broker http\n  Host: elsewhere.test\nterminal connects\n",
    &["`Host: broker.test` instead of `Host: elsewhere.test`"]
)]
#[case::bytes_that_differ_are_told(
    "bytes",
    "terminal connects\npos -> terminal  SESSION FINISH  as f\nterminal -> pos  bytes  re f\n  <RESPONSE>\n    <RESPONSE_TEXT>No</RESPONSE_TEXT>\n  </RESPONSE>\n",
    &["different bytes: line 2 is"]
)]
#[case::a_failure_whose_day_is_over_fails(
    "expired",
    "terminal connects\nscreen session  within 1s\n",
    &["this was not shown in time"]
)]
fn it_fails_and_says_why(#[case] name: &str, #[case] scenario: &str, #[case] says: &[&str]) {
    let (said, code) = played(name, scenario, false);
    assert_eq!(code, Some(1), "{said}");
    for part in says {
        assert!(said.contains(part), "{part}:\n{said}");
    }
}

#[rstest]
#[case("terminal connects\nthroughout icon connected\n  set broker certificate nobody\n  wait 1s\n", "E023")]
#[case("terminal connects\nwithout terminal loses\n  set terminal pinpad-id 44\n  wait 1s\n", "E021")]
#[case("terminal connects\nend\nterminal loses\n", "E015")]
#[case("terminal connects\npos -> terminal text \"x\"*5  as t\nterminal -> pos  RESULT_CODE=-2  re t\n", "E002")]
#[case("terminal connects\nbroker -> terminal ping \"x\"*5\n", "E002")]
#[case("terminal connects\nterminal -> pos  RESULT=OK  re v\npos -> terminal  DEVICE VERSION  as v\n", "E040")]
#[case("broker\n  url ws://broker.test\n\nfault reset before client-hello\nterminal connects\n", "E051")]
#[case("terminal\n  pinpad-id \" \"\n\nterminal connects\n", "E021")]
#[case("terminal -> broker http\n  Host: ~\"(\"\nterminal connects\n", "E032")]
fn it_is_not_valid(#[case] scenario: &str, #[case] code: &str) {
    // Cases run in parallel, so each has its own folder.
    let (said, exit) = played(&format!("invalid-{code}-{}", scenario.len()), scenario, false);
    assert_eq!(exit, Some(3), "{said}");
    assert!(said.contains(&format!("error[{code}]")), "{said}");
}

#[test]
fn every_bad_row_is_told_and_warnings_beside_errors() {
    let folder = folder("judgement-rows");
    file(
        &folder,
        "a.sca",
        "scenario \"Rows\"\neach     v in [WEBSOCKETS, SERIAL, USB, BOTH]\n\nterminal\n  POSCONNECTALLOW {{v}}\n\nterminal connects\nscreen ~\".*\"\n",
    );
    let said = text(&run(&folder, &["check", "a.sca"]).stderr);
    for word in ["SERIAL", "USB", "BOTH", "W001"] {
        assert!(said.contains(word), "{word}: {said}");
    }
}

#[test]
fn a_script_of_many_lines_that_act_at_once_needs_no_deep_stack() {
    let folder = folder("judgement-deep");
    let acts: String = (0..20_000).map(|n| format!("set terminal WEBSOCKETPINGINTERVAL {}\n", 10 + n % 2)).collect();
    file(&folder, "a.sca", &format!("scenario \"Acts\"\n\nterminal connects\n{acts}screen idle\n"));
    let said = common::command(&folder, &["run", "a.sca"]).env("RUST_MIN_STACK", "1048576").output();
    let said = said.expect("the program runs");
    assert!(said.status.success(), "{}", text(&said.stderr));
}

/// The reported length of the prefix that arrived is the number in the line.
#[rstest]
#[case("ws")]
#[case("wss")]
fn each_byte_of_a_reply_is_cut_there(#[case] scheme: &str, #[values(false, true)] wire: bool) {
    let folder = folder(&format!("judgement-bytes-{scheme}-{wire}"));
    for (name, n) in [("a", 1), ("b", 17), ("c", 100)] {
        file(
            &folder,
            &format!("{name}.sca"),
            &format!(
                "scenario \"Cut\"\n\nbroker\n  url {scheme}://broker.test\n\nterminal connects\nfault reset after {n} bytes of reply to ask\n\
                 pos -> terminal  ADMIN GET_COUNTER  as ask\nicon disconnected\nterminal connects\n"
            ),
        );
        let world: &[&str] = if wire { &["--wire"] } else { &[] };
        let path = format!("{name}.sca");
        let said = run(&folder, &[&["run", "-t", path.as_str()], world].concat());
        let told = text(&said.stdout);
        assert!(said.status.success() && told.contains(&format!("# fault: {n} of ")), "{told}{}", text(&said.stderr));
    }
}

#[test]
fn what_came_instead_is_counted() {
    let ping = "broker -> terminal  ping \"x\"\n";
    let scenario = format!("terminal connects\n{}terminal -> broker  pong \"y\"  within 5s\n", ping.repeat(3));
    let (said, exit) = played("instead", &scenario, false);
    assert_eq!(exit, Some(1), "{said}");
    assert!(said.contains("instead: a pong \"x\", 3 times, last at"), "{said}");
}

/// Two requests are answered, the second with a delay; `check` compares the captured values or the times of arrival.
#[rstest]
#[case("COUNTER=?a", "COUNTER=?b", "COUNTER=1", "COUNTER=1", "rising a b", false)]
#[case("COUNTER=?a", "COUNTER=?b", "COUNTER=1", "COUNTER=2", "rising a b", true)]
#[case("COUNTER=?a", "COUNTER=?b", "COUNTER=1", "COUNTER=1", "differ a b", false)]
#[case("COUNTER=?a", "COUNTER=?b", "COUNTER=1", "COUNTER=1", "same a b", true)]
#[case("COUNTER=?a", "COUNTER=?b", "COUNTER=1", "COUNTER=2", "same a b", false)]
fn captured_values_relate(
    #[case] first: &str,
    #[case] second: &str,
    #[case] one: &str,
    #[case] two: &str,
    #[case] relation: &str,
    #[case] holds: bool,
) {
    let ask = |fields: &str, label: &str| format!("pos -> terminal  ADMIN SET_COUNTER {fields}  as {label}\n");
    let hear = |fields: &str, label: &str| format!("terminal -> pos  {fields}  re {label}\n");
    let scenario = format!(
        "terminal connects\n{}{}{}{}check {relation}\n",
        ask(one, "q1"),
        hear(first, "q1"),
        ask(two, "q2"),
        hear(second, "q2")
    );
    let (said, exit) = played(
        &format!("relate-{}-{}", relation.replace(' ', "-"), two.len() + usize::from(one == two)),
        &scenario,
        false,
    );
    assert_eq!(exit, Some(i32::from(!holds)), "{said}");
}

/// Labelled moments, and the relations between them.
#[rstest]
#[case("rising m1 m2 m3", "wait 1s\n", "wait 2s\n", true)]
#[case("rising m1 m2 m3", "wait 1s\n", "wait 1s\n", false)]
#[case("rising m1 m2", "wait 1s\n", "", true)]
#[case("differ m1 m2", "wait 1s\n", "", true)]
#[case("same m1 m2", "wait 1s\n", "", false)]
#[case("same m1 m2", "", "", true)]
#[case("rising m1 m2", "", "", false)]
#[case("differ m1 m2", "", "", false)]
fn moments_relate(#[case] relation: &str, #[case] first: &str, #[case] second: &str, #[case] holds: bool) {
    let moment = |label: &str| format!("broker -> terminal  ping \"{label}\"  as {label}\n");
    let scenario =
        format!("terminal connects\n{}{first}{}{second}{}check {relation}\n", moment("m1"), moment("m2"), moment("m3"));
    let waits = [first, second].map(|wait| wait.replace([' ', '\n'], ""));
    let name = format!("moments-{}-{}", relation.replace(' ', "-"), waits.join("-"));
    let (said, exit) = played(&name, &scenario, false);
    assert_eq!(exit, Some(i32::from(!holds)), "{said}");
}

/// Coverage counts an unreadable document only where one was refused.
#[rstest]
#[case("<TRANSACTION>", "-2", 1)]
#[case("<TRANSACTION><FUNCTION_TYPE>DEVICE</FUNCTION_TYPE><COMMAND>VERSION</COMMAND></TRANSACTION>", "-1", 0)]
fn a_refused_document_is_counted(#[case] document: &str, #[case] code: &str, #[case] count: usize) {
    let folder = folder(&format!("judgement-document{code}"));
    let scenario = format!(
        "scenario \"D\"\n\nterminal connects\npos -> terminal  as a\n  {document}\nterminal -> pos  RESULT_CODE={code}  re a\n"
    );
    file(&folder, "a.sca", &scenario);
    let said = text(&run(&folder, &["coverage", "a.sca"]).stdout);
    let row = said.lines().find(|line| line.starts_with("idle")).expect("it was idle");
    assert_eq!(row.split_whitespace().filter(|cell| *cell == "1").count(), count, "{said}");
}

const UNCLOSED: &str = "terminal connects\npos -> terminal  DEVICE VERSION  as a\nterminal -> pos  re a\n  <RESPONSE><RESULT>OK</RESULT>\n";
const INSERTED: &str = "terminal connects\npos -> terminal  DEVICE VERSION  as a\nterminal -> pos  COUNTER=?n  re a\n\
    pos -> terminal  DEVICE VERSION  as b\nterminal -> pos  re b\n  <RESPONSE>{{n}}\n";

/// A valid scenario with a likely mistake gets a warning; one without gets none.
#[rstest]
#[case("unclosed", UNCLOSED, Some("W009"))]
#[case("inserted", INSERTED, None)]
#[case("first-over-cap", "terminal\n  retry-first 50s\n  retry-cap 10s\n\nterminal connects\n", Some("W004"))]
#[case("first-at-cap", "terminal\n  retry-first 10s\n  retry-cap 10s\n\nterminal connects\n", None)]
#[case(
    "tls-over-ws",
    "broker\n  url ws://broker.test\n  client-certificates none\n\nterminal connects\n",
    Some("W004")
)]
#[case("tls-over-wss", "broker\n  url wss://broker.test\n  client-certificates none\n\nterminal connects\n", None)]
#[case("throughout-alone", "throughout icon disconnected\n  wait 100ms\n", None)]
#[case("either-alone", "either\n  terminal connects\nor\n  terminal fails\n", None)]
fn what_is_hardly_meant_is_said(#[case] name: &str, #[case] scenario: &str, #[case] code: Option<&str>) {
    let folder = folder(&format!("judgement-doubt-{name}"));
    file(&folder, "a.sca", &format!("scenario \"{name}\"\n\n{scenario}"));
    let said = run(&folder, &["check", "a.sca"]);
    let told = text(&said.stderr);
    assert_eq!(said.status.code(), Some(0), "{told}");
    assert_eq!(told.contains("warning"), code.is_some(), "{told}");
    assert!(code.is_none_or(|code| told.contains(&format!("warning[{code}]"))), "{told}");
}

/// A failure lists what was shown instead: each change of the screen or icon in question, up to a readable number.
#[test]
fn what_was_shown_instead_is_told() {
    let (said, _) = played("instead-kinds", "broker stops\nscreen error ATTEMPT=99  within 30m\n", false);
    assert_eq!(said.matches("= note: instead:").count(), 8, "{said}");
    let (said, _) = played("instead-named", "broker stops\nscreen approved  within 10s\n", false);
    assert!(said.contains("^ the screen is connecting"), "{said}");
    assert!(said.contains("instead: the screen is error, 3 times"), "{said}");
}

/// An icon picture that never appears: the failure lists each change of the icon.
#[test]
fn icons_that_came_instead_are_told() {
    let folder = folder("judgement-icons");
    std::fs::copy(common::root().join("scenarios/icons/pictures/green.png"), folder.join("green.png"))
        .expect("it is there");
    let scenario = "scenario \"I\"\n\nterminal connects\nfault reset\nicon connected \"green.png\"  within 20s\n";
    file(&folder, "a.sca", scenario);
    let told = text(&run(&folder, &["run", "a.sca"]).stderr);
    assert!(
        told.contains("instead: the icon shows disconnected") && told.contains("instead: the icon is default"),
        "{told}"
    );
}
