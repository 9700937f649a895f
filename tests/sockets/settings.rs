//! Tests that no accepted setting is without effect: on a real port each takes effect or is refused.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::common::party::{Party, broker, joins, listens};
use crate::common::{file, folder, root, run};
use rstest::rstest;
use sca_protocol::frame::{Frame, opcode};
use sca_protocol::settings::{BrokerSettings, EstateSettings, HostSettings, Place, Settings, TerminalSettings};

/// The error output of a command that is expected to be refused.
fn refuses(arguments: &[&str]) -> String {
    let output = run(&folder("open-refuses"), arguments);
    assert!(!output.status.success(), "{arguments:?} is taken");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The arguments that start a party with a setting.
fn started(party: &str, name: &str, value: &str) -> Vec<String> {
    let set = format!("{name}={value}");
    let all: &[&str] = match party {
        "terminal" => &["terminal", "--connect", "ws://127.0.0.1:9"],
        "broker" => &["broker", "--listen", "127.0.0.1:0"],
        "host" => &["host", "--listen", "127.0.0.1:0"],
        _ => &["host", "--estate", "--listen", "127.0.0.1:0"],
    };
    all.iter().map(|part| (*part).to_owned()).chain(["--set".to_owned(), set]).collect()
}

/// Checks every row of a party's table that has no effect: it is refused on real ports, or in scenarios.
fn idle_rows<T: Settings>(party: &str) -> usize {
    let mut idle = 0;
    for row in T::table() {
        let value = if row.default.is_empty() { sample(row.name) } else { row.default };
        let (said, instead) = match row.place {
            Place::Everywhere => continue,
            Place::Scenarios(instead) => {
                let arguments = started(party, row.name, value);
                (refuses(&arguments.iter().map(String::as_str).collect::<Vec<_>>()), instead)
            }
            Place::Open(instead) => {
                let folder = folder("open-idle");
                let text = format!("scenario \"S\"\n\n{party}\n  {} {value}\n\nterminal connects\n", row.name);
                file(&folder, "a.sca", &text);
                let output = run(&folder, &["check", "a.sca"]);
                assert_eq!(output.status.code(), Some(3), "{text}");
                (String::from_utf8_lossy(&output.stderr).into_owned(), instead)
            }
        };
        assert!(said.contains("has no effect") && said.contains(instead), "{party} {}: {said}", row.name);
        idle += 1;
    }
    idle
}

/// A sample value for a setting whose default is empty.
fn sample(name: &str) -> &'static str {
    match name {
        "payment-host" | "estate-host" => "127.0.0.1:9",
        "WEBSOCKETSSL_CA_CERT_FILE_" => "both.pem",
        _ => "1",
    }
}

#[test]
fn a_setting_that_would_do_nothing_is_refused_where_it_would() {
    assert_eq!(idle_rows::<TerminalSettings>("terminal"), 7);
    assert_eq!(idle_rows::<BrokerSettings>("broker"), 10);
    assert_eq!(idle_rows::<HostSettings>("host") + idle_rows::<EstateSettings>("vhq"), 0);
    for (arguments, why) in [
        (&["terminal", "--connect", "ws://127.0.0.1:9", "--set", "tls=1.2"][..], "ws does not use TLS"),
        (&["terminal", "--connect", "ws://127.0.0.1:9", "--set", "DEVICEPORT=0"], "the classic ports are closed"),
        (&["terminal", "--set", "POSCONNECTALLOW=ETHERNET", "--set", "retry-cap=9s"], "does not connect to a broker"),
        (&["terminal", "--connect", "ws://127.0.0.1:9", "--set", "proxy-user=a"], "no PROXY is set"),
        (&["terminal", "--connect", "ws://127.0.0.1:9", "--pinpad", "2", "--set", "pinpad-id=3"], "contradict"),
        (&["broker", "--listen", "127.0.0.1:0", "--set", "groups=x25519"], "over ws"),
        (&["host", "--estate", "--listen", "127.0.0.1:0", "--set", "delay=1s"], "unknown setting delay"),
    ] {
        let said = refuses(arguments);
        assert!(said.contains(why), "{arguments:?}: {said}");
    }
}

/// All sources below a folder.
fn sources(folder: &std::path::Path) -> String {
    let all = std::fs::read_dir(folder).expect("it is there").map(|entry| entry.expect("it is").path());
    all.map(|path| match path.is_dir() {
        true => sources(&path),
        false if path.extension().is_some_and(|e| e == "rs") => std::fs::read_to_string(&path).expect("it is read"),
        false => String::new(),
    })
    .collect()
}

#[test]
fn every_setting_of_a_terminal_is_read_by_what_runs_in_the_open() {
    // The settings that the terminal, its clock, its dialling and its plain TCP connections read.
    let table = root().join("sim/protocol/src/settings/terminal.rs");
    let table = std::fs::read_to_string(table).expect("it can be read");
    let (table, methods) = table.split_once("impl TerminalSettings {").expect("the table has methods");
    let folders = ["sim/core/src", "sim/terminal/src", "sim/live/src", "sim/network/src", "sim/protocol/src"];
    let source = folders.map(|folder| sources(&root().join(folder))).concat() + methods;
    let words: BTreeSet<&str> = source.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.')).collect();
    let mut fields = 0;
    for row in TerminalSettings::table().iter().filter(|row| !matches!(row.place, Place::Scenarios(_))) {
        let begin = table.find(&format!("\"{}\",", row.name)).expect("its row is there");
        let cells = table[begin..].split_once(')').expect("a row ends").0.to_owned();
        let kinds = ["Text, ", "Number, ", "Flag, ", "Span, ", "Instant, ", "Text,\n", "Flag,\n", "Span,\n"];
        let behind = kinds.iter().filter_map(|kind| table[begin..].find(kind).map(|at| (at, kind.len()))).min();
        let (at, length) = behind.unwrap_or_else(|| panic!("{cells}"));
        let field = table[begin + at + length..].trim_start();
        let field: String = field.chars().take_while(|c| c.is_alphanumeric() || "_.".contains(*c)).collect();
        let is_read = words.iter().any(|word| {
            word.ends_with(&format!("settings.{field}"))
                || word.ends_with(&format!("self.{field}"))
                || word.contains(&format!(".{field}."))
        }) || field
            .split_once('.')
            .is_some_and(|(_, inner)| words.iter().any(|word| format!("{word}.").contains(&format!(".{inner}."))));
        assert!(is_read, "{} ({field}) is read by nobody", row.name);
        fields += 1;
    }
    assert!(fields > 60);
}

/// A client frame with this opcode.
fn frame(opcode: u8) -> Vec<u8> {
    let mut frame = Frame::whole(opcode, "x");
    if opcode == opcode::CLOSE {
        frame = Frame::close(Some(1000), "");
    }
    frame.mask = Some([0; 4]);
    frame.encode()
}

/// Everything a stream delivers until it is silent for a while or ends.
fn all_of(stream: &mut TcpStream) -> Vec<u8> {
    stream.set_read_timeout(Some(Duration::from_millis(700))).expect("a socket takes it");
    let mut all = Vec::new();
    drop(stream.read_to_end(&mut all));
    all
}

#[rstest]
#[case("answers-pings", "yes", "no", opcode::PING, 0x8a)]
#[case("answers-close", "yes", "no", opcode::CLOSE, 0x88)]
fn answers_to_control_frames_follow_their_settings(
    #[case] name: &str,
    #[case] answers: &str,
    #[case] silent: &str,
    #[case] says: u8,
    #[case] hears: u8,
) {
    for (value, is_heard) in [(answers, true), (silent, false)] {
        let (_broker, at) = broker(&format!("open-{name}-{value}"), &["--set", &format!("{name}={value}")]);
        let mut terminal = joins(&at, "/", Some("1"));
        terminal.write_all(&frame(says)).expect("it is read");
        assert_eq!(all_of(&mut terminal).contains(&hears), is_heard, "{name} {value}");
    }
}

#[test]
fn the_upgrade_of_a_broker_follows_its_settings() {
    let asks = |at: &str, more: &str| {
        let mut stream = TcpStream::connect(at).expect("it listens");
        let request = format!(
            "GET / HTTP/1.1\r\nHost: {at}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nx-vfi-pinpad-id: 1\r\n{more}\r\n"
        );
        stream.write_all(request.as_bytes()).expect("it reads");
        String::from_utf8_lossy(&all_of(&mut stream)).into_owned()
    };
    const SCI: &str = "Sec-WebSocket-Protocol: sci\r\n";
    let (_plain, plain) = broker("open-upgrade", &[]);
    assert!(!asks(&plain, SCI).contains("Sec-WebSocket-Protocol"));
    assert!(asks(&plain, "").starts_with("HTTP/1.1 400"));
    let (_lenient, lenient) = broker("open-lenient", &["--set", "upgrade-checks=lenient"]);
    assert!(asks(&lenient, "").starts_with("HTTP/1.1 101"));
    let (_named, named) = broker("open-named", &["--set", "subprotocol=sci", "--set", "greeting=hello there"]);
    let answer = asks(&named, SCI);
    assert!(answer.contains("Sec-WebSocket-Protocol: sci") && answer.contains("hello there"), "{answer}");
    let (_once, once) = broker("open-once", &["--set", "on-duplicate=refuse"]);
    let _first = joins(&once, "/", Some("1"));
    assert!(asks(&once, SCI).starts_with("HTTP/1.1 409"));
}

#[test]
fn the_tls_of_a_broker_follows_its_settings() {
    let certs = folder("open-certs");
    let made = run(&certs, &["certs", ".", "--name", "127.0.0.1", "--pinpad", "1"]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let path = |name: &str| certs.join(name).display().to_string();
    let (ca, cert, key) = (path("authority.pem"), path("broker.pem"), path("broker.key"));
    let (own, own_key) = (path("terminal.pem"), path("terminal.key"));
    let shown = ["--cert", own.as_str(), "--key", own_key.as_str()];
    for (set, more, outcome) in [
        (&[][..], &shown[..], "connects"),
        (&[], &[], "fails tls"),
        (&["client-certificates=none"], &[], "connects"),
        (&["client-certificates=optional"], &[], "connects"),
        (&["tls=1.3"], &["--set", "tls=1.2"], "fails tls"),
        (&["groups=x25519"], &["--set", "groups=secp256r1"], "fails tls"),
        (&["clock=2090-01-01T00:00:00Z"], &shown, "fails tls"),
        (&["checks-pinpad-id=yes"], &["--pinpad", "7"], "fails http 403"),
    ] {
        let sets: Vec<&str> = set.iter().flat_map(|set| ["--set", set]).collect();
        let arguments =
            [&["broker", "--listen", "127.0.0.1:0", "--ca", &ca, "--cert", &cert, "--key", &key], &sets[..]];
        let (_broker, at) = listens("open-tls", &arguments.concat(), "listening on wss://");
        let url = format!("wss://{at}");
        let with = if set == ["checks-pinpad-id=yes"] { &shown[..] } else { &[] };
        let arguments = [&["terminal", "--connect", &url, "--ca", &ca, "--set", "boot-time=0ms"], more, with].concat();
        let mut terminal = Party::new("open-tls-terminal", &arguments);
        let line = terminal.says("terminal ");
        let mut line = line;
        while !(line.contains("connects") || line.contains("fails")) {
            line = terminal.says("terminal ");
        }
        assert!(line.contains(&format!("terminal {outcome}")), "{set:?} {more:?}: {line}");
    }
}
