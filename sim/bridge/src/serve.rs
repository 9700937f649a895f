//! The other side of the protocol: our own client core, or our whole device, as a process that answers lines. It is what
//! another implementation can be compared with.

use std::io::{BufRead, Write};

use sca_core::{
    Client, ClientCore, CoreConfig, CoreInput, CoreOutput, CoreSettings, LinkReport, Output, Target, Terminal,
    TerminalConfig,
};
use sca_protocol::settings::RetryRules;
use sca_protocol::{Chance, Now, UnixTime};

use crate::convert::event_of;
use crate::device;
use crate::lines::{
    Answer, DisplayLine, Init, InputLine, Introduction, Level, OutputLine, Payload, Question, ReportLine, SettingsLine,
};

/// A terminal of some kind, made from what `init` gives.
pub type MakeTerminal<'a> = &'a dyn Fn(TerminalConfig) -> Box<dyn Terminal>;

/// What is being played.
enum Served {
    Core(Box<Client>),
    Device(Box<dyn Terminal>),
}

/// Answers every question on `questions` with a line on `answers`, until the questions end.
///
/// # Errors
/// That of reading or writing, or the question that cannot be answered.
pub fn serve(
    questions: impl BufRead,
    mut answers: impl Write,
    level: Level,
    make: MakeTerminal<'_>,
) -> std::io::Result<()> {
    let mut served = None;
    for line in questions.lines() {
        let line = line?;
        let question = serde_json::from_str(&line).map_err(|error| format!("this is no question: {error}"));
        let answer = question.and_then(|question| answer(&mut served, question, level, make));
        let answer = answer.map_err(std::io::Error::other)?;
        serde_json::to_writer(&mut answers, &answer)?;
        answers.write_all(b"\n")?;
        answers.flush()?;
    }
    Ok(())
}

fn answer(
    served: &mut Option<Served>,
    question: Question,
    level: Level,
    make: MakeTerminal<'_>,
) -> Result<Answer, String> {
    match question {
        Question::Init { init, .. } if init.level != level => {
            Ok(Answer::Unsupported { unsupported: "another level than the one it was started with".to_owned() })
        }
        Question::Init { init, .. } => {
            let made = served.insert(begin(*init, make)?);
            let supports = ["proxy", "ping"].map(str::to_owned).to_vec();
            let version = env!("CARGO_PKG_VERSION").to_owned();
            let ok = Introduction { name: "sca-sim".to_owned(), version, level, supports };
            Ok(Answer::Ok { ok, deadline: deadline(made), display: display(made) })
        }
        Question::Input { now, wall, input } => {
            let played = served.as_mut().ok_or("the first question is `init`")?;
            let now = Now { since_start: device::time_of(now), wall: UnixTime(wall) };
            let outputs = tell(played, now, input)?;
            Ok(Answer::Outputs { outputs, deadline: deadline(played), display: display(played) })
        }
    }
}

fn begin(init: Init, make: MakeTerminal<'_>) -> Result<Served, String> {
    let seed = init.seed.get(..16).and_then(|first| u64::from_str_radix(first, 16).ok());
    let chance = Chance::new(seed.ok_or("`seed` is no number in hexadecimal")?);
    let target = Target { host: init.settings.host.clone(), port: init.settings.port, secure: init.settings.secure };
    match init.terminal {
        None => {
            let settings = core_settings(&init.settings);
            Ok(Served::Core(Box::new(Client::new(CoreConfig { settings, chance, index: init.index }))))
        }
        Some(line) => {
            let (settings, flash) = (device::settings_of(&line.settings)?, device::flash_of(&line)?);
            let config = TerminalConfig { settings, target, chance, index: init.index, flash };
            Ok(Served::Device(make(config)))
        }
    }
}

fn deadline(served: &Served) -> Option<u64> {
    let deadline = match served {
        Served::Core(core) => core.deadline(),
        Served::Device(terminal) => terminal.deadline(),
    };
    deadline.map(crate::convert::nanos)
}

fn display(served: &Served) -> Option<DisplayLine> {
    match served {
        Served::Core(_) => None,
        Served::Device(terminal) => Some(device::display(&terminal.display())),
    }
}

fn tell(served: &mut Served, now: Now, input: InputLine) -> Result<Vec<OutputLine>, String> {
    match (served, input) {
        (Served::Core(core), InputLine::Configure { settings, .. }) => {
            core.configure(core_settings(&settings));
            Ok(Vec::new())
        }
        (Served::Device(terminal), InputLine::Configure { terminal: names, .. }) => {
            terminal.configure(device::settings_of(&names.unwrap_or_default())?);
            Ok(Vec::new())
        }
        (Served::Core(core), input) => {
            let input = match input {
                InputLine::Start {} => CoreInput::Start,
                InputLine::Stop {} => CoreInput::Stop,
                InputLine::Leave { code } => CoreInput::Leave(code),
                InputLine::Tick {} => CoreInput::Tick,
                InputLine::Send { text } => CoreInput::Send(text),
                InputLine::Link { connection, event } => {
                    CoreInput::Link { connection: sca_core::ConnectionId(connection), event: event_of(event)? }
                }
                _ => return Err("no input of a client core".to_owned()),
            };
            Ok(core.handle(now, input).into_iter().filter_map(core_output).collect())
        }
        (Served::Device(terminal), input) => {
            let outputs = terminal.handle(now, device::input_of(input)?);
            Ok(outputs.into_iter().filter_map(device_output).collect())
        }
    }
}

/// The settings of a client core from their line.
fn core_settings(line: &SettingsLine) -> CoreSettings {
    let usual = CoreSettings::default();
    let time = device::time_of;
    CoreSettings {
        target: Target { host: line.host.clone(), port: line.port, secure: line.secure },
        pinpad_id: line.pinpad_id.clone(),
        host_port: line.host_port.clone(),
        header_space_before_colon: line.header_space_before_colon,
        subprotocol_required: line.subprotocol_required,
        ping_interval: line.ping_interval,
        timeouts: sca_core::Timeouts {
            boot: time(line.boot_time),
            connect: time(line.connect_timeout),
            tls: time(line.tls_timeout),
            upgrade: time(line.upgrade_timeout),
            pong: time(line.pong_timeout),
        },
        retry: RetryRules {
            first: time(line.retry_first),
            growth: line.retry_growth,
            cap: time(line.retry_cap),
            jitter_percent: line.retry_jitter,
            retry_after_max: time(line.retry_after_max),
        },
        message_size_max: line.message_size_max,
        ..usual
    }
}

fn report(report: LinkReport) -> OutputLine {
    OutputLine::Report(match report {
        LinkReport::Attempts => ReportLine::Attempts {},
        LinkReport::Connects => ReportLine::Connects {},
        LinkReport::Loses => ReportLine::Loses {},
        LinkReport::Fails(reason) => ReportLine::Fails { reason: reason.to_string() },
    })
}

/// Outputs of a client core as the line that says them, without the assumptions.
#[must_use]
pub fn outputs_line(outputs: &[CoreOutput]) -> String {
    let outputs: Vec<OutputLine> = outputs.iter().cloned().filter_map(core_output).collect();
    serde_json::json!({ "outputs": outputs }).to_string()
}

/// An output of our client core as a line; none for an assumption, which is ours alone.
fn core_output(output: CoreOutput) -> Option<OutputLine> {
    Some(match output {
        CoreOutput::Report(what) => report(what),
        CoreOutput::Dial { connection, target, .. } => OutputLine::Dial {
            connection: connection.0,
            host: target.host,
            port: target.port,
            secure: target.secure,
            route: None,
        },
        CoreOutput::Request { connection, bytes } => {
            OutputLine::Request { connection: connection.0, head: String::from_utf8_lossy(&bytes).into_owned() }
        }
        CoreOutput::Open { connection } => OutputLine::Open { connection: connection.0 },
        CoreOutput::Text { connection, text } => OutputLine::Text { connection: connection.0, text },
        CoreOutput::Ping { connection, payload } => {
            OutputLine::Ping { connection: connection.0, payload: Payload::of(&payload) }
        }
        CoreOutput::Close { connection, code, .. } => OutputLine::Close { connection: connection.0, code },
        CoreOutput::Drop { connection } => OutputLine::Drop { connection: connection.0 },
        CoreOutput::Received { connection, text } => OutputLine::Received { connection: connection.0, text },
        CoreOutput::ReceivedBinary { connection } => OutputLine::ReceivedBinary { connection: connection.0 },
        CoreOutput::Assumed(_) | CoreOutput::Bytes { .. } | CoreOutput::End { .. } | CoreOutput::Reset { .. } => {
            return None;
        }
    })
}

/// An output of our device as a line; none for an assumption, which is ours alone.
fn device_output(output: Output) -> Option<OutputLine> {
    Some(match output {
        Output::LinkReport(what) => report(what),
        Output::Dial { connection, target, via, keep_alive, roots, .. } => OutputLine::Dial {
            connection: connection.0,
            host: target.host,
            port: target.port,
            secure: target.secure,
            route: Some(Box::new(device::route(via.as_ref(), &roots, keep_alive))),
        },
        Output::Request { connection, bytes } => {
            OutputLine::Request { connection: connection.0, head: String::from_utf8_lossy(&bytes).into_owned() }
        }
        Output::Open { connection } => OutputLine::Open { connection: connection.0 },
        Output::Text { connection, text } => OutputLine::Text { connection: connection.0, text },
        Output::Ping { connection, payload } => {
            OutputLine::Ping { connection: connection.0, payload: Payload::of(&payload) }
        }
        Output::Close { connection, code, .. } => OutputLine::Close { connection: connection.0, code },
        Output::Drop { connection } => OutputLine::Drop { connection: connection.0 },
        Output::Call { call, address } => OutputLine::Call { call: device::call(call), address },
        Output::Say { call, text } => OutputLine::Say { call: device::call(call), text },
        Output::HangUp { call } => OutputLine::HangUp { call: device::call(call) },
        Output::Listen(open) => OutputLine::Listen { open },
        Output::Flash(change) => OutputLine::Flash(device::flash_change(&change)),
        Output::Clock(time) => OutputLine::Clock { wall: time.0 },
        Output::PowerLost => OutputLine::PowerLost {},
        Output::Assumed(_)
        | Output::Bytes { .. }
        | Output::End { .. }
        | Output::Reset { .. }
        | Output::Document { .. } => return None,
    })
}
