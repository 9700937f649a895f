//! What a POS is told of an outcome: the host's words, the card, the parts. Decides nothing.

use sca_protocol::Response;
use sca_protocol::codes::{self, Code};
use sca_protocol::commands::{amount, cents};

use crate::errand::Trouble;
use crate::payment::Payment;
use crate::work::{Task, Work};

/// Outcomes in which the bank says no.
pub(crate) const DECLINES: &[i32] = &[6, 93, 97, 1000, 1010];

/// RESULT_CODE of a host's answer; 0 where it has none.
pub(crate) fn number_of(response: &Response) -> i32 {
    response.get("RESULT_CODE").and_then(|n| n.parse().ok()).unwrap_or(0)
}

pub(crate) fn code_of(trouble: Trouble) -> Code {
    match trouble {
        Trouble::NotReached => codes::HOST_NOT_AVAILABLE,
        Trouble::BrokeOff => codes::HOST_BROKE_OFF,
        Trouble::TimedOut => codes::HOST_TIMED_OUT,
    }
}

const FIRST_FIELDS: &[&str] = &["RESPONSE_TEXT", "RESULT", "RESULT_CODE", "TERMINATION_STATUS", "COUNTER"];

/// The fields of a host's answer beyond those that begin every response.
pub(crate) fn others(response: &Response) -> impl Iterator<Item = (&str, &str)> {
    let fields = response.fields().iter().map(|f| (f.name.as_str(), f.text.as_str()));
    fields.filter(|(name, _)| !FIRST_FIELDS.contains(name))
}

/// The beginning of an answer, in the host's words.
pub(crate) fn from_host(work: &Work<'_>, task: &mut Task, response: &Response) -> Response {
    let number = number_of(response);
    let word = response.get("RESULT").unwrap_or_default();
    let is_decline = DECLINES.contains(&number);
    if is_decline {
        task.assumed.push("A-46");
    }
    let known = codes::platform_code(number).is_some_and(|code| code.success);
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

/// What a POS is told of the card, the invoice and the time.
pub(crate) fn card_fields(answer: Response, work: &Work<'_>, task: &Task, payment: &Payment) -> Response {
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

/// What is left to pay, where the host approved a part.
pub(crate) fn parts_of(answer: Response, task: &Task) -> Response {
    let whole = task.get("TRANS_AMOUNT").and_then(cents);
    let part = answer.get("APPROVED_AMOUNT").and_then(cents);
    match whole.zip(part).filter(|(whole, part)| part < whole) {
        Some((whole, part)) => {
            answer.with("ORIG_TRANS_AMOUNT", amount(whole)).with("DIFF_AMOUNT_DUE", amount(whole - part))
        }
        None => answer,
    }
}
