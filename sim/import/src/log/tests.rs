//! Tests of this file's parent.

use super::*;

fn said(text: &str) -> Vec<(u128, Side, String)> {
    let imported = read(&[("a".to_owned(), text.to_owned())], &Shape::default());
    let events = imported.sessions.into_iter().flat_map(|session| session.events);
    let frames = events.filter_map(|(at, event)| match event {
        Event::Frame(side, frame) => Some((at.as_millis(), side, String::from_utf8_lossy(&frame.payload).into_owned())),
        _ => None,
    });
    frames.collect()
}

#[test]
fn documents_are_found_wherever_they_stand() {
    let text = "2026-01-15 09:00:00,100 INFO pos> <TRANSACTION><A>1</A></TRANSACTION> sent\n\
         2026-01-15 09:00:01,350 INFO got {\"xml\":\"<RESPONSE>\\n <A>\\\"</A></RESPONSE>\"}\n\
         2026-01-15 09:00:02,000 INFO html &lt;RESPONSE&gt;&lt;A&gt;2&lt;/A&gt;&lt;/RESPONSE&gt;\n\
         [2026-01-15 09:00:03.5] <TRANSACTION>\n  <A>3</A>\n</TRANSACTION> <RESPONSE/>\n";
    let plain: Vec<(u128, Side, &str)> = vec![
        (0, Side::Broker, "<TRANSACTION><A>1</A></TRANSACTION>"),
        (1_250, Side::Terminal, "<RESPONSE>\n <A>\"</A></RESPONSE>"),
        (1_900, Side::Terminal, "<RESPONSE><A>2</A></RESPONSE>"),
        (3_400, Side::Broker, "<TRANSACTION>\n  <A>3</A>\n</TRANSACTION>"),
        (3_400, Side::Terminal, "<RESPONSE/>"),
    ];
    let plain: Vec<_> = plain.into_iter().map(|(at, side, text)| (at, side, text.to_owned())).collect();
    assert_eq!(said(text), plain);
}

#[test]
fn what_cannot_be_read_is_said_with_its_line() {
    let text = "10:00:00 <TRANSACTION><A>1</A></TRANSACTION>\n10:00:01 <RESPONSE><A>cut\n10:00:02 nothing\n";
    let imported = read(&[("a".to_owned(), text.to_owned())], &Shape::default());
    assert_eq!(imported.sessions.len(), 1);
    assert_eq!(imported.unread.len(), 1);
    assert!(imported.unread[0].place == "line 2", "{}", imported.unread[0]);
}

#[test]
fn midnight_passes() {
    let text = "23:59:59.5 <TRANSACTION/>\n00:00:01.0 <RESPONSE/>\n";
    assert_eq!(said(text).iter().map(|(at, ..)| *at).collect::<Vec<_>>(), [0, 1_500]);
}
