//! Between the values of a client core and the lines of the protocol.

use std::time::Duration;

use sca_core::{ConnectionId, CoreInput, CoreOutput, CoreSettings, LinkEvent, LinkReport, Target};

use crate::lines::{EventLine, InputLine, OutputLine, Payload, ProxyLine, Question, ReportLine, SettingsLine};

/// A duration in nanoseconds; the longest possible for one that is longer.
pub(crate) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// The settings as the protocol has them.
pub(crate) fn settings(settings: &CoreSettings) -> SettingsLine {
    SettingsLine {
        host: settings.target.host.clone(),
        port: settings.target.port,
        secure: settings.target.secure,
        proxy: settings.via.as_ref().map(|proxy| ProxyLine { host: proxy.host.clone(), port: proxy.port }),
        pinpad_id: settings.pinpad_id.clone(),
        host_port: settings.host_port.clone(),
        header_space_before_colon: settings.header_space_before_colon,
        subprotocol_required: settings.subprotocol_required,
        ping_interval: settings.ping_interval,
        boot_time: nanos(settings.timeouts.boot),
        connect_timeout: nanos(settings.timeouts.connect),
        tls_timeout: nanos(settings.timeouts.tls),
        upgrade_timeout: nanos(settings.timeouts.upgrade),
        pong_timeout: nanos(settings.timeouts.pong),
        retry_first: nanos(settings.retry.first),
        retry_growth: settings.retry.growth,
        retry_cap: nanos(settings.retry.cap),
        retry_jitter: settings.retry.jitter_percent,
        retry_after_max: nanos(settings.retry.retry_after_max),
    }
}

/// An input as the line of a question, at a time since the start of a run.
#[must_use]
pub fn question(at: Duration, what: &CoreInput) -> String {
    let question = Question::Input { now: nanos(at), wall: 0, input: input(what.clone()) };
    serde_json::to_string(&question).unwrap_or_default()
}

/// An input as the protocol has it.
pub(crate) fn input(input: CoreInput) -> InputLine {
    match input {
        CoreInput::Start => InputLine::Start {},
        CoreInput::Stop => InputLine::Stop {},
        CoreInput::Leave(code) => InputLine::Leave { code },
        CoreInput::Tick => InputLine::Tick {},
        CoreInput::Link { connection, event } => InputLine::Link { connection: connection.0, event: link_event(event) },
        CoreInput::Send(text) => InputLine::Send { text },
    }
}

fn link_event(event: LinkEvent) -> EventLine {
    match event {
        LinkEvent::Opened => EventLine::Opened {},
        LinkEvent::Secured => EventLine::Secured {},
        LinkEvent::Answered(head) => {
            EventLine::Answered { status: head.status, version: head.version, headers: head.headers }
        }
        LinkEvent::Failed(reason) => EventLine::Failed { reason: reason.to_string() },
        LinkEvent::Text(text) => EventLine::Text { text },
        LinkEvent::Binary(bytes) => EventLine::Binary { payload: Payload::of(&bytes) },
        LinkEvent::Pong(bytes) => EventLine::Pong { payload: Payload::of(&bytes) },
        LinkEvent::Closed => EventLine::Closed {},
        LinkEvent::Violation(code) => EventLine::Violation { code },
        LinkEvent::Lost => EventLine::Lost {},
    }
}

/// An output as a client core says it. What the protocol leaves out is taken from the settings; `mask` is that of a
/// close frame.
pub(crate) fn output(line: OutputLine, settings: &CoreSettings, mask: [u8; 4]) -> Result<CoreOutput, String> {
    let connection = ConnectionId;
    Ok(match line {
        OutputLine::Report(report) => CoreOutput::Report(self::report(&report)?),
        OutputLine::Dial { connection: number, host, port, secure } => CoreOutput::Dial {
            connection: connection(number),
            target: Target { host, port, secure },
            via: settings.via.clone(),
            keep_alive: settings.keep_alive,
            roots: settings.roots.clone(),
        },
        OutputLine::Request { connection: number, head } => {
            CoreOutput::Request { connection: connection(number), bytes: head.into_bytes() }
        }
        OutputLine::Open { connection: number } => CoreOutput::Open { connection: connection(number) },
        OutputLine::Text { connection: number, text } => CoreOutput::Text { connection: connection(number), text },
        OutputLine::Ping { connection: number, payload } => {
            let payload = payload.to_bytes().ok_or("the payload of `ping` is neither text nor base64")?;
            CoreOutput::Ping { connection: connection(number), payload }
        }
        OutputLine::Close { connection: number, code } => {
            CoreOutput::Close { connection: connection(number), code, mask }
        }
        OutputLine::Drop { connection: number } => CoreOutput::Drop { connection: connection(number) },
        OutputLine::Received { connection: number, text } => {
            CoreOutput::Received { connection: connection(number), text }
        }
        OutputLine::ReceivedBinary { connection: number } => {
            CoreOutput::ReceivedBinary { connection: connection(number) }
        }
    })
}

fn report(report: &ReportLine) -> Result<LinkReport, String> {
    Ok(match report {
        ReportLine::Attempts {} => LinkReport::Attempts,
        ReportLine::Connects {} => LinkReport::Connects,
        ReportLine::Loses {} => LinkReport::Loses,
        ReportLine::Fails { reason } => {
            LinkReport::Fails(reason.parse().map_err(|error| format!("`{reason}` is no reason: {error}"))?)
        }
    })
}
