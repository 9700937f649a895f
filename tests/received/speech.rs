//! Claims about faults of messages, by the received bytes: HTTP, WebSocket, documents, several terminals.

use std::time::Duration;

use sca_network::{Direction, Last};

use crate::ends::{BINARY, CLOSE, Ends, Frame, PING, PONG, TEXT, has, head};
use crate::{Claim, by, claim, where_};

pub(crate) fn claims() -> Vec<Claim> {
    http()
        .into_iter()
        .chain(websocket())
        .chain(websocket_conversations())
        .chain(documents())
        .chain(messages())
        .chain(several())
        .collect()
}

/// The head of the broker's answer on the first connection, as text.
fn answer(ends: &Ends) -> String {
    String::from_utf8_lossy(head(&ends.terminal(1))).into_owned()
}

/// How often a header occurs in that head.
fn counts(ends: &Ends, name: &str) -> usize {
    let is_it = |line: &&str| line.split_once(':').is_some_and(|(n, _)| n.eq_ignore_ascii_case(name));
    answer(ends).lines().filter(is_it).count()
}

const WRONG_ACCEPT: &str = "Y2nXMyfwdnd360ikQgJzX7r3Gak=";

fn http() -> Vec<Claim> {
    vec![
        claim("any status but 101", |e| {
            answer(e).starts_with(&format!("HTTP/1.1 {} Something\r\n", e.value("status")))
        }),
        claim("Location", |e| answer(e).contains("\r\nLocation: wss://elsewhere.test/lane\r\n")),
        claim("Retry-After", |e| answer(e).contains("HTTP/1.1 503 Busy\r\nRetry-After: 30\r\n")),
        claim("missing headers", |e| {
            let whole = answer(e);
            let is_there = |name| whole.contains(&format!("\r\n{}\r\n", e.value(name)));
            is_there("upgrade") && is_there("connection") && counts(e, "upgrade") + counts(e, "connection") <= 2
        }),
        claim("duplicate headers", |e| counts(e, "Sec-WebSocket-Accept") == 2 && answer(e).contains(WRONG_ACCEPT)),
        claim("headers in odd case", |e| {
            answer(e).contains("\r\nupgrade: WebSocket\r\n") && answer(e).contains("\r\nsec-websocket-accept: ")
        }),
        claim("wrong Accept", |e| {
            let key = String::from_utf8_lossy(&e.broker(1)).into_owned();
            let key = key
                .lines()
                .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "))
                .expect("it sends a key")
                .to_owned();
            let right = format!("\r\nSec-WebSocket-Accept: {}\r\n", sca_protocol::handshake::accept(&key));
            !answer(e).contains(&right) && answer(e).starts_with("HTTP/1.1 101 ")
        }),
        claim("subprotocol nobody offered", |e| {
            answer(e).contains(&format!("\r\nSec-WebSocket-Protocol: {}\r\n", e.value("name")))
        }),
        claim("extension nobody offered", |e| {
            answer(e).contains("\r\nSec-WebSocket-Extensions: permessage-deflate\r\n")
        }),
        claim("wrong version", |e| answer(e).starts_with("HTTP/1.0 101 ")),
        claim("not HTTP at all", |e| answer(e).starts_with(e.value("line"))),
        claim("oversized head", |e| answer(e).contains("\r\nX-Header-69: ")),
        claim("slow head", |e| {
            // 20 bytes per second for five seconds.
            let came = e.terminal(1).len();
            (80..=120).contains(&came)
        }),
        claim("cut around the upgrade", |e| {
            let last = if e.value("end") == "reset" { Last::Error } else { Last::Fin };
            let asked = e.broker(1).starts_with(b"GET / ");
            e.terminal(1).is_empty()
                && e.last_at_terminal(1) == Some(last)
                && (asked || e.value("point") == "before request")
        }),
        claim("silence after the request", |e| e.terminal(1).is_empty() && e.last_at_terminal(1).is_none()),
        claim("body after a refusal", |e| {
            answer(e).starts_with("HTTP/1.1 403 ") && e.terminal(1)[answer(e).len()..].starts_with(b"<TRANSACTION>")
        }),
        claim("body after 101", |e| e.terminal(1)[answer(e).len()..].starts_with(b"<html>")),
        claim("first frame in the segment of the 101", |e| {
            // Above TLS, one read returns one record.
            let first = e.first_read(1);
            first.starts_with(b"HTTP/1.1 101 ") && has(&first, "<COMMAND>GET_COUNTER</COMMAND></TRANSACTION>")
        }),
    ]
}

fn plain(first: u8, payload: &[u8]) -> Frame {
    Frame { first, masked: false, payload: payload.to_vec(), length_takes: 0 }
}

/// Whether the terminal's first frame is this one.
fn first_is(ends: &Ends, frame: &Frame) -> bool {
    ends.frames(1).first() == Some(frame)
}

fn is_close(frame: &Frame, code: u16, reason: &str) -> bool {
    frame.first == CLOSE && frame.payload == [&code.to_be_bytes(), reason.as_bytes()].concat()
}

fn websocket() -> Vec<Claim> {
    vec![
        where_("masked frame of the broker", ("frame", "text last masked \"x\""), |e| {
            first_is(e, &Frame { masked: true, ..plain(TEXT, b"x") })
        }),
        where_("reserved bits", ("frame", "text last rsv 1 \"x\""), |e| first_is(e, &plain(TEXT | 0x10, b"x"))),
        where_("reserved bits", ("frame", "text last rsv 4 \"x\""), |e| first_is(e, &plain(TEXT | 0x40, b"x"))),
        where_("unknown opcode", ("frame", "3 last \"x\""), |e| first_is(e, &plain(0x83, b"x"))),
        where_("unknown opcode", ("frame", "11 last \"x\""), |e| first_is(e, &plain(0x8b, b"x"))),
        claim("non-minimal length", |e| {
            let takes = |frame: &Frame| frame.first == PING && frame.payload == b"hello" && frame.length_takes > 0;
            e.frames(1).first().is_some_and(takes)
        }),
        claim("frame over the limit, by its header alone", |e| {
            has(&e.terminal(1), [&[TEXT, 127][..], &(1_u64 << 62).to_be_bytes(), b"x"].concat())
        }),
        claim("message over the limit", |e| {
            first_is(e, &Frame { length_takes: 2, ..plain(TEXT, "x".repeat(5_000).as_bytes()) })
                || e.terminal(1).len() > 4_096
        }),
        where_("fragmented control frame", ("frame", "ping more \"x\""), |e| first_is(e, &plain(0x09, b"x"))),
        claim("control frame over 125 bytes", |e| {
            first_is(e, &Frame { length_takes: 2, ..plain(PING, "x".repeat(126).as_bytes()) })
        }),
        where_("continuation of nothing", ("frame", "continue last \"x\""), |e| first_is(e, &plain(0x80, b"x"))),
        claim("new message within a message", |e| {
            e.frames(1) == [plain(0x01, b"<TRANS"), plain(TEXT, b"<TRANSACTION />")]
        }),
        claim("bad UTF-8", |e| e.frames(1).first().is_some_and(|frame| std::str::from_utf8(&frame.payload).is_err())),
        claim("character split between fragments", |e| {
            let [first, second, ..] = &e.frames(1)[..] else { return false };
            first.first == 0x01
                && first.payload.ends_with(b"\xc3")
                && second.first == 0x80
                && second.payload.starts_with(b"\xa9")
        }),
    ]
}

fn websocket_conversations() -> Vec<Claim> {
    vec![
        claim("unexpected binary", |e| first_is(e, &plain(BINARY, b"<TN>\x00\xff"))),
        claim("ping flood", |e| {
            let pings = e.frames(1).iter().filter(|frame| frame.first == PING).count();
            let pongs = e.said(1).iter().filter(|frame| frame.first == PONG).count();
            pings == 200 && pongs >= 1
        }),
        claim("pong that never comes", |e| {
            e.said(1).iter().any(|frame| frame.first == PING) && !e.frames(1).iter().any(|frame| frame.first == PONG)
        }),
        claim("pong nobody asked for", |e| first_is(e, &plain(PONG, b"hello"))),
        claim("close with a legal code", |e| {
            let code = u16::try_from(e.number("code")).expect("it is short");
            e.frames(1).iter().any(|frame| is_close(frame, code, "good bye"))
        }),
        claim("close with an illegal code", |e| {
            let code = u16::try_from(e.number("code")).expect("it is short");
            e.frames(1).iter().any(|frame| is_close(frame, code, ""))
        }),
        claim("close that is not answered", |e| {
            e.said(1).iter().any(|frame| frame.first == CLOSE) && !e.frames(1).iter().any(|frame| frame.first == CLOSE)
        }),
        claim("data after close", |e| {
            let [close, text] = &e.frames(1)[..] else { return false };
            is_close(close, 1000, "") && text.first == TEXT && text.payload.ends_with(b"</TRANSACTION>")
        }),
        claim("compressed frame nobody negotiated", |e| {
            first_is(e, &plain(TEXT | 0x40, &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]))
        }),
        claim("request and breach in one segment", |e| {
            let [text, breach] = &e.frames(1)[..] else { return false };
            text.first == TEXT && *breach == plain(TEXT | 0x10, b"x") && e.answers(1).len() == 1
        }),
    ]
}

/// Whether a request of exactly this text arrived.
fn asks(ends: &Ends, text: &str) -> bool {
    ends.texts(1).iter().any(|got| got == text)
}

fn documents() -> Vec<Claim> {
    const START: &str = "<TRANSACTION><FUNCTION_TYPE>SESSION</FUNCTION_TYPE><COMMAND>START";
    vec![
        claim("truncated", |e| asks(e, START)),
        claim("two documents in one message", |e| {
            e.texts(1).iter().any(|text| text.matches("<TRANSACTION>").count() == 2)
        }),
        claim("byte order mark, declaration, comments, CDATA", |e| {
            e.texts(1)[0].starts_with(
                "\u{feff}<?xml version='1.0'?><!-- a --><TRANSACTION><!-- b --><FUNCTION_TYPE><![CDATA[ADMIN]]>",
            )
        }),
        claim("entities", |e| {
            asks(e, &format!("{START}</COMMAND><INVOICE>{}</INVOICE></TRANSACTION>", e.value("text")))
        }),
        claim("DTD and entity bomb", |e| e.texts(1)[0].starts_with("<!DOCTYPE TRANSACTION [<!ENTITY a ")),
        claim("deep nesting", |e| e.texts(1)[0].contains(&"<A>".repeat(40))),
        claim("too many elements", |e| e.texts(1)[0].matches("<A/>").count() > 1_000),
        claim("a megabyte of text", |e| e.texts(1)[0] == "<XXXXXXXX>".repeat(100_000)),
        claim("duplicate field", |e| e.texts(1)[0].matches("<INVOICE>").count() == 2),
        claim("unknown fields", |e| e.texts(1)[0].contains("<NOVELTY>x</NOVELTY>")),
        claim("attributes", |e| {
            e.texts(1)[0].starts_with("<TRANSACTION xmlns=\"urn:x\" version=\"1\"><FUNCTION_TYPE a=\"b\">")
        }),
        claim("wrong case", |e| {
            asks(e, "<TRANSACTION><function_type>SESSION</function_type><command>START</command></TRANSACTION>")
        }),
        claim("namespace", |e| asks(e, e.value("document"))),
        claim("another root", |e| e.texts(1)[0].starts_with(&format!("<{}>", e.value("root")))),
        claim("characters that XML forbids", |e| {
            e.texts(1)[0].contains(&format!("<POS_RECON>{}</POS_RECON>", e.value("text")))
        }),
        claim("no XML", |e| e.texts(1)[0] == e.value("text")),
    ]
}

/// The COUNTER of each text that has one.
fn counters(texts: &[String]) -> Vec<String> {
    let counter = |text: &String| Some(text.split_once("<COUNTER>")?.1.split_once('<')?.0.to_owned());
    texts.iter().filter_map(counter).collect()
}

const CUTS: &str = "each     what in [ask, (reply to ask)]\neach     n in 1..90\n\nterminal connects\n\
    fault fin after {{n}} bytes of {{what}}\npos -> terminal  ADMIN GET_COUNTER  as ask\nterminal loses\nwait 500ms\nend\n";

fn messages() -> Vec<Claim> {
    const SECOND: Duration = Duration::from_secs(1);
    vec![
        claim("lost", |e| e.texts(1).len() == 1 && e.texts(1)[0].contains("GET_COUNTER")),
        claim("duplicated", |e| e.texts(1).len() == 2 && e.texts(1)[0] == e.texts(1)[1]),
        claim("reordered", |e| {
            let texts = e.texts(1);
            texts.len() == 2 && texts[0].contains("GET_COUNTER") && texts[1].contains("<COUNTER>3</COUNTER>")
        }),
        claim("late", |e| {
            let (texts, times) = (e.texts(1), e.frame_times(1, Direction::ToTerminal));
            texts[0].contains("GET_COUNTER")
                && counters(&texts) == ["7"]
                && (!e.in_memory || times[1] - times[0] > 4 * SECOND)
        }),
        claim("in a burst", |e| {
            let first = e.first_read_behind_the_head(1);
            counters(&e.texts(1)) == ["1", "2", "3", "4", "5"] && (!e.in_memory || has(&first, "<COUNTER>5</COUNTER>"))
        }),
        by("cut within", CUTS, |e| {
            let arrives = |bytes: Vec<u8>| bytes.len() - head(&bytes).len();
            let cut = if e.value("what") == "ask" { arrives(e.terminal(1)) } else { arrives(e.broker(1)) };
            cut == e.number("n") && e.last_at_terminal(1) == Some(Last::Fin)
        }),
        // The broker's end receives the answer and drops it, so no POS gets it.
        claim("a reply that never comes", |e| {
            counters(&e.texts(1)) == ["1", "2", "3"] && counters(&e.answers(1)) == ["1", "2", "3"]
        }),
        claim("while nobody is connected", |e| !e.everything().iter().any(|bytes| has(bytes, "<COUNTER>5</COUNTER>"))),
    ]
}

fn several() -> Vec<Claim> {
    vec![
        claim("two terminals with one pinpad id, the old one replaced", |e| {
            e.frames(1).iter().any(|frame| frame.first == CLOSE && frame.payload.starts_with(&1008_u16.to_be_bytes()))
                && e.broker_from(1, 1).starts_with(b"GET / ")
        }),
        claim("replacing a duplicate removes both", |e| {
            e.frames(2).iter().any(|frame| frame.first == CLOSE && frame.payload.starts_with(&1008_u16.to_be_bytes()))
        }),
        claim("stale connection that refuses the new one", |e| e.terminal(2).starts_with(b"HTTP/1.1 409 ")),
        claim("stale connection that keeps the traffic", |e| {
            // The first request was sent on the dead connection; only the second one arrives on the new connection.
            e.texts(2).len() == 1 && e.answers(2).len() == 1
        }),
        claim("one of two is cut", |e| e.last_at(0, 1) == Some(Last::Error) && e.last_at(1, 1).is_none()),
    ]
}
