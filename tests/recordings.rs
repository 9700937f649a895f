//! Tests of the recorder: sessions of the simulated terminal, with faults and over TLS, as it writes them down.

mod common;

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use common::transcript;

const PROGRAM: &str = env!("CARGO_BIN_EXE_sca-sim");

/// Runs the program in the project's root.
fn sca_sim(arguments: &[&str]) -> Output {
    common::run(&common::root(), arguments)
}

/// The text of a file.
fn text(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).expect("the file can be read")
}

/// A program that is killed at the end of the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Errors are ignored: the program may have exited already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port is free");
    listener.local_addr().expect("it has an address").port()
}

/// Starts a recorder in front of a broker's port. Returns it and its port.
fn recorder(to: u16, out: &Path) -> (Running, u16) {
    let url = format!("ws://localhost:{to}");
    let arguments = ["record", "--listen", "127.0.0.1:0", "--to", &url, "--out"];
    let mut child =
        Command::new(PROGRAM).args(arguments).arg(out).stdout(Stdio::piped()).spawn().expect("the recorder starts");
    let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let line = lines.next().expect("it says a line").expect("the line can be read");
    let port = line.rsplit(':').next().and_then(|port| port.parse().ok()).expect("it says its port");
    std::thread::spawn(move || lines.for_each(drop));
    (Running(child), port)
}

/// Sessions with faults: what the broker and the network do to a terminal that is being recorded.
const SESSIONS: &[(&str, &str)] = &[
    (
        "reset",
        "pos -> terminal  SESSION START INVOICE=7 COUNTER=3  as a\n\
         terminal -> pos  RESULT=OK  re a\n\
         fault reset\n\
         terminal connects\n\
         pos -> terminal  SESSION START INVOICE=8  as b\n\
         terminal -> pos  RESULT_CODE=59003  re b\n",
    ),
    (
        "fin",
        "pos -> terminal  ADMIN GET_COUNTER  as a\n\
         terminal -> pos  COUNTER=1  re a\n\
         fault fin\n\
         terminal connects\n\
         pos -> terminal  DEVICE VERSION COUNTER=5  as b\n\
         terminal -> pos  COUNTER=5  re b\n",
    ),
    (
        "close",
        "broker -> terminal close 1012 \"restart\"\n\
         terminal -> broker close 1012\n\
         terminal connects\n\
         pos -> terminal  ADMIN GET_COUNTER  as a\n\
         terminal -> pos  COUNTER=1  re a\n",
    ),
    (
        "a gateway that is busy",
        "fault reset\n\
         broker answers attempt 1\n\
         \x20 HTTP/1.1 503 Busy\n\
         \x20 Retry-After: 1\n\
         terminal fails http 503\n\
         terminal connects\n\
         pos -> terminal  SESSION FINISH  as a\n\
         terminal -> pos  RESULT_CODE=59004  re a\n",
    ),
    (
        "a key that does not fit",
        "fault fin\n\
         broker answers attempt 1\n\
         \x20 HTTP/1.1 101 Switching Protocols\n\
         \x20 Upgrade: websocket\n\
         \x20 Connection: Upgrade\n\
         \x20 Sec-WebSocket-Accept: bm90IHRoZSByaWdodCBvbmU=\n\
         terminal fails handshake accept\n\
         terminal connects\n\
         pos -> terminal  ADMIN GET_COUNTER  as a\n\
         terminal -> pos  COUNTER=1  re a\n",
    ),
    (
        "fragments",
        "broker -> terminal frame text more \"<TRANSACTION><FUNCTION_TYPE>ADMIN</FUNCTION_TYPE>\"\n\
         broker -> terminal ping \"between\"\n\
         broker -> terminal frame continue last \"<COMMAND>GET_COUNTER</COMMAND></TRANSACTION>\"  as a\n\
         terminal -> broker pong \"between\"\n\
         terminal -> pos  COUNTER=1  re a\n\
         fault reset\n\
         terminal connects\n",
    ),
    (
        "a breach of the protocol",
        "broker -> terminal frame text last rsv 1 \"x\"\n\
         terminal -> broker close 1002\n\
         terminal connects\n\
         pos -> terminal text \"no document\"  as a\n\
         terminal -> pos  RESULT_CODE=-2  re a\n",
    ),
    (
        "half a request",
        "fault reset after 9 bytes of a\n\
         pos -> terminal  SESSION START INVOICE=7  as a\n\
         terminal connects\n\
         pos -> terminal  SESSION START INVOICE=8  as b\n\
         terminal -> pos  RESULT=OK  re b\n",
    ),
    (
        "two at once, and again",
        "together\n\
         \x20 pos -> terminal  DEVICE VERSION COUNTER=3  as a\n\
         \x20 pos -> terminal  ADMIN GET_COUNTER  as b\n\
         terminal -> pos  COUNTER=3  re a\n\
         terminal -> pos  COUNTER=3  re b\n\
         fault fin\n\
         terminal connects\n\
         fault reset\n\
         terminal connects\n\
         pos -> terminal  ADMIN GET_COUNTER  as c\n\
         terminal -> pos  COUNTER=3  re c\n",
    ),
    (
        "nothing reaches the terminal",
        "pos -> terminal  SESSION START INVOICE=7  as a\n\
         terminal -> pos  RESULT=OK  re a\n\
         fault silence to terminal\n\
         terminal connects  within 30s\n\
         pos -> terminal  SESSION FINISH  as b\n\
         terminal -> pos  RESULT=OK  re b\n",
    ),
    (
        "asked for more than it takes",
        "pos -> terminal  as a\n\
         \x20 <TRANSACTION>\n\
         \x20   <FUNCTION_TYPE>SESSION</FUNCTION_TYPE>\n\
         \x20   <COMMAND>START</COMMAND><!-- a remark -->\n\
         \x20   <INVOICE><![CDATA[7]]></INVOICE>\n\
         \x20 </TRANSACTION>\n\
         terminal -> pos  RESULT=OK  re a\n\
         pos -> terminal binary 00ff  as b\n\
         terminal -> pos  RESULT_CODE=-2  re b\n\
         fault reset\n\
         terminal connects\n",
    ),
];

/// The parts that must be equal in two runs: messages in order, link events, and the other observations.
fn lanes(transcript: &str) -> Vec<Vec<String>> {
    let steps: Vec<&str> =
        transcript.lines().filter_map(|line| Some(line.strip_prefix('+')?.split_once(' ')?.1)).collect();
    let lane = |wanted: &dyn Fn(&str) -> bool| {
        let mine = steps.iter().filter(|line| wanted(line));
        // Labels are arbitrary.
        mine.map(|line| line.split("  re ").next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    vec![
        lane(&|line| line.starts_with("terminal -> pos")),
        lane(&|line| line == "terminal connects" || line.starts_with("terminal fails")),
        lane(&|line| line.starts_with("terminal -> broker pong") || line.starts_with("terminal -> broker close")),
    ]
}

/// Records a session of the simulated terminal. Returns the scenario and the recording.
fn record(name: &str, steps: &str) -> (PathBuf, PathBuf) {
    let folder = common::folder(&name.replace(' ', "-"));
    let case = folder.join("case.sca");
    let settings = "terminal\n  WEBSOCKETPINGINTERVAL 2\n  pong-timeout 2s\nbroker\n  url ws://broker.test:80\n";
    fs::write(&case, format!("scenario \"{name}\"\n\n{settings}\nterminal connects\n{steps}"))
        .expect("it can be written");
    let (broker, out) = (free_port(), folder.join("out"));
    let (recorder, port) = recorder(broker, &out);
    let device = format!(
        "{PROGRAM} terminal --connect ws://localhost:{port} --pinpad {{pinpad}} --seed 1 \
         --set WEBSOCKETPINGINTERVAL=2 --set pong-timeout=2s"
    );
    let listen = format!("127.0.0.1:{broker}");
    let case_name = case.to_str().expect("it is text");
    let set = ["--set", "WEBSOCKETPINGINTERVAL=2", "--set", "pong-timeout=2s"];
    let real = ["run", "--terminal", "external", "--listen", &listen, "--spawn", &device, case_name];
    let failures = folder.join("failures");
    let kept = ["--failures", failures.to_str().expect("it is text")];
    let output = sca_sim(&[real.as_slice(), &set, &kept].concat());
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{name}: {told}");
    // Killed, as by a power failure.
    drop(recorder);
    (case, out.join("terminal-1.sca"))
}

#[test]
fn recorded_sessions_with_faults_replay_to_the_same_lanes() {
    assert!(SESSIONS.len() >= 10);
    std::thread::scope(|scope| {
        for (name, steps) in SESSIONS {
            scope.spawn(move || {
                let (case, recorded) = record(name, steps);
                let (wanted, got) = (lanes(&transcript(&case)), lanes(&transcript(&recorded)));
                assert_eq!(wanted, got, "{name}\n{}", text(recorded));
            });
        }
    });
}

#[test]
fn two_terminals_over_mutual_tls_have_a_file_each() {
    let folder = common::folder("record-tls");
    let path = |name: &str| folder.join(name).display().to_string();
    let made = sca_sim(&["certs", &path("certs")]);
    assert!(made.status.success());
    let of = |name: &str| {
        let certs = folder.join("certs");
        let file = |name: &str| certs.join(name).display().to_string();
        let cert = [file("authority.pem"), file(&format!("{name}.pem")), file(&format!("{name}.key"))];
        let [ca, cert, key] = cert;
        ["--ca".to_owned(), ca, "--cert".to_owned(), cert, "--key".to_owned(), key]
    };
    let port = free_port();
    let listen = format!("127.0.0.1:{port}");
    let mut broker = Command::new(PROGRAM);
    broker.args(["broker", "--listen", &listen]).args(of("broker"));
    let broker = broker.stdout(Stdio::piped()).spawn().expect("the broker starts");
    let mut broker = Running(broker);
    let mut heard = BufReader::new(broker.0.stdout.take().expect("it is piped")).lines();
    heard.next().expect("it listens").expect("the line can be read");
    let url = format!("wss://localhost:{port}");
    let mut recording = Command::new(PROGRAM)
        .args(["record", "--listen", "127.0.0.1:0", "--to", &url, "--certs", &path("certs"), "--out", &path("out")])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the recorder starts");
    let mut lines = BufReader::new(recording.stdout.take().expect("it is piped")).lines();
    let line = lines.next().expect("it listens").expect("the line can be read");
    assert!(line.starts_with("listening on wss://"), "{line}");
    let recorder = Running(recording);
    let to = format!("wss://localhost:{}", line.rsplit(':').next().unwrap_or_default());
    let terminals: Vec<Running> = ["5", "6"]
        .iter()
        .map(|pinpad| {
            let mut command = Command::new(PROGRAM);
            command.args(["terminal", "--connect", &to, "--pinpad", pinpad]).args(of("terminal"));
            Running(command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("the terminal starts"))
        })
        .collect();
    for _ in 0..2 {
        let come = heard.find(|line| line.as_ref().is_ok_and(|line| line.contains("is terminal with pinpad")));
        assert!(come.is_some(), "a terminal comes");
    }
    let request = "<TRANSACTION><FUNCTION_TYPE>DEVICE</FUNCTION_TYPE><COMMAND>VERSION</COMMAND><COUNTER>9</COUNTER></TRANSACTION>";
    fs::write(folder.join("ask.xml"), request).expect("it can be written");
    for pinpad in ["5", "6"] {
        let asked = Command::new(PROGRAM)
            .args(["pos", "--to", &url, "--pinpad", pinpad, &path("ask.xml")])
            .args(of("terminal"))
            .output()
            .expect("the POS runs");
        assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
    }
    drop((recorder, terminals, broker));
    for pinpad in ["5", "6"] {
        let told = transcript(&folder.join("out").join(format!("terminal-{pinpad}.sca")));
        assert!(told.contains("COUNTER=9  exactly") || told.contains("COUNTER=9 VERSION_INFO"), "{told}");
        assert!(told.contains(&format!("x-vfi-pinpad-id: {pinpad}")), "{told}");
    }
}
