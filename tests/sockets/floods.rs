//! Tests of hostile peers of a party on a real port: whatever they send or leave unread, memory stays bounded and the
//! next honest peer is served.

use crate::common;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::common::command;
use crate::common::party::{Party, SOON, broker, head, joins, listens, serves_the_next, takes, text};
use sca_protocol::frame::{Decoder, Frame, opcode};

/// Maximum peak memory of a party on a real port in bytes, unless it was configured otherwise.
const HELD_MAX: u64 = 64 << 20;

/// Checks that a party never held more memory than allowed, and prints how much it was; sim/docs/limits.md lists
/// these figures.
fn is_bounded(party: &Party) {
    let held = party.held();
    eprintln!("{}: {} MiB held at the most", std::thread::current().name().unwrap_or_default(), held >> 20);
    assert!(held < HELD_MAX, "{} MiB held", held >> 20);
}

/// Accepts a terminal and answers its upgrade, as a broker does.
fn takes_in(listener: &TcpListener) -> TcpStream {
    let (mut stream, _) = listener.accept().expect("it dials");
    let asked = head(&mut stream);
    let key = asked.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).expect("it sends a key");
    let accept = sca_protocol::handshake::accept(key);
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\
         Sec-WebSocket-Protocol: sci\r\n\r\n"
    );
    stream.write_all(answer.as_bytes()).expect("it reads");
    stream
}

/// Sends a chunk repeatedly until the peer accepts no more, or until this many bytes were sent.
fn flood(stream: &mut TcpStream, chunk: &[u8], most: usize) -> usize {
    stream.set_write_timeout(Some(Duration::from_secs(1))).expect("a socket takes it");
    let mut sent = 0;
    while sent < most {
        match stream.write(chunk) {
            Ok(n) => sent += n,
            Err(_) => break,
        }
    }
    sent
}

#[test]
fn pings_without_end_cannot_grow_a_terminal() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("ws://{}", listener.local_addr().expect("an address"));
    let mut terminal = Party::new("flood-pings", &["terminal", "--connect", &url]);
    let mut broker = takes_in(&listener);
    terminal.says("connects");
    let mut ping = vec![0x89, 125];
    ping.extend([b'x'; 125]);
    // This side reads nothing, so no pong is ever received.
    let sent = flood(&mut broker, &ping.repeat(512), 512 << 20);
    is_bounded(&terminal);
    assert!(sent > 1 << 20, "the flood was one: {sent} bytes");
    drop(broker);
    // The next broker behaves correctly.
    let mut broker = takes_in(&listener);
    broker.write_all(&[0x89, 2, b'o', b'k']).expect("it reads");
    let mut frame = [0; 8];
    broker.read_exact(&mut frame).expect("it answers");
    assert_eq!(frame[..2], [0x8a, 0x82], "a pong of two bytes, masked");
    let payload = [frame[6] ^ frame[2], frame[7] ^ frame[3]];
    assert_eq!(&payload, b"ok");
}

#[test]
fn a_burst_waits_and_costs_nobody_the_line() {
    let (_broker, at) = broker("flood-burst", &[]);
    let mut terminal = joins(&at, "/", Some("77"));
    let mut pos = joins(&at, "/pos/77", None);
    let request = |n: u32| format!("<TRANSACTION><COUNTER>{n}</COUNTER></TRANSACTION>");
    let burst: Vec<u8> = (0..3_000).flat_map(|n| text(&request(n))).collect();
    pos.write_all(&burst).expect("it is read");
    for n in 0..3_000 {
        assert_eq!(takes(&mut terminal), request(n));
    }
    let answer = "<RESPONSE><COUNTER>2999</COUNTER></RESPONSE>";
    terminal.write_all(&text(answer)).expect("it is read");
    assert_eq!(takes(&mut pos), answer);
}

#[test]
fn who_does_not_read_stops_whoever_speaks_to_it_and_nobody_else() {
    let (broker, at) = broker("flood-deaf", &["--patience", "9"]);
    let _deaf = joins(&at, "/", Some("77"));
    let mut pos = joins(&at, "/pos/77", None);
    let long = text(&format!("<A>{}</A>", "x".repeat(1_000_000)));
    let sent = flood(&mut pos, &long, 200 << 20);
    assert!(sent > 1 << 20, "the flood was one: {sent} bytes");
    serves_the_next(&at);
    // In the other direction, an answer is sent to every POS.
    let mut terminal = joins(&at, "/", Some("78"));
    let _deaf: Vec<TcpStream> = (0..20).map(|_| joins(&at, "/pos/78", None)).collect();
    let sent = flood(&mut terminal, &long, 150 << 20);
    assert!(sent > 1 << 20, "the flood was one: {sent} bytes");
    serves_the_next(&at);
    is_bounded(&broker);
    broker.has_said("does not read what it is sent");
}

#[test]
fn frames_that_never_end_are_bounded_together_and_given_up() {
    let (broker, at) = broker("flood-partial", &["--patience", "9"]);
    let mut partial = vec![0x82, 0xff, 0, 0, 0, 0, 0, 0x0f, 0, 0, 0, 0, 0, 0];
    partial.extend(vec![0; 900_000]);
    let mut held: Vec<TcpStream> = (0..150).map(|n| joins(&at, "/", Some(&n.to_string()))).collect();
    for stream in &mut held {
        stream.set_write_timeout(Some(Duration::from_millis(50))).expect("a socket takes it");
        drop(stream.write_all(&partial));
    }
    serves_the_next(&at);
    is_bounded(&broker);
    broker.has_said("does not complete the frame it has begun");
}

#[test]
fn ten_thousand_who_ask_for_nothing_keep_nobody_out() {
    let (broker, at) = broker("flood-connects", &[]);
    let mut held = Vec::new();
    for n in 0..10_000 {
        // This side keeps few connections open, to save descriptors.
        if n >= 500 {
            held.remove(0);
        }
        held.push(TcpStream::connect(&at).expect("it listens"));
    }
    serves_the_next(&at);
    is_bounded(&broker);
}

#[test]
fn a_full_house_makes_room_for_who_has_something_to_ask() {
    let (broker, at) = broker("flood-full", &["--connections", "4"]);
    let _idle: Vec<TcpStream> = (0..4).map(|_| TcpStream::connect(&at).expect("it listens")).collect();
    serves_the_next(&at);
    broker.has_said("it sent no request, and a new connection needs its place");
    let _serious: Vec<TcpStream> = (0..4).map(|n| joins(&at, "/", Some(&n.to_string()))).collect();
    let mut late = TcpStream::connect(&at).expect("it listens");
    assert_eq!(late.read(&mut [0]).expect("it ends"), 0);
    broker.has_said("is turned away: 4 are connected");
}

/// Opens this many idle connections, as many at a time as this side has descriptors for.
fn idle(at: &str, many: usize) -> Vec<TcpStream> {
    let mut held = Vec::new();
    for n in 0..many {
        if n >= 450 {
            held.remove(0);
        }
        held.push(TcpStream::connect(at).expect("it listens"));
    }
    held
}

/// The answer to a document on a plain TCP connection.
fn asks(at: &str, document: &str) -> String {
    let mut stream = TcpStream::connect(at).expect("it listens");
    stream.set_read_timeout(Some(SOON)).expect("a socket takes it");
    stream.write_all(document.as_bytes()).expect("it is read");
    let mut answer = Vec::new();
    let mut byte = [0];
    while !answer.ends_with(b"</RESPONSE>") {
        assert_eq!(stream.read(&mut byte).expect("the answer comes soon"), 1, "{}", String::from_utf8_lossy(&answer));
        answer.push(byte[0]);
    }
    String::from_utf8(answer).expect("it is text")
}

const HOST_REQUEST: &str = "<TRANSACTION><FUNCTION_TYPE>PAYMENT</FUNCTION_TYPE><COMMAND>CAPTURE</COMMAND><TERMINAL>1</TERMINAL>\
    <TRANS_SEQ_NUM>1</TRANS_SEQ_NUM><TRANS_AMOUNT>1.00</TRANS_AMOUNT></TRANSACTION>";

#[test]
fn idle_calls_keep_nobody_from_a_host() {
    let (host, at) = listens("flood-host", &["host", "--listen", "127.0.0.1:0", "--patience", "2"], "listening on ");
    let held = idle(&at, 10_000);
    assert!(asks(&at, HOST_REQUEST).contains("RESPONSE"));
    // Endless documents on all connections.
    let part = format!("<HOST_REQUEST><A>{}", "x".repeat(60_000));
    for stream in &held {
        let mut stream = stream;
        stream.set_write_timeout(Some(Duration::from_millis(20))).expect("a socket takes it");
        drop(stream.write_all(part.as_bytes()));
    }
    assert!(asks(&at, HOST_REQUEST).contains("RESPONSE"));
    // A peer that sends requests and never reads the answers.
    let mut deaf = TcpStream::connect(&at).expect("it listens");
    flood(&mut deaf, HOST_REQUEST.repeat(200).as_bytes(), 64 << 20);
    assert!(asks(&at, HOST_REQUEST).contains("RESPONSE"));
    is_bounded(&host);
    host.has_said("is given up: it sends no request");
}

#[test]
fn idle_calls_keep_nobody_from_a_classic_port() {
    let arguments = ["terminal", "--set", "POSCONNECTALLOW=ETHERNET", "--set", "DEVICEPORT=0", "--patience", "2"];
    let secondary = ["--set", "DEVICEPORTSECONDARY=0"];
    let (terminal, at) = listens("flood-classic", &[&arguments[..], &secondary].concat(), "terminal listens on ");
    let _held: Vec<TcpStream> = (0..16).map(|_| TcpStream::connect(&at).expect("it listens")).collect();
    terminal.has_said("is given up: it sends no request");
    terminal.has_said("(connection 16)");
    // Who comes while the house is full is told of.
    let more: Vec<TcpStream> = (0..17).map(|_| TcpStream::connect(&at).expect("it listens")).collect();
    terminal.has_said("terminal hangs up on pos");
    drop(more);
    let status = "<TRANSACTION><FUNCTION_TYPE>SECONDARYPORT</FUNCTION_TYPE><COMMAND>STATUS</COMMAND></TRANSACTION>";
    assert!(asks(&at, status).contains("RESPONSE"));
    is_bounded(&terminal);
}

/// A broker that accepts every connection and answers each text with an empty response.
fn answering() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let at = listener.local_addr().expect("an address").to_string();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || answers(stream));
        }
    });
    at
}

fn answers(mut stream: TcpStream) {
    let mut asked = Vec::new();
    let mut byte = [0];
    while !asked.ends_with(b"\r\n\r\n") {
        if !matches!(stream.read(&mut byte), Ok(1)) {
            return;
        }
        asked.push(byte[0]);
    }
    let asked = String::from_utf8_lossy(&asked).into_owned();
    let key = asked.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap_or_default();
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n\r\n",
        sca_protocol::handshake::accept(key)
    );
    let mut decoder = Decoder::new(1 << 22);
    let mut chunk = [0; 4096];
    if stream.write_all(answer.as_bytes()).is_err() {
        return;
    }
    while let Ok(count @ 1..) = stream.read(&mut chunk) {
        decoder.push(&chunk[..count]);
        while let Ok(Some((frame, _))) = decoder.next_frame() {
            let answer = Frame::whole(opcode::TEXT, "<RESPONSE/>").encode();
            if frame.opcode == opcode::TEXT && stream.write_all(&answer).is_err() {
                return;
            }
        }
    }
}

/// A recorder in front of such a broker, and its address.
fn recorder(name: &str, more: &[&str]) -> (Party, String) {
    let to = format!("ws://{}", answering());
    let arguments = ["record", "--listen", "127.0.0.1:0", "--to", &to, "--out", "out"];
    listens(name, &[&arguments[..], more].concat(), "listening on ")
}

/// Checks that a new terminal gets through the recorder.
fn passes_the_next_on(at: &str) {
    let mut terminal = joins(at, "/", Some("99"));
    terminal.write_all(&text("<TRANSACTION/>")).expect("it is read");
    assert_eq!(takes(&mut terminal), "<RESPONSE/>");
}

#[test]
fn idle_connections_keep_nobody_from_a_recorder() {
    let (recorder, at) = recorder("flood-record-idle", &["--connections", "300"]);
    let _held = idle(&at, 3_000);
    passes_the_next_on(&at);
    is_bounded(&recorder);
    recorder.has_said("no upgrade yet, and room is needed for others");
}

/// The limit on connections follows the number of available descriptors, so a recorder never runs out of them.
#[test]
fn few_descriptors_end_no_recorder() {
    let here = common::folder("flood-record-descriptors");
    let record =
        format!("{} record --listen 127.0.0.1:0 --to ws://{} --out out", env!("CARGO_BIN_EXE_sca-sim"), answering());
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &format!("ulimit -n 64; exec {record}")]).current_dir(&here);
    let mut recorder = Party::of(shell);
    let line = recorder.says("listening on ws://");
    let at = line.split("ws://").nth(1).expect("an address").trim().to_owned();
    recorder.read_on();
    let _held = idle(&at, 100);
    passes_the_next_on(&at);
    recorder.has_said("no upgrade yet, and room is needed for others");
}

/// The soft limit of descriptors is raised to the hard one: who holds a connection keeps it.
#[test]
fn a_soft_limit_of_descriptors_is_raised() {
    let here = common::folder("flood-soft-limit");
    let mut shell = std::process::Command::new("sh");
    let broker = format!("ulimit -S -n 64; exec {} broker --listen 127.0.0.1:0", env!("CARGO_BIN_EXE_sca-sim"));
    shell.args(["-c", &broker]).current_dir(&here);
    let mut broker = Party::of(shell);
    let line = broker.says("listening on ws://");
    let at = line.split("ws://").nth(1).and_then(|rest| rest.split(';').next()).expect("an address").trim().to_owned();
    broker.read_on();
    let mut held: Vec<TcpStream> = (0..100).map(|n| joins(&at, "/", Some(&n.to_string()))).collect();
    serves_the_next(&at);
    // All are still served: each terminal gets its request.
    for (n, terminal) in held.iter_mut().enumerate().step_by(33) {
        let mut pos = joins(&at, &format!("/pos/{n}"), None);
        pos.write_all(&text("<TRANSACTION><COMMAND>STATUS</COMMAND></TRANSACTION>")).expect("it is read");
        assert!(takes(terminal).contains("STATUS"));
    }
}

#[test]
fn every_ping_of_a_burst_has_its_pong() {
    let (_broker, at) = broker("flood-ping-burst", &[]);
    let mut terminal = joins(&at, "/", Some("1"));
    let ping = Frame::whole(opcode::PING, "x").masked([0; 4]).encode();
    terminal.write_all(&ping.repeat(3_000)).expect("all is read");
    let (mut decoder, mut chunk, mut pongs) = (Decoder::new(1 << 20), [0; 1 << 16], 0);
    while pongs < 3_000 {
        let count = terminal.read(&mut chunk).expect("it comes soon");
        assert!(count > 0, "it is open after {pongs}");
        decoder.push(&chunk[..count]);
        while let Some((frame, _)) = decoder.next_frame().expect("it is a frame") {
            assert_eq!((frame.opcode, frame.payload.as_slice()), (opcode::PONG, b"x".as_slice()));
            pongs += 1;
        }
    }
}

#[test]
fn frames_that_never_end_are_bounded_in_a_recorder_and_traffic_passes() {
    let (recorder, at) = recorder("flood-record-partial", &[]);
    let mut partial = vec![0x82, 0xff, 0, 0, 0, 0, 0, 0x0f, 0, 0, 0, 0, 0, 0];
    partial.extend(vec![0; 900_000]);
    let mut held: Vec<TcpStream> = (0..150).map(|n| joins(&at, "/", Some(&n.to_string()))).collect();
    for stream in &mut held {
        stream.write_all(&partial).expect("all is passed on");
    }
    passes_the_next_on(&at);
    is_bounded(&recorder);
}

#[test]
fn long_recordings_and_fragments_are_bounded_together() {
    let (recorder, at) = recorder("flood-record-long", &[]);
    let fragment = Frame { last: false, ..Frame::whole(opcode::TEXT, vec![b'x'; 500_000]) }.masked([0; 4]).encode();
    let mut held: Vec<TcpStream> = (0..120).map(|n| joins(&at, "/", Some(&format!("part-{n}")))).collect();
    held.iter_mut().for_each(|stream| stream.write_all(&fragment).expect("all is passed on"));
    let message = text(&format!("<A>{}</A>", "x".repeat(20_000)));
    for n in 0..100 {
        let mut terminal = joins(&at, "/", Some(&format!("long-{n}")));
        for _ in 0..15 {
            terminal.write_all(&message).expect("it is read");
            assert_eq!(takes(&mut terminal), "<RESPONSE/>");
        }
    }
    is_bounded(&recorder);
    let here = Path::new(env!("CARGO_TARGET_TMPDIR")).join("flood-record-long");
    let valid = command(&here, &["check", "out"]).output().expect("the program runs");
    assert!(valid.status.success(), "{}", String::from_utf8_lossy(&valid.stderr));
}
