//! What a hostile peer can do to a party in the open: whatever it sends or does not read, memory stays bounded, and the next
//! honest peer is served.

mod common;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Stdio};
use std::time::Duration;

use common::{command, folder};

/// Bytes of memory that a party in the open may ever have held, unless it was told otherwise.
const HELD_MAX: u64 = 64 << 20;

/// A party that is running, and ends with this.
struct Party {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Party {
    fn new(name: &str, arguments: &[&str]) -> Self {
        let mut started = command(&folder(name), arguments);
        let mut child = started.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program runs");
        let lines = BufReader::new(child.stdout.take().expect("it was asked for"));
        Self { child, lines }
    }

    /// The most that it has held, in bytes.
    fn held(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it is running");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux counts it");
        peak.trim().trim_end_matches("kB").trim().parse::<u64>().expect("it is a number") << 10
    }

    /// Reads what it says until it says this.
    fn says(&mut self, what: &str) -> String {
        let mut line = String::new();
        while self.lines.read_line(&mut line).expect("it can be read") > 0 {
            if line.contains(what) {
                return line;
            }
            line.clear();
        }
        panic!("it never says {what}");
    }
}

impl Drop for Party {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Reads a head of HTTP, and nothing behind it.
fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).expect("a head comes");
        head.push(byte[0]);
    }
    String::from_utf8(head).expect("it is text")
}

/// Takes a terminal in, as a broker does.
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

/// Sends this again and again until nobody takes it any more, or so many bytes have gone.
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
    // Nothing is read, so no pong is ever taken.
    let sent = flood(&mut broker, &ping.repeat(512), 512 << 20);
    assert!(terminal.held() < HELD_MAX, "{} MiB held after {} MiB of pings", terminal.held() >> 20, sent >> 20);
    assert!(sent > 1 << 20, "the flood was one: {sent} bytes");
    drop(broker);
    // The next broker is an honest one.
    let mut broker = takes_in(&listener);
    broker.write_all(&[0x89, 2, b'o', b'k']).expect("it reads");
    let mut frame = [0; 8];
    broker.read_exact(&mut frame).expect("it answers");
    assert_eq!(frame[..2], [0x8a, 0x82], "a pong of two bytes, masked");
    let payload = [frame[6] ^ frame[2], frame[7] ^ frame[3]];
    assert_eq!(&payload, b"ok");
}
