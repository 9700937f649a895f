//! Parties on real ports, and well-behaved peers for them.

use std::cell::RefCell;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use std::{fs, thread};

use sca_protocol::frame::{Decoder, Frame, opcode};

use super::{command, folder};

/// A running party, killed when dropped.
pub(crate) struct Party {
    pub(crate) child: Child,
    lines: Option<BufReader<ChildStdout>>,
    /// Its output lines, once they are read in the background.
    heard: Option<mpsc::Receiver<String>>,
    /// The output that was read from there already.
    taken: RefCell<String>,
}

impl Party {
    pub(crate) fn new(name: &str, arguments: &[&str]) -> Self {
        Self::of(command(&folder(name), arguments))
    }

    /// Starts a party with this command.
    pub(crate) fn of(mut started: Command) -> Self {
        let mut child = started.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program runs");
        let lines = BufReader::new(child.stdout.take().expect("it was asked for"));
        Self { child, lines: Some(lines), heard: None, taken: RefCell::default() }
    }

    /// The peak memory of the party, in bytes.
    pub(crate) fn held(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it is running");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux counts it");
        peak.trim().trim_end_matches("kB").trim().parse::<u64>().expect("it is a number") << 10
    }

    /// Reads its output up to a line that contains this text.
    pub(crate) fn says(&mut self, what: &str) -> String {
        let mut line = String::new();
        let lines = self.lines.as_mut().expect("nobody else reads it");
        while lines.read_line(&mut line).expect("it can be read") > 0 {
            if line.contains(what) {
                return line;
            }
            line.clear();
        }
        panic!("it never says {what}");
    }

    /// Reads its output in the background from now on.
    pub(crate) fn read_on(&mut self) {
        let (to, heard) = mpsc::channel();
        let lines = self.lines.take().expect("nobody else reads it");
        thread::spawn(move || lines.lines().map_while(Result::ok).try_for_each(|line| to.send(line)));
        self.heard = Some(heard);
    }

    /// Its output that has not been taken yet.
    pub(crate) fn all_said(&mut self) -> String {
        let before = std::mem::take(&mut *self.taken.borrow_mut());
        let heard = self.heard.as_ref().expect("it is read in the background");
        before + &heard.try_iter().map(|line| line + "\n").collect::<String>()
    }

    /// Waits for its exit, at most for this time. Returns the exit status.
    pub(crate) fn ends_within(&mut self, time: Duration) -> ExitStatus {
        let (_sender, nothing) = mpsc::channel::<()>();
        for _ in 0..time.as_millis() / 20 {
            if let Some(status) = self.child.try_wait().expect("it is ours") {
                return status;
            }
            _ = nothing.recv_timeout(Duration::from_millis(20));
        }
        panic!("it does not end");
    }

    /// Waits until its output contains this text.
    pub(crate) fn has_said(&self, what: &str) {
        let heard = self.heard.as_ref().expect("it is read in the background");
        while let Ok(line) = heard.recv_timeout(Duration::from_secs(20)) {
            let is_it = line.contains(what);
            self.taken.borrow_mut().extend([line.as_str(), "\n"]);
            if is_it {
                return;
            }
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

/// Reads an HTTP head and nothing beyond it.
pub(crate) fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).expect("a head comes");
        head.push(byte[0]);
    }
    String::from_utf8(head).expect("it is text")
}

/// Connects to a broker and completes the upgrade.
pub(crate) fn joins(at: &str, path: &str, pinpad: Option<&str>) -> TcpStream {
    let mut stream = TcpStream::connect(at).expect("it listens");
    stream.set_read_timeout(Some(SOON)).expect("a socket takes it");
    let pinpad = pinpad.map(|id| format!("x-vfi-pinpad-id: {id}\r\n")).unwrap_or_default();
    let asks = format!(
        "GET {path} HTTP/1.1\r\nHost: {at}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: sci\r\n{pinpad}\r\n"
    );
    stream.write_all(asks.as_bytes()).expect("it reads");
    let answer = head(&mut stream);
    assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
    stream
}

/// Read timeout for well-behaved peers: enough on a busy machine, and much shorter than any party's idle limit.
pub(crate) const SOON: Duration = Duration::from_secs(6);

/// A text frame as a client sends it, with a mask of zeros.
pub(crate) fn text(payload: &str) -> Vec<u8> {
    let mut frame = Frame::whole(opcode::TEXT, payload).masked([0; 4]);
    frame.mask = Some([0; 4]);
    frame.encode()
}

/// Reads the next text message.
pub(crate) fn takes(stream: &mut TcpStream) -> String {
    let mut decoder = Decoder::new(1 << 20);
    let mut chunk = [0; 1 << 16];
    loop {
        if let Some((frame, _)) = decoder.next_frame().expect("it is a frame") {
            if frame.opcode == opcode::TEXT {
                return String::from_utf8(frame.payload).expect("it is text");
            }
            continue;
        }
        let count = stream.read(&mut chunk[..1]).expect("it comes soon");
        assert!(count > 0, "it is open");
        decoder.push(&chunk[..count]);
    }
}

/// Starts a broker. Returns it and its address.
pub(crate) fn broker(name: &str, more: &[&str]) -> (Party, String) {
    let mut broker = Party::new(name, &[&["broker", "--listen", "127.0.0.1:0"], more].concat());
    let line = broker.says("listening on ws://");
    let at = line.split("ws://").nth(1).and_then(|rest| rest.split(';').next()).expect("an address").trim().to_owned();
    broker.read_on();
    (broker, at)
}

/// Checks that a new POS reaches a new terminal and gets its answer.
pub(crate) fn serves_the_next(at: &str) {
    let mut terminal = joins(at, "/", Some("99"));
    let mut pos = joins(at, "/pos/99", None);
    pos.write_all(&text("<TRANSACTION><COMMAND>STATUS</COMMAND></TRANSACTION>")).expect("it is read");
    assert!(takes(&mut terminal).contains("STATUS"));
    terminal.write_all(&text("<RESPONSE><RESULT>OK</RESULT></RESPONSE>")).expect("it is read");
    assert!(takes(&mut pos).contains("OK"));
}

/// Starts a party that listens. Returns it and its address.
pub(crate) fn listens(name: &str, arguments: &[&str], says: &str) -> (Party, String) {
    let mut party = Party::new(name, arguments);
    let line = party.says(says);
    let at = line.split(says).nth(1).and_then(|rest| rest.split([';', ',']).next()).expect("an address");
    let at = at.trim().trim_start_matches("ws://").to_owned();
    party.read_on();
    (party, at)
}
