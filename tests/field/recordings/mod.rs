//! Tests of the recorder: sessions of the simulated terminal, with faults and over TLS, as it writes them down.

use crate::common;
mod sessions;

use self::sessions::SESSIONS;
use crate::common::transcript;
use rstest::rstest;
use sca_protocol::frame::{Frame, opcode};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

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

/// A port for a listener that another process opens later. It lies below those that systems give to connections by
/// themselves, so that no connection of another test takes it meanwhile.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id() % 6_000).unwrap_or_default();
    let mut ports = std::iter::repeat_with(|| 20_000 + (first + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000);
    let is_free = |port: &u16| TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], *port))).is_ok();
    ports.by_ref().take(12_000).find(is_free).expect("a port is free")
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

/// A broker that accepts one terminal, asks it this often, and takes its answers.
fn asking(times: usize) -> (u16, std::thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("it has an address").port();
    let asked = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("it dials");
        let head = common::party::head(&mut stream);
        let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).expect("it sends a key");
        let accept = sca_protocol::handshake::accept(key);
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: \
             {accept}\r\nSec-WebSocket-Protocol: sci\r\n\r\n"
        );
        stream.write_all(answer.as_bytes()).expect("it reads");
        for number in 1..=times {
            let request = format!(
                "<TRANSACTION><FUNCTION_TYPE>DEVICE</FUNCTION_TYPE><COMMAND>VERSION</COMMAND><COUNTER>{number}</COUNTER>\
                 <POS_RECON>{}</POS_RECON></TRANSACTION>",
                "r".repeat(30)
            );
            stream.write_all(&Frame::whole(opcode::TEXT, request).encode()).expect("it reads");
            assert!(common::party::takes(&mut stream).contains(&format!("<COUNTER>{number}</COUNTER>")));
        }
        // What is left is read until the recorder ends.
        drop(std::io::copy(&mut stream, &mut std::io::sink()));
    });
    (port, asked)
}

/// The answer of a device to the VERSION of a request.
fn version(request: &str) -> String {
    let counter = request.split("<COUNTER>").nth(1).and_then(|rest| rest.split('<').next()).expect("it has a COUNTER");
    format!(
        "<RESPONSE><RESPONSE_TEXT>Version Information Captured</RESPONSE_TEXT><RESULT>OK</RESULT><RESULT_CODE>-1</RESULT_CODE>\
         <TERMINATION_STATUS>SUCCESS</TERMINATION_STATUS><COUNTER>{counter}</COUNTER><POS_RECON>{}</POS_RECON>\
         <VERSION_INFO>APP={}</VERSION_INFO></RESPONSE>",
        "r".repeat(30),
        "x".repeat(300)
    )
}

#[rstest]
#[case::interrupted("INT")]
#[case::ended("TERM")]
#[case::hung_up("HUP")]
fn a_recorder_that_is_told_to_end_ends_its_scenarios(#[case] signal: &str) {
    let out = common::folder(&format!("record-{signal}")).join("out");
    let (port, _broker) = asking(1);
    let (mut recorder, at) = recorder(port, &out);
    // Its pinpad id would turn what follows it round on a screen.
    let mut terminal = common::party::joins(&format!("127.0.0.1:{at}"), "/", Some("a\u{202e}b"));
    let request = common::party::takes(&mut terminal);
    terminal.write_all(&common::party::text(&version(&request))).expect("it is read");
    let made = out.join("terminal-a-202e-b.sca");
    let is_written = || fs::read_dir(&out).into_iter().flatten().flatten().any(|e| text(e.path()).contains("re q1"));
    for _ in 0..600 {
        if is_written() {
            break;
        }
        std::thread::park_timeout(std::time::Duration::from_millis(10));
    }
    let pid = recorder.0.id().to_string();
    assert!(Command::new("kill").args(["-s", signal, &pid]).status().expect("kill is there").success());
    assert!(recorder.0.wait().expect("it ends").success());
    let files: Vec<PathBuf> = fs::read_dir(&out).expect("it is there").flatten().map(|entry| entry.path()).collect();
    assert_eq!(files.len(), 1, "{made:?} {files:?}");
    let told = text(&files[0]);
    let last = told.trim_end().lines().last().expect("it has lines");
    assert!(told.ends_with('\n') && last.starts_with('+') && last.ends_with(" end"), "{told}");
    assert!(!told.contains('\u{202e}'), "{told}");
    assert!(sca_sim(&["check", files[0].to_str().expect("it is text")]).status.success());
}

/// A long recording is parted between exchanges, and every part plays.
#[test]
fn a_long_recording_is_parted_and_each_part_plays() {
    let out = common::folder("record-parts").join("out");
    let (port, broker) = asking(2_600);
    let (recorder, at) = recorder(port, &out);
    let mut terminal = common::party::joins(&format!("127.0.0.1:{at}"), "/", Some("1"));
    for _ in 0..2_600 {
        let request = common::party::takes(&mut terminal);
        terminal.write_all(&common::party::text(&version(&request))).expect("it is read");
    }
    drop(terminal);
    broker.join().expect("the broker had all answers");
    drop(recorder);
    let second = text(out.join("terminal-1-2.sca"));
    assert!(second.lines().next().is_some_and(|title| title.contains("part 2")), "{:?}", second.lines().next());
    assert!(sca_sim(&["check", out.to_str().expect("it is text")]).status.success());
    for part in ["terminal-1.sca", "terminal-1-2.sca"] {
        let told = transcript(&out.join(part));
        assert!(told.matches("VERSION").count() > 100, "{part} has {} exchanges", told.matches("VERSION").count());
    }
}

/// What the folder holds is for the terminals' side; the broker may have credentials of its own.
#[test]
fn a_recorder_has_other_credentials_for_the_broker() {
    let folder = common::folder("record-two-sides");
    let path = |name: &str| folder.join(name).display().to_string();
    assert!(sca_sim(&["certs", &path("theirs")]).status.success());
    let theirs = |name: &str| folder.join("theirs").join(name).display().to_string();
    let mut recording = Command::new(PROGRAM)
        .args(["record", "--listen", "127.0.0.1:0", "--to", "wss://localhost:1", "--certs", &path("ours")])
        .args(["--to-ca", &theirs("authority.pem"), "--to-cert", &theirs("terminal.pem")])
        .args(["--to-key", &theirs("terminal.key"), "--out", &path("out")])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the recorder starts");
    let lines = BufReader::new(recording.stdout.take().expect("it is piped")).lines();
    let _recorder = Running(recording);
    let listens = lines.map_while(Result::ok).find(|line| line.contains("listening on wss://"));
    assert!(listens.is_some());
}
