//! Violations of the clauses of authentication and the counter (AUTH, CNT).

use super::changes::{counted, iff, is_counter, is_good, is_secondary};
use super::{EVER, ONCE, TWICE, Violation, of};
use crate::wrapper::Does::{Reply as Answer, Set};
use crate::wrapper::{Reply, refusal, success, with, without};

pub(super) const VIOLATIONS: &[Violation] = &[
    of(
        "AUTH-01",
        "demands registration",
        Answer(|q, r, _| iff(is_good(r), || refusal(q, "Not registered", "ERROR", "59020"))),
        EVER,
    ),
    of(
        "AUTH-01",
        "demands registration for a session",
        Answer(|q, r, _| iff(q.command() == "START" && is_good(r), || refusal(q, "Not registered", "ERROR", "59020"))),
        TWICE,
    ),
    of(
        "AUTH-01",
        "demands registration for the device's commands",
        Answer(|q, r, _| {
            iff(q.function_type() == "DEVICE" && is_good(r), || refusal(q, "Not registered", "ERROR", "59020"))
        }),
        TWICE,
    ),
    of(
        "AUTH-01",
        "demands registration for secondary commands",
        Answer(|q, r, _| iff(is_secondary(q) && is_good(r), || refusal(q, "Not registered", "ERROR", "59020"))),
        ONCE,
    ),
    of(
        "AUTH-01",
        "demands registration after a loss",
        Answer(|q, r, p| iff(p.losses > 0 && is_good(r), || refusal(q, "Not registered", "ERROR", "59020"))),
        ONCE,
    ),
    of(
        "AUTH-01",
        "demands registration for GET COUNTER",
        Answer(|q, r, _| iff(is_counter(q) && is_good(r), || refusal(q, "Not registered", "ERROR", "59020"))),
        ONCE,
    ),
    //
    of(
        "AUTH-02",
        "minds a MAC that is there",
        Answer(|q, _, _| iff(q.get("MAC").is_some(), || refusal(q, "MAC is wrong", "FIELD_ERROR", "59040"))),
        EVER,
    ),
    of(
        "AUTH-02",
        "minds a label that is there",
        Answer(|q, _, _| {
            iff(q.get("MAC_LABEL").is_some(), || refusal(q, "MAC_LABEL is unknown", "FIELD_ERROR", "59040"))
        }),
        EVER,
    ),
    of(
        "AUTH-02",
        "minds them in a session",
        Answer(|q, r, _| {
            iff(q.get("MAC").is_some() && q.command() != "START" && is_good(r), || {
                refusal(q, "MAC is wrong", "FIELD_ERROR", "59040")
            })
        }),
        TWICE,
    ),
    of(
        "AUTH-02",
        "says nothing to what has a MAC",
        Answer(|q, _, _| iff(q.get("MAC").is_some(), || Reply::Swallowed)),
        EVER,
    ),
    of(
        "AUTH-02",
        "minds them after a loss",
        Answer(|q, _, p| {
            iff(p.losses > 0 && q.get("MAC").is_some(), || refusal(q, "MAC is wrong", "FIELD_ERROR", "59040"))
        }),
        ONCE,
    ),
    of("AUTH-02", "asks for the MAC all the same", Set("SKIPPOSAUTH", "0"), ONCE),
    //
    of(
        "AUTH-03",
        "registers",
        Answer(|q, r, _| iff(q.command() == "REGISTER" && !is_good(r), || success(q, "REGISTERED"))),
        TWICE,
    ),
    of(
        "AUTH-03",
        "takes every security command",
        Answer(|q, r, _| iff(q.function_type() == "SECURITY" && !is_good(r), || success(q, "SUCCESS"))),
        EVER,
    ),
    of(
        "AUTH-03",
        "tests a MAC",
        Answer(|q, r, _| iff(q.command() == "TEST_MAC" && !is_good(r), || success(q, "Match"))),
        ONCE,
    ),
    of(
        "AUTH-03",
        "says nothing to security commands",
        Answer(|q, _, _| iff(q.function_type() == "SECURITY", || Reply::Swallowed)),
        EVER,
    ),
    of(
        "AUTH-03",
        "unregisters",
        Answer(|q, r, _| iff(q.command().starts_with("UNREGISTER") && !is_good(r), || success(q, "UNREGISTERED"))),
        ONCE,
    ),
    of(
        "AUTH-03",
        "has another code for security commands",
        Answer(|q, r, _| iff(q.function_type() == "SECURITY" && !is_good(r), || with(r, "RESULT_CODE", "59040"))),
        EVER,
    ),
    //
    of("AUTH-04", "skips all of it", Set("SKIPPOSAUTH", "1"), ONCE),
    of(
        "AUTH-04",
        "takes what is wrong",
        Answer(|q, r, _| {
            iff(r.get("RESULT_CODE") == Some("59040") && q.get("MAC").is_some(), || success(q, "SUCCESS"))
        }),
        EVER,
    ),
    of(
        "AUTH-04",
        "takes what has no label",
        Answer(|q, r, _| {
            iff(!is_good(r) && q.get("MAC_LABEL").is_none() && q.function_type() != "SECURITY", || {
                success(q, "SUCCESS")
            })
        }),
        TWICE,
    ),
    of(
        "AUTH-04",
        "takes a replay",
        Answer(|q, r, p| {
            let counter: u32 = q.get("COUNTER").and_then(|c| c.parse().ok()).unwrap_or_default();
            iff(!is_good(r) && q.get("MAC").is_some() && counter <= p.highest_counter, || success(q, "SUCCESS"))
        }),
        TWICE,
    ),
    of(
        "AUTH-04",
        "refuses what is right",
        Answer(|q, r, _| {
            iff(is_good(r) && q.get("MAC").is_some(), || refusal(q, "MAC is wrong", "FIELD_ERROR", "59040"))
        }),
        EVER,
    ),
    of(
        "AUTH-04",
        "says nothing to what is wrong",
        Answer(|q, r, _| iff(!is_good(r) && q.function_type() != "SECURITY", || Reply::Swallowed)),
        TWICE,
    ),
    //
    of(
        "CNT-01",
        "refuses GET COUNTER",
        Answer(|q, r, _| iff(is_counter(q) && is_good(r), || refusal(q, "Not allowed", "ERROR", "59020"))),
        EVER,
    ),
    of(
        "CNT-01",
        "does not know GET COUNTER",
        Answer(|q, r, _| iff(is_counter(q) && is_good(r), || refusal(q, "Unknown command", "ERROR", "0"))),
        EVER,
    ),
    of("CNT-01", "says nothing to GET COUNTER", Answer(|q, _, _| iff(is_counter(q), || Reply::Swallowed)), EVER),
    of(
        "CNT-01",
        "refuses it in a session",
        Answer(|q, r, p| iff(is_counter(q) && is_good(r) && p.heard > 1, || refusal(q, "Not now", "ERROR", "59004"))),
        EVER,
    ),
    of(
        "CNT-01",
        "refuses it with fields of a MAC",
        Answer(|q, r, _| {
            iff(is_counter(q) && is_good(r) && q.get("MAC").is_some(), || refusal(q, "MAC", "FIELD_ERROR", "59040"))
        }),
        ONCE,
    ),
    of(
        "CNT-01",
        "refuses it after a loss",
        Answer(|q, r, p| iff(is_counter(q) && is_good(r) && p.losses > 0, || refusal(q, "Not now", "ERROR", "59004"))),
        TWICE,
    ),
    of(
        "CNT-01",
        "calls it a failure",
        Answer(|q, r, _| iff(is_counter(q) && is_good(r), || with(r, "TERMINATION_STATUS", "FAILURE"))),
        EVER,
    ),
    //
    of(
        "CNT-02",
        "answers one more",
        Answer(|q, r, p| iff(is_counter(q) && p.last_counter > 0, || counted(r, |c| c + 1))),
        EVER,
    ),
    of(
        "CNT-02",
        "answers one less",
        Answer(|q, r, p| iff(is_counter(q) && p.last_counter > 0, || counted(r, |c| c.saturating_sub(1)))),
        EVER,
    ),
    of(
        "CNT-02",
        "answers the highest",
        Answer(|q, r, p| iff(is_counter(q), || counted(r, |c| c.max(p.highest_counter)))),
        ONCE,
    ),
    of(
        "CNT-02",
        "answers how many requests there were",
        Answer(|q, r, p| iff(is_counter(q) && p.last_counter > 0, || counted(r, |_| p.heard))),
        EVER,
    ),
    of(
        "CNT-02",
        "answers 1 always",
        Answer(|q, r, p| iff(is_counter(q) && p.last_counter > 1, || counted(r, |_| 1))),
        EVER,
    ),
    of(
        "CNT-02",
        "forgets with the link",
        Answer(|q, r, p| iff(is_counter(q) && p.losses > 0, || counted(r, |_| 1))),
        TWICE,
    ),
    of("CNT-02", "counts to 65535", Answer(|q, r, _| iff(is_counter(q), || counted(r, |c| c & 0xffff))), ONCE),
    of("CNT-02", "does not count what is refused", Set("counter-of-refused", "no"), ONCE),
    of("CNT-02", "does not count secondary requests", Set("counter-of-secondary", "no"), ONCE),
    //
    of(
        "CNT-03",
        "answers 0 at first",
        Answer(|q, r, p| iff(is_counter(q) && p.heard == 1, || counted(r, |_| 0))),
        ONCE,
    ),
    of(
        "CNT-03",
        "answers 2 at first",
        Answer(|q, r, p| iff(is_counter(q) && p.heard == 1, || counted(r, |_| 2))),
        ONCE,
    ),
    of(
        "CNT-03",
        "answers no number at first",
        Answer(|q, r, p| iff(is_counter(q) && p.heard == 1, || without(r, "COUNTER"))),
        ONCE,
    ),
    of(
        "CNT-03",
        "refuses at first",
        Answer(|q, _, p| iff(is_counter(q) && p.heard == 1, || refusal(q, "No counter", "ERROR", "59040"))),
        ONCE,
    ),
    of(
        "CNT-03",
        "says nothing at first",
        Answer(|q, _, p| iff(is_counter(q) && p.heard == 1, || Reply::Swallowed)),
        ONCE,
    ),
    of(
        "CNT-03",
        "fails at first",
        Answer(|q, r, p| iff(is_counter(q) && p.heard == 1, || with(r, "RESULT", "ERROR"))),
        ONCE,
    ),
    //
    of(
        "CNT-04",
        "answers 0 where there was none",
        Answer(|q, r, p| iff(is_counter(q) && p.last_counter == 0, || counted(r, |_| 0))),
        EVER,
    ),
    of(
        "CNT-04",
        "counts requests without one",
        Answer(|q, r, p| iff(is_counter(q) && p.last_counter == 0, || counted(r, |_| p.heard))),
        EVER,
    ),
    of(
        "CNT-04",
        "answers no number where there was none",
        Answer(|q, r, p| iff(is_counter(q) && p.last_counter == 0, || without(r, "COUNTER"))),
        EVER,
    ),
    of(
        "CNT-04",
        "refuses where there was none",
        Answer(|q, _, p| iff(is_counter(q) && p.last_counter == 0, || refusal(q, "No counter", "ERROR", "59040"))),
        EVER,
    ),
    of(
        "CNT-04",
        "counts its own answers",
        Answer(|q, r, p| iff(is_counter(q) && p.last_counter == 0, || counted(r, |_| p.asked_counter))),
        EVER,
    ),
    of(
        "CNT-04",
        "answers 2 where there was none",
        Answer(|q, r, p| iff(is_counter(q) && p.last_counter == 0, || counted(r, |_| 2))),
        EVER,
    ),
    //
    of(
        "CNT-05",
        "counts up by being asked",
        Answer(|q, r, p| iff(is_counter(q) && p.asked_counter > 1, || counted(r, |c| c + p.asked_counter - 1))),
        TWICE,
    ),
    of(
        "CNT-05",
        "takes over the number of the question",
        Answer(|q, r, _| {
            let own: Option<u32> = q.get("COUNTER").and_then(|c| c.parse().ok());
            iff(is_counter(q) && own.is_some(), || counted(r, |c| own.unwrap_or(c)))
        }),
        TWICE,
    ),
    of(
        "CNT-05",
        "forgets by being asked",
        Answer(|q, r, p| iff(is_counter(q) && p.asked_counter > 1, || counted(r, |_| 1))),
        ONCE,
    ),
    of(
        "CNT-05",
        "answers what comes behind the question",
        Answer(|q, r, p| iff(is_counter(q), || counted(r, |_| p.last_counter.max(1) + 7))),
        TWICE,
    ),
    of(
        "CNT-05",
        "answers the highest",
        Answer(|q, r, p| iff(is_counter(q), || counted(r, |c| c.max(p.highest_counter + 1)))),
        TWICE,
    ),
    of(
        "CNT-05",
        "answers 0 the second time",
        Answer(|q, r, p| iff(is_counter(q) && p.asked_counter > 1, || counted(r, |_| 0))),
        ONCE,
    ),
];
