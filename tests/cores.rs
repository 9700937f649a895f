//! Another client core in the terminal's place: cores with a planted defect each, and the line or invariant that finds it.

mod common;

use std::time::Duration;

use sca_protocol::settings::TerminalSettings;
use sca_protocol::{Now, Reason};
use sca_runner::suite::Authorities;
use sca_runner::{Core, Making, Options, Played, Verdict, play, simulated};
use sca_terminal::{Face, Input, LinkEvent, Output, Terminal};

/// What is wrong with a core.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Defect {
    None,
    SwallowsAnswers,
    AnswersTwice,
    ShowsConnectedTooEarly,
    NeverShowsTheLoss,
    ForgetsTheSession,
    DialsBesideAnOpenConnection,
    NeverComesBack,
    IgnoresRetryAfter,
}

/// The simulated terminal with a defect.
struct Defective {
    terminal: Terminal,
    defect: Defect,
    dials: u32,
    has_been_up: bool,
}

impl Core for Defective {
    fn handle(&mut self, now: Now, input: Input) -> Vec<Output> {
        if self.defect == Defect::NeverComesBack
            && matches!(input, Input::Tick)
            && self.dials > 0
            && !self.terminal.face().connected
        {
            return Vec::new();
        }
        let input = match (self.defect, input) {
            (Defect::IgnoresRetryAfter, Input::Link { connection, event: LinkEvent::Answered(_) }) => {
                Input::Link { connection, event: LinkEvent::Failed(Reason::Http(503)) }
            }
            (_, input) => input,
        };
        let mut outputs = self.terminal.handle(now, input);
        self.dials += u32::try_from(outputs.iter().filter(|o| matches!(o, Output::Dial { .. })).count()).unwrap_or(0);
        self.has_been_up |= self.terminal.face().connected;
        match self.defect {
            Defect::SwallowsAnswers => outputs.retain(|output| !matches!(output, Output::Text { .. })),
            Defect::AnswersTwice => {
                let again: Vec<Output> = outputs.iter().filter(|o| matches!(o, Output::Text { .. })).cloned().collect();
                outputs.extend(again);
            }
            Defect::DialsBesideAnOpenConnection => {
                let again = outputs.iter().find_map(|output| match output {
                    Output::Dial { connection, target, via } => Some(Output::Dial {
                        connection: sca_terminal::ConnectionId(connection.0 + 100),
                        target: target.clone(),
                        via: via.clone(),
                    }),
                    _ => None,
                });
                outputs.extend(again);
            }
            _ => {}
        }
        outputs
    }

    fn deadline(&self) -> Option<Duration> {
        let waits = self.defect == Defect::NeverComesBack && self.dials > 0 && !self.terminal.face().connected;
        self.terminal.deadline().filter(|_| !waits)
    }

    fn face(&self) -> Face {
        let mut face = self.terminal.face();
        if self.defect == Defect::ShowsConnectedTooEarly && self.dials > 0 {
            face.connected = true;
        }
        if self.defect == Defect::NeverShowsTheLoss && self.has_been_up {
            face.connected = true;
        }
        if self.defect == Defect::ForgetsTheSession && !face.connected {
            face.screen = sca_terminal::Screen::plain(sca_protocol::screens::ScreenName::Reconnecting);
        }
        face
    }

    fn configure(&mut self, settings: TerminalSettings) {
        self.terminal.configure(settings);
    }
}

fn plays(defect: Defect, steps: &str) -> Played {
    let identities = Authorities::new().expect("an authority can be made").memory;
    let text = format!("scenario \"x\"\n\nbroker\n  url ws://broker.test\n\n{steps}");
    let scenario = sca_scenario::parse(&text).expect("the scenario is valid");
    let make = |making: Making| Defective { terminal: simulated(making), defect, dials: 0, has_been_up: false };
    play(&scenario, &Options::default(), &identities, &make).remove(0)
}

/// The scenario passes with a sound core and fails with the defect, in these words.
fn finds(defect: Defect, steps: &str, words: &str) {
    let sound = plays(Defect::None, steps);
    assert_eq!(sound.verdict, Verdict::Pass, "{}", sound.transcript);
    match plays(defect, steps).verdict {
        Verdict::Fail(failure) => {
            let said = format!("{} {} {}", failure.headline, failure.label, failure.notes.join(" "));
            assert!(said.contains(words), "{said}");
        }
        other => panic!("{defect:?}: {other:?}"),
    }
}

#[test]
fn a_swallowed_answer_is_missed_though_no_line_asks_for_it() {
    let steps = "terminal connects\npos -> terminal  ADMIN GET_COUNTER\nignored\n";
    let steps = steps.replace("ignored\n", "wait 2s\n");
    let sound = plays(Defect::None, &format!("{steps}terminal -> pos  RESULT=OK\n"));
    assert_eq!(sound.verdict, Verdict::Pass);
    match plays(Defect::SwallowsAnswers, &steps).verdict {
        Verdict::Fail(failure) => assert!(failure.headline.contains("one-answer"), "{failure:?}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_second_answer_answers_nothing() {
    let steps = "terminal connects\npos -> terminal  ADMIN GET_COUNTER  as ask\nterminal -> pos  RESULT=OK  re ask\n";
    finds(Defect::AnswersTwice, steps, "an answer to nothing");
}

#[test]
fn an_icon_that_says_connected_too_early_is_found_out() {
    finds(Defect::ShowsConnectedTooEarly, "fault refuse on attempt 1\nterminal connects\n", "icon-truth");
}

#[test]
fn an_icon_that_never_shows_a_loss_is_found_out() {
    finds(Defect::NeverShowsTheLoss, "terminal connects\nfault reset\nterminal connects\n", "icon-truth");
}

#[test]
fn a_session_that_gives_way_to_a_lost_link_is_found_out() {
    let steps = "terminal connects\npos -> terminal  SESSION START INVOICE=1  as start\n\
                 terminal -> pos  RESULT=OK  re start\nfault reset\nterminal connects\n";
    finds(Defect::ForgetsTheSession, steps, "session-kept");
}

#[test]
fn a_second_connection_beside_the_first_is_found_out() {
    finds(Defect::DialsBesideAnOpenConnection, "terminal connects\n", "one-connection");
}

#[test]
fn a_core_that_never_comes_back_is_found_out() {
    let steps = "terminal connects\nfault reset\nterminal loses\nterminal connects  within 1m\n";
    finds(Defect::NeverComesBack, steps, "the link did not do this in time");
}

#[test]
fn a_core_that_does_not_follow_retry_after_is_found_out() {
    let steps = "broker answers attempt 1\n  HTTP/1.1 503 Busy\n  Retry-After: 30\nterminal fails http 503  as busy\n\
                 terminal attempts  within 30s..60s of busy\nterminal connects\n";
    finds(Defect::IgnoresRetryAfter, steps, "too early");
}
