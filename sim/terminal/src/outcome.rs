//! Responses to a POS about a payment: the host's result, card fields, amounts. It decides nothing.

use sca_protocol::Response;
use sca_protocol::codes::{self, Code};
use sca_protocol::commands::{amount, parse_amount};
use sca_protocol::xml::Element;

use crate::context::{Task, Work};
use crate::host_calls::Trouble;
use crate::payment_flow::Payment;

/// RESULT_CODEs with which the bank declines.
pub(crate) const DECLINES: &[i32] = &[6, 93, 97, 1000, 1010];

/// RESULT_CODE of a host's answer; 0 if it has none.
pub(crate) fn result_code(response: &Response) -> i32 {
    response.get("RESULT_CODE").and_then(|n| n.parse().ok()).unwrap_or(0)
}

/// The code with which a failed host call is answered.
pub(crate) fn code_of(trouble: Trouble) -> Code {
    match trouble {
        Trouble::NotReached => codes::HOST_NOT_AVAILABLE,
        Trouble::BrokeOff => codes::HOST_BROKE_OFF,
        Trouble::TimedOut => codes::HOST_TIMED_OUT,
    }
}

/// The fields that every response begins with.
const FIRST_FIELDS: &[&str] = &["RESPONSE_TEXT", "RESULT", "RESULT_CODE", "TERMINATION_STATUS", "COUNTER"];

/// The fields of a host's answer other than those that begin every response.
pub(crate) fn others(response: &Response) -> impl Iterator<Item = (&str, &str)> {
    let fields = response.fields().iter().map(|f| (f.name.as_str(), f.text.as_str()));
    fields.filter(|(name, _)| !FIRST_FIELDS.contains(name))
}

/// The first fields of an answer, taken from the host's answer.
pub(crate) fn from_host(work: &Work<'_>, task: &mut Task, response: &Response) -> Response {
    let number = result_code(response);
    let word = response.get("RESULT").unwrap_or_default();
    let is_decline = DECLINES.contains(&number);
    if is_decline {
        task.assumed.push("A-46");
    }
    let known = codes::find_code(number).is_some_and(|code| code.success);
    let success = if is_decline { work.settings.payment.decline_is_success } else { known && word != "ERROR" };
    let status = if success { "SUCCESS" } else { "FAILURE" };
    let answer = Response::default()
        .with("RESPONSE_TEXT", response.get("RESPONSE_TEXT").unwrap_or_default())
        .with("RESULT", word)
        .with("RESULT_CODE", number.to_string())
        .with("TERMINATION_STATUS", status);
    match task.counter.filter(|_| work.settings.echo_counter) {
        Some(counter) => answer.with("COUNTER", counter.to_string()),
        None => answer,
    }
}

/// Adds the fields of tender, card, amount and time.
pub(crate) fn with_card_fields(answer: Response, work: &Work<'_>, task: &Task, payment: &Payment) -> Response {
    let answer = match &payment.tender {
        Some(tender) => answer.with("PAYMENT_TYPE", tender),
        None => answer,
    };
    let mode = payment.mode(&work.settings.payment);
    let answer = match payment.card.zip(mode) {
        Some(((card, _), mode)) => {
            answer.with("PAYMENT_MEDIA", card.media).with("ACCT_NUM", card.masked).with("CARD_ENTRY_MODE", mode)
        }
        None => answer,
    };
    let answer = match task.get("TRANS_AMOUNT") {
        Some(total) if answer.get("APPROVED_AMOUNT").is_none() => answer.with("TRANS_AMOUNT", total),
        _ => answer,
    };
    let (date, time) = work.now.wall.date_and_time();
    answer.with("TRANS_DATE", date).with("TRANS_TIME", time)
}

/// Adds the original amount and the amount still due, if the host approved only a part.
pub(crate) fn with_partial_amounts(answer: Response, task: &Task) -> Response {
    let whole = task.get("TRANS_AMOUNT").and_then(parse_amount);
    let part = answer.get("APPROVED_AMOUNT").and_then(parse_amount);
    match whole.zip(part).filter(|(whole, part)| part < whole) {
        Some((whole, part)) => {
            answer.with("ORIG_TRANS_AMOUNT", amount(whole)).with("DIFF_AMOUNT_DUE", amount(whole - part))
        }
        None => answer,
    }
}

/// The order of the fields in the answer to a payment, after a third-party model; other fields come last.
const ORDER: &[&str] = &[
    "RESPONSE_TEXT",
    "RESULT",
    "RESULT_CODE",
    "TERMINATION_STATUS",
    "HOST_RESPCODE",
    "COUNTER",
    "TRANS_SEQ_NUM",
    "INTRN_SEQ_NUM",
    "AUTH_CODE",
    "TROUTD",
    "CTROUTD",
    "PAYMENT_TYPE",
    "CARD_TOKEN",
    "MERCHID",
    "TERMID",
    "LANE",
    "INVOICE",
    "TRANS_DATE",
    "TRANS_TIME",
    "TRANS_AMOUNT",
    "APPROVED_AMOUNT",
    "PAYMENT_MEDIA",
    "ACCT_NUM",
    "CARDHOLDER",
    "EMBOSSED_ACCT_NUM",
    "CARD_EXP_MONTH",
    "CARD_EXP_YEAR",
    "CARD_ENTRY_MODE",
];

/// The answer to a payment that the host has decided, with the fields of real answers.
pub(crate) fn with_real_fields(
    answer: Response,
    work: &Work<'_>,
    task: &mut Task,
    (payment, invoice): (&Payment, &str),
) -> Response {
    let chosen = work.settings.messages.payment_fields.as_str();
    if work.settings.messages.payment_answer != "full" && chosen.is_empty() {
        return answer;
    }
    task.assumed.push("A-79");
    let approved = answer.get("TERMINATION_STATUS") == Some("SUCCESS") && !DECLINES.contains(&result_code(&answer));
    let sequence = answer.get("TRANS_SEQ_NUM").unwrap_or_default().to_owned();
    let known = |answer: &Response, name: &str| answer.get(name).is_some();
    let mut more: Vec<(&str, String)> = vec![
        ("HOST_RESPCODE", if approved { "00" } else { "05" }.to_owned()),
        ("INTRN_SEQ_NUM", format!("{sequence:0>6}")),
        ("MERCHID", "000000000001".to_owned()),
        ("TERMID", "00000001".to_owned()),
        ("LANE", "1".to_owned()),
    ];
    if !invoice.is_empty() {
        more.push(("INVOICE", invoice.to_owned()));
    }
    if let Some((card, _)) = payment.card {
        let last = card.masked.chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect::<String>();
        more.extend([
            ("CARDHOLDER", "CARD/TEST".to_owned()),
            ("EMBOSSED_ACCT_NUM", card.masked.to_owned()),
            ("CARD_EXP_MONTH", "12".to_owned()),
            ("CARD_EXP_YEAR", "30".to_owned()),
        ]);
        if approved {
            more.push(("CARD_TOKEN", format!("SIM-{}-{last}", card.name.to_ascii_uppercase())));
        }
    }
    let answer = more.into_iter().fold(
        answer,
        |answer, (name, value)| {
            if known(&answer, name) { answer } else { answer.with(name, value) }
        },
    );
    if !chosen.is_empty() {
        return with_fields(&answer, chosen);
    }
    let place = |name: &str| ORDER.iter().position(|known| *known == name).unwrap_or(ORDER.len());
    let mut fields: Vec<Element> = answer.fields().to_vec();
    fields.sort_by_key(|field| place(&field.name));
    fields.into_iter().fold(Response::default(), Response::with_group)
}

/// An answer with these fields after the first ones: names, or `NAME=VALUE` for a fixed value.
fn with_fields(answer: &Response, chosen: &str) -> Response {
    let first = answer.fields().iter().filter(|field| FIRST_FIELDS.contains(&field.name.as_str()));
    let first = first.cloned().fold(Response::default(), Response::with_group);
    chosen.split('|').filter(|entry| !FIRST_FIELDS.contains(entry)).fold(first, |made, entry| {
        match entry.split_once('=') {
            Some((name, value)) => made.with(name, value),
            None => match answer.fields().iter().find(|field| field.name == entry) {
                Some(field) => made.with_group(field.clone()),
                None => made,
            },
        }
    })
}
