//! Laws of a link and of what comes late.

use super::terminal;
use crate::common;
use sca_core::{ConnectionId, Input, LinkEvent, Output, Terminal};
use sca_environment::Authorities;
use sca_judge::Verdict;
use sca_peers::{Broker, BrokerInput, BrokerOutput, Peer};
use sca_protocol::handshake::Head;
use sca_protocol::settings::BrokerSettings;
use sca_protocol::{Now, UnixTime};
use sca_terminal::{SimulatedTerminal, simulated};
use sca_world::{Options, play};

/// A terminal that has gone from power-on to an open link.
pub(crate) fn connected() -> SimulatedTerminal {
    let mut terminal = terminal();
    terminal.handle(now(0), Input::PowerOn);
    terminal.handle(now(1_000), Input::Tick);
    let asked = terminal.handle(now(1_001), link(1, LinkEvent::Opened));
    let Some(Output::Request { bytes, .. }) = asked.first() else { panic!("no request: {asked:?}") };
    terminal.handle(now(1_002), link(1, LinkEvent::Answered(switching(bytes))));
    terminal
}

pub(crate) fn now(ms: u64) -> Now {
    Now { since_start: std::time::Duration::from_millis(ms), wall: UnixTime(0) }
}

pub(crate) fn link(connection: u32, event: LinkEvent) -> Input {
    Input::Link { connection: ConnectionId(connection), event }
}

/// The correct answer to an upgrade request.
pub(crate) fn switching(request: &[u8]) -> Head {
    let request = Head::parse_request(request).expect("the request can be read").expect("it is whole").0;
    let accept = sca_protocol::handshake::accept(request.get("Sec-WebSocket-Key").expect("it has a key"));
    let answer = format!(
        "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    Head::parse_response(answer.as_bytes()).expect("the answer can be read").expect("it is whole").0
}

/// Events of an old connection have no effect, whatever they are.
#[test]
fn an_old_connection_is_not_listened_to() {
    let mut terminal = connected();
    terminal.handle(now(2_000), link(1, LinkEvent::Lost));
    let again = terminal.deadline().expect("another attempt is due");
    let dialled = terminal.handle(Now { since_start: again, wall: UnixTime(0) }, Input::Tick);
    assert!(dialled.iter().any(|output| matches!(output, Output::Dial { .. })), "{dialled:?}");
    let (face, due) = (terminal.display(), terminal.deadline());
    let text =
        "<TRANSACTION><FUNCTION_TYPE>SESSION</FUNCTION_TYPE><COMMAND>START</COMMAND><INVOICE>1</INVOICE></TRANSACTION>";
    let late = [
        LinkEvent::Opened,
        LinkEvent::Secured,
        LinkEvent::Failed(sca_protocol::Reason::Reset),
        LinkEvent::Text(text.to_owned()),
        LinkEvent::Pong(b"1".to_vec()),
        LinkEvent::Violation(1002),
        LinkEvent::Closed,
        LinkEvent::Lost,
    ];
    for event in late {
        assert_eq!(terminal.handle(Now { since_start: again, wall: UnixTime(0) }, link(1, event)), []);
    }
    assert_eq!((terminal.display(), terminal.deadline()), (face, due));
}

/// A connection without a pinpad id is not a duplicate of another; every POS at a broker on a real port is of this
/// kind.
#[test]
fn nobody_is_no_duplicate_of_nobody() {
    for word in ["refuse", "replace", "replace-both"] {
        let settings = BrokerSettings {
            on_duplicate: word.to_owned(),
            upgrade_checks: "lenient".to_owned(),
            ..BrokerSettings::default()
        };
        let mut broker = Broker::new(settings);
        let mut ask = |connection, id: &str| {
            let request = format!("GET / HTTP/1.1\r\nSec-WebSocket-Key: CujtCKpQPzowD1oV4qp+hQ==\r\n{id}\r\n");
            let head = Head::parse_request(request.as_bytes()).expect("it can be read").expect("it is whole").0;
            let peer = Peer { terminal: 0, connection };
            broker.handle(BrokerInput::Asked { peer, head, names: Vec::new(), is_terminal: true, answer: None })
        };
        let is_open = |outputs: &[BrokerOutput]| matches!(outputs, [BrokerOutput::Answer { open: true, .. }]);
        assert!(is_open(&ask(1, "")) && is_open(&ask(2, "")), "{word}");
        assert!(is_open(&ask(3, "x-vfi-pinpad-id: 7\r\n")) && !is_open(&ask(4, "x-vfi-pinpad-id: 7\r\n")), "{word}");
    }
}

/// No two encrypted packets of a terminal begin with the same random bytes.
#[test]
fn every_encrypted_answer_has_chance_of_its_own() {
    let identities = Authorities::new().expect("an authority can be made").memory;
    let path = common::root().join("scenarios/security/encrypted.sca");
    let loaded = sca_files::load(&path, &[]).expect("the scenario can be read");
    let scenario = loaded.scenario.unwrap_or_else(|why| panic!("{why:?}"));
    let options = Options { keeps_frames: true, ..Options::default() };
    let played = play(&scenario, &options, &identities, &simulated).remove(0);
    let said = played.frames.lines().filter(|line| line.contains("terminal ->"));
    let begins = said.filter_map(|line| line.split_once("<IV>")?.1.split_once("</IV>"));
    let begins: Vec<&str> = begins.map(|(begin, _)| begin).collect();
    let different: std::collections::BTreeSet<&str> = begins.iter().copied().collect();
    assert!(begins.len() >= 2 && different.len() == begins.len(), "{begins:?}");
}

/// Every example in the language reference is a scenario that passes.
#[test]
fn the_reference_is_right() {
    let identities = Authorities::new().expect("an authority can be made").memory;
    let text = std::fs::read_to_string(common::root().join("scenarios/README.md")).expect("the reference is there");
    let examples: Vec<&str> = text.split("```sca\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(examples.len() >= 8, "only {} examples", examples.len());
    for example in examples {
        // Libraries and tables are resolved as if the example were a file beside the reference.
        let place = common::root().join("scenarios/README.md");
        let read = sca_files::read(&place, example.to_owned(), &sca_protocol::clauses::ids());
        let scenario = read.scenario.unwrap_or_else(|why| panic!("{why:?}\n{example}"));
        assert!(sca_scenario::warnings(&scenario).is_empty(), "{example}");
        assert_eq!(example, sca_scenario::format(example).expect("it can be read"), "it is not in the one layout");
        for played in play(&scenario, &Options::default(), &identities, &simulated) {
            assert!(matches!(played.verdict, Verdict::Pass), "{:?}\n{}", played.verdict, played.transcript);
        }
    }
}
