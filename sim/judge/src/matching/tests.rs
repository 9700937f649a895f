//! Tests of the messages for mismatches.

use super::*;
use sca_protocol::TlsFailure;

#[test]
fn a_value_is_shown_so_that_one_sees_what_it_is() {
    assert_eq!(shown(""), "empty");
    assert_eq!(shown("12AB"), "12AB");
    assert_eq!(shown("a b"), "\"a b\"");
    assert!(shown(&"x".repeat(61)).ends_with(" …"));
}

#[test]
fn numbers_are_compared_at_their_borders() {
    let of = |op, got, wanted| compares(op, got, wanted);
    assert!(of(Op::More, "3", "2") && !of(Op::More, "2", "2"));
    assert!(of(Op::Less, "1", "2") && !of(Op::Less, "2", "2"));
    assert!(of(Op::AtMost, "2", "2") && !of(Op::AtMost, "3", "2"));
    assert!(of(Op::AtLeast, "2", "2") && !of(Op::AtLeast, "1", "2"));
    assert!(!of(Op::More, "x", "2"));
}

#[test]
fn a_mismatch_says_where_and_what_would_mend_it() {
    let span = Span { line: 3, column: 5, length: 2, file: 0 };
    let Err(found) = mismatch::<()>("x", Some(span)) else { panic!("it is a mismatch") };
    assert_eq!(found.span, Some(span));
    let Err(found) = replaced_word::<()>("x".to_owned(), "from", "to") else { panic!("it is a mismatch") };
    assert_eq!(found.fix, Some(("from".to_owned(), "to".to_owned())));
}

#[test]
fn another_reason_is_mended_by_the_word_that_is_wrong() {
    let fix = |detail: Option<&str>, got| {
        let wanted = LinkObservation::Fails("tls".to_owned(), detail.map(str::to_owned));
        other_reason(&wanted, LinkReport::Fails(got)).and_then(|found| found.fix)
    };
    let words = |from: &str, to: &str| Some((from.to_owned(), to.to_owned()));
    assert_eq!(fix(Some("expired"), Reason::Tls(TlsFailure::WrongName)), words("expired", "wrong-name"));
    assert_eq!(fix(Some("expired"), Reason::Refused), words("tls", "refused"));
    assert_eq!(fix(None, Reason::Refused), words("tls", "refused"));
}

#[test]
fn a_document_of_any_size_is_one() {
    let text = format!("<RESPONSE><RESULT>OK</RESULT><RECEIPT_DATA>{}</RECEIPT_DATA></RESPONSE>", "x".repeat(1 << 20));
    let limits = Limits { bytes_max: usize::MAX, ..Limits::default() };
    let response = Response::parse(&text, limits).ok();
    let data =
        Data { text: text.clone(), response, answers: None, encrypted: false, number: 1, connection: 1, line: None };
    assert!(document(&text, &Suffix::default(), &data).is_ok());
}
