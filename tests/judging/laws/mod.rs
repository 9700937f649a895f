//! Property tests: laws that hold for every input and every scenario.

use crate::common;
#[path = "../../fuzz/entries.rs"]
mod entries;
mod links;

use self::links::{connected, link, now};
use proptest::prelude::*;
use sca_core::{LinkEvent, Output, Target, Terminal, TerminalConfig};
use sca_environment::Authorities;
use sca_judge::Verdict;
use sca_model::Scenario;
use sca_protocol::counter::{Counter, RequestOutcome};
use sca_protocol::frame::{Decoder, Frame, LengthForm};
use sca_protocol::message::Layout;
use sca_protocol::settings::CounterRules;
use sca_protocol::xml::Limits;
use sca_protocol::{Chance, Request, Response};
use sca_suite::SnapshotMode;
use sca_terminal::{SimulatedTerminal, simulated};
use sca_world::{Options, play};

/// The transcript of a passing run passes as a scenario, and prints the same lines again.
#[test]
fn a_transcript_replays_itself() {
    let identities = Authorities::new().expect("an authority can be made").memory;
    let suite = common::suite(Options::default(), SnapshotMode::Ignore, &[]);
    for path in common::scenarios() {
        let result = suite.file(&path).expect("the scenario can be read");
        // A few rows of each are enough: the law is about lines, and the rows of one `each` have the same lines.
        for row in result.rows.iter().take(12) {
            let again = sca_scenario::parse(&row.transcript);
            let again = again.unwrap_or_else(|why| panic!("{}: {why:?}\n{}", path.display(), row.transcript));
            let played = play(&again, &Options::default(), &identities, &simulated).remove(0);
            let name = path.display();
            assert!(matches!(played.verdict, Verdict::Pass), "{name}: {:?}\n{}", played.verdict, row.transcript);
            let (kept, new) = (common::statements(&row.transcript), common::statements(&played.transcript));
            assert_eq!(kept, new, "{name}");
        }
    }
}

/// Parsing and printing are inverse: printed text is in the canonical layout, and prints the same again.
#[test]
fn a_transcript_is_in_the_one_layout() {
    let suite = common::suite(Options::default(), SnapshotMode::Ignore, &[]);
    for path in common::scenarios() {
        for row in suite.file(&path).expect("the scenario can be read").rows.iter().take(12) {
            let layout = sca_scenario::format(&row.transcript).expect("a transcript can be read");
            assert_eq!(row.transcript, layout, "{}", path.display());
        }
    }
}

/// Parsing, printing and parsing again gives the same steps.
#[test]
fn printed_steps_read_as_they_were() {
    let print = |scenario: &Scenario| -> Vec<String> {
        let row = &scenario.rows[0];
        let names: Vec<String> = row.cast.terminals.iter().map(|t| t.name.clone()).collect();
        let printer = sca_scenario::Printer::new(&names, &row.cast.pos);
        row.steps
            .iter()
            .map(|step| {
                let mut text = String::new();
                printer.step(&mut text, step, 0);
                text
            })
            .collect()
    };
    for path in common::scenarios() {
        let loaded = sca_files::load(&path, &[]).expect("the scenario can be read");
        let scenario = loaded.scenario.expect("the scenario is valid");
        let printed = print(&scenario);
        let cast = &scenario.rows[0].cast;
        let shows = |name: &str| format!("  certificate {name}\n");
        let mut head = String::new();
        for terminal in &cast.terminals {
            let name = if terminal.name == "terminal" { "" } else { &terminal.name };
            head.push_str(&format!("terminal {name}\n"));
            head.extend(terminal.settings.get("certificate").map(|name| shows(name)));
        }
        head.push_str("broker\n");
        head.extend(cast.pos.iter().map(|name| format!("pos {name}\n")));
        head.extend(cast.broker.get("certificate").map(|name| shows(name)));
        head.extend(cast.certificates.keys().map(|name| format!("certificate {name}\n")));
        let text = format!("scenario \"x\"\n\n{head}\n{}", printed.concat());
        let again = sca_scenario::parse(&text).unwrap_or_else(|why| panic!("{}: {why:?}\n{text}", path.display()));
        assert_eq!(printed, print(&again), "{}", path.display());
    }
}

/// `fmt` is idempotent, and every bundled file is already in the canonical layout.
#[test]
fn bundled_files_are_in_the_one_layout() {
    for path in common::scenarios() {
        let text = sca_files::read_text(&path).expect("the scenario can be read");
        let once = sca_scenario::format(&text).expect("the scenario can be read");
        assert_eq!(text, once, "{}", path.display());
        assert_eq!(once, sca_scenario::format(&once).expect("a formatted file can be read"));
    }
}

fn field() -> impl Strategy<Value = (String, String)> {
    ("[A-Z][A-Z0-9_]{0,12}", "[ -~é\u{1F600}]{0,24}")
}

fn rules() -> impl Strategy<Value = CounterRules> {
    any::<[bool; 6]>().prop_map(|[of_refused, of_malformed, of_secondary, of_lower, over_reconnect, over_reboot]| {
        CounterRules { of_refused, of_malformed, of_secondary, of_lower, over_reconnect, over_reboot }
    })
}

#[derive(Debug, Clone)]
enum Act {
    Saw(u32, RequestOutcome),
    Reconnected,
    Rebooted,
}

fn act() -> impl Strategy<Value = Act> {
    let outcome = prop_oneof![
        Just(RequestOutcome::Done),
        Just(RequestOutcome::Refused),
        Just(RequestOutcome::Malformed),
        Just(RequestOutcome::Secondary)
    ];
    prop_oneof![
        6 => (1..50_u32, outcome).prop_map(|(counter, outcome)| Act::Saw(counter, outcome)),
        1 => Just(Act::Reconnected),
        1 => Just(Act::Rebooted),
    ]
}

fn terminal() -> SimulatedTerminal {
    let target = Target { host: "broker.test".to_owned(), port: 80, secure: false };
    simulated(TerminalConfig {
        settings: sca_protocol::settings::TerminalSettings::default(),
        target,
        chance: Chance::new(1),
        index: 0,
        flash: sca_core::Flash::default(),
    })
}

proptest! {
    #[test]
    fn a_request_reads_as_it_was_written(fields in prop::collection::vec(field(), 0..8)) {
        let mut all = vec![("FUNCTION_TYPE".to_owned(), "SESSION".to_owned()), ("COMMAND".to_owned(), "START".to_owned())];
        for (name, value) in fields {
            if !all.iter().any(|(n, _)| *n == name) {
                all.push((name, value.trim().to_owned()));
            }
        }
        let request = Request::new(all);
        for layout in [Layout::Indented, Layout::Compact] {
            let read = Request::parse(&request.to_xml(layout), Limits::default());
            prop_assert_eq!(read.as_ref(), Ok(&request));
        }
    }

    #[test]
    fn no_text_makes_the_xml_reader_panic(text in "\\PC{0,200}") {
        entries::documents(text.as_bytes());
    }

    #[test]
    fn no_tags_make_the_xml_reader_panic(parts in prop::collection::vec(
        prop::sample::select(vec!["<", ">", "/", "A", "<A>", "</A>", "<![CDATA[", "]]>", "<!--", "-->", "&", "&#", ";", "\"", "<!DOCTYPE", "<?", "?>", "é"]), 0..40)) {
        entries::documents(parts.concat().as_bytes());
    }

    #[test]
    fn a_frame_reads_as_it_was_written(
        last in any::<bool>(), is_long in any::<bool>(), reserved in 0..8_u8, opcode in 0..16_u8, mask in any::<Option<[u8; 4]>>(),
        payload in prop::collection::vec(any::<u8>(), 0..70_000), cut in any::<prop::sample::Index>(),
    ) {
        // An eight-byte length is longer than necessary only for sizes below this.
        let length_form = (is_long && payload.len() < 65_536).then_some(LengthForm::Eight);
        let frame = Frame { last, reserved, opcode, mask, declared: None, length_form, payload };
        let bytes = frame.encode();
        let (first, second) = bytes.split_at(cut.index(bytes.len()));
        let mut decoder = Decoder::new(1 << 20);
        decoder.push(first);
        prop_assert_eq!(decoder.next_frame(), Ok(None));
        decoder.push(second);
        prop_assert_eq!(decoder.next_frame(), Ok(Some((frame, bytes.len()))));
        prop_assert_eq!(decoder.next_frame(), Ok(None));
    }

    #[test]
    fn no_bytes_make_the_frame_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        entries::frames(&bytes);
    }

    #[test]
    fn no_bytes_make_the_reader_of_heads_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        entries::heads(&bytes);
    }

    #[test]
    fn whatever_is_caught_becomes_a_scenario_or_nothing(text in "\\PC{0,300}", bytes in prop::collection::vec(any::<u8>(), 0..300),
        parts in prop::collection::vec(prop::sample::select(vec![
            "<TRANSACTION>", "</TRANSACTION>", "<RESPONSE>", "</RESPONSE>", "<COUNTER>7</COUNTER>", "<ACCT_NUM>4111111111111111", "</ACCT_NUM>",
            "<FUNCTION_TYPE>SESSION</FUNCTION_TYPE>", "<COMMAND>START</COMMAND>", "<RESULT_CODE>-1</RESULT_CODE>", "{{", "}}", "\\n", "\n", "&lt;", "\\u003c",
            "\"", "#", "10:00:00 ", "<![CDATA[", "]]>", "<!--", "-->", "é", "\u{0}", "\r\n", "x-vfi-pinpad-id: 1",
        ]), 0..40)) {
        entries::captures(text.as_bytes());
        entries::captures(&bytes);
        entries::captures(parts.concat().as_bytes());
        entries::captures(format!("{{\"log\":{{\"entries\":[{text}").as_bytes());
        drop(sca_capture::redacted(&parts.concat()));
    }

    #[test]
    fn no_text_makes_the_reader_of_scenarios_panic(text in "\\PC{0,300}") {
        entries::scenarios(text.as_bytes());
    }

    #[test]
    fn no_words_make_the_reader_of_scenarios_panic(lines in prop::collection::vec((0..4_usize, prop::collection::vec(
        prop::sample::select(vec!["terminal", "->", "pos", "broker", "connects", "fails", "tls", "within", "1s..2s", "of", "as", "a", "re",
            "any", "order", "without", "each", "in", "[", "(", ",", ")", "]", "{{x}}", "\"s\"", "~\"s\"", "RESULT=OK", "!F", "screen", "fault",
            "reset", "after", "3", "bytes", "reply", "to", "answers", "attempt", "call", "frame", "text", "last", "http", "+1.000", "certificate",
            "optional", "either", "or", "repeat", "use", "story", "set", "host", "cardholder", "check", "throughout", "covers", "REC-01",
            "<A>", "#"]), 1..7)), 0..12)) {
        let body: String = lines.iter().map(|(depth, words)| format!("{}{}\n", "  ".repeat(*depth), words.join(" "))).collect();
        entries::scenarios(format!("scenario \"x\"\n{body}").as_bytes());
    }

    #[test]
    fn no_text_makes_the_readers_beside_the_language_panic(text in "\\PC{0,200}", words in prop::collection::vec(
        prop::sample::select(vec!["tag", "path", "clause", "verdict", "(", ")", "not", "and", "or", "*", "fail", "x", " "]), 0..20)) {
        let _ = sca_suite::filter::Filter::read(&text);
        let _ = sca_suite::filter::Filter::read(&words.concat());
        let _ = sca_suite::known_failures::KnownFailures::read(&format!("scenario,until,reason\n{text}"));
        let _ = sca_report::Document::from_json(&text);
        let _ = sca_report::conformance::MatrixDocument::read(&text);
        let _ = sca_suite::shard::Shard::read(&text, |_| Some(text.clone()));
    }

    #[test]
    fn the_counter_is_that_of_the_last_request_that_counts(rules in rules(), acts in prop::collection::vec(act(), 0..40)) {
        let mut counter = Counter::default();
        for act in &acts {
            match act {
                Act::Saw(number, outcome) => counter.saw(*number, *outcome, &rules),
                Act::Reconnected => counter.reconnected(&rules),
                Act::Rebooted => counter.rebooted(&rules),
            }
        }
        prop_assert_eq!(counter.answer(), model(&rules, &acts));
    }

    #[test]
    fn no_message_silences_the_terminal(texts in prop::collection::vec("\\PC{0,80}", 1..8)) {
        let mut terminal = connected();
        for text in texts {
            let outputs = terminal.handle(now(2_000), link(1, LinkEvent::Text(text)));
            let answers: Vec<_> = outputs.iter().filter_map(|o| match o {
                Output::Text { text, .. } => Some(text),
                _ => None,
            }).collect();
            prop_assert_eq!(answers.len(), 1);
            let limits = Limits { bytes_max: 1 << 20, ..Limits::default() };
            let read = Response::parse(answers[0], limits);
            prop_assert!(read.is_ok());
        }
    }
}

/// The expected answer to GET_COUNTER, computed another way: search back for the last event that resets or sets the
/// counter.
fn model(rules: &CounterRules, acts: &[Act]) -> u32 {
    let from = acts.iter().rposition(|act| match act {
        Act::Reconnected => !rules.over_reconnect,
        Act::Rebooted => !rules.over_reboot,
        Act::Saw(..) => false,
    });
    let counted: Vec<u32> = acts[from.map_or(0, |at| at + 1)..]
        .iter()
        .filter_map(|act| match act {
            Act::Saw(number, RequestOutcome::Done) => Some(*number),
            Act::Saw(number, RequestOutcome::Refused) => rules.of_refused.then_some(*number),
            Act::Saw(number, RequestOutcome::Malformed) => rules.of_malformed.then_some(*number),
            Act::Saw(number, RequestOutcome::Secondary) => rules.of_secondary.then_some(*number),
            _ => None,
        })
        .collect();
    let last = if rules.of_lower { counted.last() } else { counted.iter().max() };
    last.copied().unwrap_or(1)
}
