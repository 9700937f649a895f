//! Benchmark of a recorder between two peers, against the direct connection: the latency of a request and its answer,
//! and the throughput for a mebibyte. Both peers are minimal, so that only the recorder is measured.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

use criterion::Criterion;
use sca_capture::record::{RecordPlan, record};
use sca_core::Target;
use sca_environment::credentials::Credentials;
use sca_protocol::frame::{Frame, opcode};
use sca_protocol::handshake;

const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAA==";
const REQUEST: &str = "<TRANSACTION><FUNCTION_TYPE>ADMIN</FUNCTION_TYPE><COMMAND>GET_COUNTER</COMMAND></TRANSACTION>";
const ANSWER: &str = "<RESPONSE><RESULT>OK</RESULT><RESULT_CODE>-1</RESULT_CODE><COUNTER>1</COUNTER></RESPONSE>";

/// A broker that answers the upgrade, then answers each frame of one size with a frame of its own.
fn broker() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it has an address");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || serve(stream));
        }
    });
    address
}

fn serve(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let accept = handshake::accept(KEY);
    let answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
    write!(stream, "{answer}Sec-WebSocket-Accept: {accept}\r\n\r\n")?;
    let request = Frame::whole(opcode::TEXT, REQUEST).encode();
    let answer = Frame::whole(opcode::TEXT, ANSWER).masked([1; 4]).encode().len();
    let large = large().len();
    loop {
        let mut begin = [0; 2];
        stream.read_exact(&mut begin)?;
        let is_large = begin[1] & 0x7f == 127;
        let mut rest = vec![0; if is_large { large } else { answer } - 2];
        stream.read_exact(&mut rest)?;
        stream.write_all(&request)?;
    }
}

/// A message of one mebibyte.
fn large() -> Vec<u8> {
    Frame::whole(opcode::BINARY, vec![7; 1 << 20]).masked([1; 4]).encode()
}

/// A connected terminal.
fn terminal(to: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(to).expect("it connects");
    stream.set_nodelay(true).expect("it is a socket");
    let head = format!(
        "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {KEY}\r\n\
         Sec-WebSocket-Version: 13\r\nx-vfi-pinpad-id: 1\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).expect("it writes");
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("it is answered");
        answer.push(byte[0]);
    }
    stream
}

fn exchange(stream: &mut TcpStream, frame: &[u8], answer: &mut [u8]) {
    stream.write_all(frame).expect("it writes");
    stream.read_exact(answer).expect("it is answered");
}

/// A recorder in front of a broker, on its own thread.
fn recorder(to: SocketAddr) -> SocketAddr {
    let out = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bench-record");
    // Removes what an earlier run left.
    drop(std::fs::remove_dir_all(&out));
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be built");
        let plan = RecordPlan {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            near: Credentials::default(),
            to: Target { host: to.ip().to_string(), port: to.port(), secure: false },
            far: Credentials::default(),
            out,
            limits: sca_live::Limits::default(),
            audits: false,
        };
        let ready = |address| sender.send(address).expect("somebody waits");
        let mut quiet = |_: &str| {};
        let recording = record(plan, std::future::pending(), ready, &mut quiet);
        tokio::task::LocalSet::new().block_on(&runtime, recording).expect("it records");
    });
    receiver.recv_timeout(Duration::from_secs(10)).expect("it listens")
}

/// Measures both connections: direct and recorded.
pub(crate) fn measure(criterion: &mut Criterion) {
    let direct = broker();
    let recorded = recorder(direct);
    let small = Frame::whole(opcode::TEXT, ANSWER).masked([1; 4]).encode();
    let large = large();
    let mut answer = vec![0; Frame::whole(opcode::TEXT, REQUEST).encode().len()];
    let mut group = criterion.benchmark_group("record");
    for (way, to) in [("direct", direct), ("recorded", recorded)] {
        let mut stream = terminal(to);
        group.bench_function(format!("a request and its answer, {way}"), |b| {
            b.iter(|| exchange(&mut stream, &small, &mut answer));
        });
        group.bench_function(format!("a mebibyte, {way}"), |b| {
            b.iter(|| exchange(&mut stream, &large, &mut answer));
        });
    }
    group.finish();
}
