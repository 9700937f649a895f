//! Entry points for hostile bytes: the parsers, and the properties that must hold for any input. Always used by
//! property tests, and by fuzzers if a nightly toolchain is available.

use sca_protocol::frame::Decoder;
use sca_protocol::handshake::{self, Head};
use sca_protocol::message::Layout;
use sca_protocol::xml::{self, Limits, Split};
use sca_protocol::{Request, Response, UnixTime};

/// Documents: what parses as a request is written and parses again as the same request.
pub(crate) fn documents(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = xml::parse(&text, Limits::default());
    let _ = Response::parse(&text, Limits::default());
    if let Split::Whole(end) = xml::split(&text) {
        assert!(text.is_char_boundary(end), "a document ends within a character");
    }
    if let Ok(request) = Request::parse(&text, Limits::default()) {
        let limits = Limits { bytes_max: 16 << 20, ..Limits::default() };
        let again = Request::parse(&request.to_xml(Layout::Compact), limits);
        assert_eq!(again.as_ref(), Ok(&request), "{text}");
    }
}

/// Frames: decoding consumes no more bytes than were given, and a decoded frame is encoded as one that decodes the
/// same.
pub(crate) fn frames(bytes: &[u8]) {
    let mut decoder = Decoder::new(1_000);
    let mut taken = 0;
    // Given in two halves, because a frame may be split anywhere.
    let (first, second) = bytes.split_at(bytes.len() / 2);
    for half in [first, second] {
        decoder.push(half);
        while let Ok(Some((frame, size))) = decoder.next_frame() {
            taken += size;
            let mut again = Decoder::new(1_000);
            again.push(&frame.encode());
            let read = again.next_frame().expect("what was written is a frame").expect("and a whole one").0;
            assert_eq!(read, frame);
        }
    }
    assert!(taken <= bytes.len(), "{taken} of {} bytes were read", bytes.len());
}

/// HTTP heads: answers to the upgrade and to CONNECT, and requests.
pub(crate) fn heads(bytes: &[u8]) {
    let _ = Head::parse_request(bytes);
    let answer = [b"HTTP/1.1 101 x\r\n", bytes, b"\r\n\r\n"].concat();
    for answer in [bytes, &answer] {
        if let Ok(Some((head, size))) = Head::parse_response(answer) {
            assert!(size <= answer.len());
            let _ = handshake::judge(&head, "key", true);
            let _ = handshake::retry_after(&head, UnixTime(0));
        }
    }
}

/// Captures: whatever is read, the result is a valid scenario or nothing.
pub(crate) fn captures(bytes: &[u8]) {
    use sca_capture::ScenarioGenerator;
    use sca_import::{Event, Observer, Session, Side};
    use sca_import::{har, log};
    let text = String::from_utf8_lossy(bytes);
    let mut sessions = har::read(&text).sessions;
    sessions.extend(log::read(&[("a".to_owned(), text.to_string())], &log::Shape::default()).sessions);
    // The same bytes as the data of a terminal and of a broker on a connection.
    for side in [Side::Terminal, Side::Broker] {
        let mut ears = Observer::default();
        let mut session = Session::new(text.as_ref(), side == Side::Terminal);
        let heads: [&[u8]; 2] = [b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 101 x\r\n\r\n"];
        let parts = [(Side::Terminal, heads[0]), (Side::Broker, heads[1]), (side, bytes)];
        let heard: Vec<Event> = parts.iter().flat_map(|(side, bytes)| ears.hear(*side, bytes)).collect();
        heard.into_iter().for_each(|event| session.push(std::time::Duration::ZERO, event));
        session.push(std::time::Duration::ZERO, Event::Asked(text.to_string()));
        session.push(std::time::Duration::ZERO, Event::Answered(text.to_string()));
        sessions.push(session);
    }
    for session in sessions {
        for text in ScenarioGenerator::whole(&session.name, &session) {
            let read = sca_scenario::parse(&text);
            // A session in which nothing can be expected of a terminal: an import leaves it out and says so.
            let is_empty = read.as_ref().is_err_and(|problems| problems.iter().all(|one| one.code == "E050"));
            assert!(is_empty || read.is_ok(), "{:?}\n{text}", read.err());
        }
    }
}

/// Scenario text: a valid scenario can be formatted, and formatting twice changes nothing.
pub(crate) fn scenarios(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(scenario) = sca_scenario::parse(&text) {
        let _ = sca_scenario::warnings(&scenario);
        assert!(!sca_explanations::explain(&scenario).is_empty());
        assert!(sca_scenario::export(&scenario).is_object());
    }
    // The same text as a library, and as a table.
    let _ = sca_scenario::Library::read(&text, 1);
    let each =
        sca_scenario::Outline::read("scenario \"x\"\neach     a in \"t.csv\"\n\nterminal connects\nwait {{a}}\n");
    let tables = [Some(text.to_string())];
    let _ = each.scenario(&sca_scenario::Beside { tables: &tables, ..sca_scenario::Beside::default() });
    if let Ok(once) = sca_scenario::format(&text) {
        assert_eq!(sca_scenario::format(&once), Ok(once));
    }
}
