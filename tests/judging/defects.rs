//! Tests that sweep and explorer find bugs: the simulated terminal is wrapped with one realistic defect at a time.
//! Each defect is found and shrunk to a file under 15 lines, and that file passes with the correct terminal.

use crate::common;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rstest::rstest;
use sca_core::{ConnectionId, Display, Input, LinkEvent, LinkReport, Output, Screen, Terminal, TerminalConfig};
use sca_environment::{Authorities, Identities};
use sca_hunt::explore::Explore;
use sca_hunt::shrink::Shrunk;
use sca_hunt::sweep::Sweep;
use sca_judge::Verdict;
use sca_protocol::handshake::Head;
use sca_protocol::screens::ScreenName;
use sca_protocol::settings::TerminalSettings;
use sca_protocol::{Now, Response};
use sca_terminal::{SimulatedTerminal, simulated};
use sca_world::{Options, play};

/// A defect of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Defect {
    None,
    AnswersAgainAfterReconnecting,
    ForgetsItsCounterOnReconnecting,
    LeavesTheIconAsItIs,
    LosesTheSessionWithTheLink,
    RetriesWithoutGrowth,
    DialsTwice,
    TakesAnOldEndForTheNewOne,
    PingsOnAfterTheEnd,
    StaysBusyAfterALostPrompt,
    AnswersOnTheNewConnection,
    NeverRedialsAfterAMissedPong,
    IgnoresRetryAfter,
    WaitsForAPongForEver,
    GivesUpAfterFiveAttempts,
    SwallowsWhatComesFirst,
    SwallowsAnswers,
    AnswersTwice,
    ShowsConnectedTooEarly,
}

/// The simulated terminal with a defect.
struct Defective {
    terminal: SimulatedTerminal,
    defect: Defect,
    connection: Option<ConnectionId>,
    has_been_up: bool,
    is_up: bool,
    attempts: u32,
    last_answer: Option<String>,
    /// A request is open on the connection.
    is_asked: bool,
    /// Whether the defect's trigger has occurred, so that it takes effect.
    is_ready: bool,
}

fn made(defect: Defect, mut config: TerminalConfig) -> Defective {
    match defect {
        Defect::ForgetsItsCounterOnReconnecting => config.settings.counter.over_reconnect = false,
        Defect::RetriesWithoutGrowth => config.settings.retry.growth = 1,
        Defect::WaitsForAPongForEver => config.settings.pong_timeout = Duration::from_secs(100_000),
        _ => {}
    }
    Defective {
        terminal: simulated(config),
        defect,
        connection: None,
        has_been_up: false,
        is_up: false,
        attempts: 0,
        last_answer: None,
        is_asked: false,
        is_ready: false,
    }
}

/// A response made by the defect.
fn response(text: &str, word: &str, code: &str) -> String {
    let fields = [("RESPONSE_TEXT", text), ("RESULT", word), ("RESULT_CODE", code), ("TERMINATION_STATUS", "FAILURE")];
    let made = fields.into_iter().fold(Response::default(), |made, (name, value)| made.with(name, value));
    made.to_xml(sca_protocol::message::Layout::Indented)
}

impl Defective {
    /// The input as the terminal receives it; `None` if the defect drops it.
    fn rewritten(&mut self, input: Input) -> Option<Input> {
        match (self.defect, input) {
            (Defect::IgnoresRetryAfter, Input::Link { connection, event: LinkEvent::Answered(mut head) }) => {
                head.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("Retry-After"));
                Some(Input::Link { connection, event: LinkEvent::Answered(Head { ..head }) })
            }
            (Defect::NeverRedialsAfterAMissedPong, Input::Tick) if self.is_ready => None,
            (Defect::GivesUpAfterFiveAttempts, Input::Tick) if self.attempts >= 5 && !self.is_up => None,
            (Defect::SwallowsWhatComesFirst, Input::Link { event: LinkEvent::Text(_), .. }) if self.is_ready => {
                self.is_ready = false;
                None
            }
            (_, input) => Some(input),
        }
    }

    /// The outputs as the defect changes them.
    fn altered(&mut self, now: Now, outputs: Vec<Output>) -> Vec<Output> {
        let mut altered = Vec::new();
        let mut late_end = None;
        for output in outputs {
            match (self.defect, &output) {
                (Defect::DialsTwice, Output::Dial { connection, .. }) => {
                    let mut twice = output.clone();
                    if let Output::Dial { connection: other, .. } = &mut twice {
                        *other = ConnectionId(connection.0 + 1_000);
                    }
                    altered.push(twice);
                }
                (Defect::NeverRedialsAfterAMissedPong, Output::Close { code: 1001, .. }) => self.is_ready = true,
                (Defect::StaysBusyAfterALostPrompt, Output::Text { connection, .. }) if self.is_ready => {
                    let (connection, text) = (*connection, response("DEVICE IS BUSY", "BUSY", "59002"));
                    altered.push(Output::Text { connection, text });
                    continue;
                }
                (Defect::AnswersTwice, Output::Text { .. }) => altered.push(output.clone()),
                (Defect::SwallowsAnswers, Output::Text { .. }) => continue,
                _ => {}
            }
            match &output {
                Output::Dial { connection, .. } => self.connection = Some(*connection),
                Output::Text { text, .. } => {
                    self.last_answer = Some(text.clone());
                    self.is_asked = false;
                }
                Output::LinkReport(LinkReport::Attempts) => self.attempts += 1,
                _ => {}
            }
            let seen = match &output {
                Output::LinkReport(seen) => Some(*seen),
                _ => None,
            };
            altered.push(output);
            match (seen, self.connection) {
                (Some(LinkReport::Connects), Some(connection)) => {
                    let again = self.has_been_up;
                    (self.has_been_up, self.is_up, self.attempts) = (true, true, 0);
                    late_end = (self.defect == Defect::TakesAnOldEndForTheNewOne && again).then_some(connection);
                    altered.extend(self.on_connects(connection, again));
                }
                (Some(LinkReport::Loses), Some(connection)) => {
                    self.is_up = false;
                    if self.defect == Defect::PingsOnAfterTheEnd {
                        altered.push(Output::Ping { connection, payload: b"still there?".to_vec() });
                    }
                }
                _ => {}
            }
        }
        if let Some(connection) = late_end {
            altered.extend(self.terminal.handle(now, Input::Link { connection, event: LinkEvent::Lost }));
        }
        altered
    }

    fn on_connects(&mut self, connection: ConnectionId, again: bool) -> Option<Output> {
        let text = match self.defect {
            Defect::AnswersAgainAfterReconnecting if again => self.last_answer.clone()?,
            Defect::AnswersOnTheNewConnection if std::mem::take(&mut self.is_asked) => {
                response("Transaction Cancelled", "CANCELLED", "59001")
            }
            Defect::SwallowsWhatComesFirst if again => {
                self.is_ready = true;
                return None;
            }
            _ => return None,
        };
        Some(Output::Text { connection, text })
    }
}

impl Terminal for Defective {
    fn handle(&mut self, now: Now, input: Input) -> Vec<Output> {
        let is_loss = matches!(&input, Input::Link { event: LinkEvent::Lost | LinkEvent::Closed, .. });
        self.is_asked |= matches!(&input, Input::Link { event: LinkEvent::Text(_), .. });
        let was_asking = self.terminal.display().screen.name == ScreenName::Prompt;
        if is_loss && was_asking && self.defect == Defect::StaysBusyAfterALostPrompt {
            self.is_ready = true;
        }
        if matches!(input, Input::PowerOff) {
            (self.has_been_up, self.is_up, self.is_ready) = (false, false, false);
            (self.attempts, self.last_answer, self.is_asked) = (0, None, false);
        }
        let Some(input) = self.rewritten(input) else { return Vec::new() };
        let outputs = self.terminal.handle(now, input);
        self.altered(now, outputs)
    }

    fn deadline(&self) -> Option<Duration> {
        let sleeps = match self.defect {
            Defect::NeverRedialsAfterAMissedPong => self.is_ready,
            Defect::GivesUpAfterFiveAttempts => self.attempts >= 5 && !self.is_up,
            _ => false,
        };
        self.terminal.deadline().filter(|_| !sleeps)
    }

    fn display(&self) -> Display {
        let mut face = self.terminal.display();
        match self.defect {
            Defect::ShowsConnectedTooEarly if self.attempts > 0 => face.connected = true,
            Defect::LeavesTheIconAsItIs if self.has_been_up => face.connected = true,
            Defect::LosesTheSessionWithTheLink if !face.connected && face.screen.name == ScreenName::Session => {
                face.screen = Screen::plain(ScreenName::Reconnecting);
            }
            _ => {}
        }
        face
    }

    fn configure(&mut self, settings: TerminalSettings) {
        self.terminal.configure(settings);
    }
}

fn identities() -> Arc<Identities> {
    Authorities::new().expect("an authority can be made").memory
}

/// Scenarios that are swept before the explorer is tried.
const SWEPT: [&str; 2] = ["sessions/sample_exchange.sca", "prompts/message_and_button.sca"];
/// The world that the explorer starts from.
const WORLD: &str = "scenario \"a world\"\n\nbroker\n  url ws://broker.test\n\nterminal connects\n";

fn swept(defect: Defect, identities: &Arc<Identities>) -> Option<Shrunk> {
    let make = |config: TerminalConfig| made(defect, config);
    let clauses = sca_protocol::clauses::ids();
    let sweep = Sweep {
        make: &make,
        clauses: &clauses,
        identities: identities.clone(),
        bytes: false,
        all_rows: false,
        jobs: 1,
    };
    let paths: Vec<PathBuf> = SWEPT.iter().map(|name| common::root().join("scenarios").join(name)).collect();
    let swept = sweep.run(&paths, &|_, _| {}).expect("the scenarios can be read");
    let mut broken = swept.iter().flat_map(|one| one.broken.iter().map(move |broken| (one, broken)));
    broken.find_map(|(one, broken)| sweep.shrink(one, broken))
}

fn explored(defect: Defect, identities: &Arc<Identities>, seeds: u64) -> Option<Shrunk> {
    let make = |config: TerminalConfig| made(defect, config);
    let explore = Explore { make: &make, identities: identities.clone(), seeds: 1..seeds, limit: None, jobs: 2 };
    let world = sca_scenario::parse(WORLD).expect("the world is valid");
    explore.run(&world).found.into_iter().find_map(|found| found.shrunk)
}

fn verdict(defect: Defect, text: &str, identities: &Arc<Identities>) -> Verdict {
    let scenario = sca_scenario::parse(text).unwrap_or_else(|problems| panic!("{text}\n{problems:?}"));
    play(&scenario, &Options::default(), identities, &|config| made(defect, config)).remove(0).verdict
}

#[rstest]
#[case(Defect::AnswersAgainAfterReconnecting)]
#[case(Defect::ForgetsItsCounterOnReconnecting)]
#[case(Defect::LeavesTheIconAsItIs)]
#[case(Defect::LosesTheSessionWithTheLink)]
#[case(Defect::RetriesWithoutGrowth)]
#[case(Defect::DialsTwice)]
#[case(Defect::TakesAnOldEndForTheNewOne)]
#[case(Defect::PingsOnAfterTheEnd)]
#[case(Defect::StaysBusyAfterALostPrompt)]
#[case(Defect::AnswersOnTheNewConnection)]
#[case(Defect::NeverRedialsAfterAMissedPong)]
#[case(Defect::IgnoresRetryAfter)]
#[case(Defect::WaitsForAPongForEver)]
#[case(Defect::GivesUpAfterFiveAttempts)]
#[case(Defect::SwallowsWhatComesFirst)]
#[case(Defect::SwallowsAnswers)]
#[case(Defect::AnswersTwice)]
#[case(Defect::ShowsConnectedTooEarly)]
fn a_defect_is_found_and_shrunk(#[case] defect: Defect) {
    let identities = identities();
    let found = swept(defect, &identities).or_else(|| explored(defect, &identities, 300));
    let shrunk = found.unwrap_or_else(|| panic!("{defect:?} was not found"));
    let lines = shrunk.text.lines().filter(|line| !line.is_empty()).count();
    assert!(lines < 15, "{defect:?} has {lines} lines:\n{}", shrunk.text);
    let why = |defect| match verdict(defect, &shrunk.text, &identities) {
        Verdict::Fail(failure) => Some(failure.reason()),
        Verdict::Pass => None,
        other => panic!("{other:?}\n{}", shrunk.text),
    };
    let with_it = why(defect);
    assert!(with_it.is_some(), "{defect:?} is not in\n{}", shrunk.text);
    // The correct terminal may do something that the small file has no line for, but must not break the same law.
    assert_ne!(why(Defect::None), with_it, "the sound terminal fails too\n{}", shrunk.text);
}

#[test]
fn the_sound_terminal_has_nothing_to_find() {
    let identities = identities();
    assert_eq!(swept(Defect::None, &identities), None);
    assert_eq!(explored(Defect::None, &identities, 300), None);
}
