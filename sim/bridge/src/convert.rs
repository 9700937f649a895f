//! Between the values of a client core and the lines of the protocol.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sca_core::{ConnectionId, CoreInput, CoreOutput, CoreSettings, Layer, LinkEvent, LinkReport, Target, TlsMaterial};
use sca_protocol::handshake::Head;
use sca_protocol::settings::nearest;
use sca_protocol::{HandshakeFailure, Now, Reason, TlsFailure};

use crate::lines::{EventLine, InputLine, OutputLine, Payload, ProxyLine, Question, ReportLine, SettingsLine, TlsLine};

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
        message_size_max: settings.message_size_max,
    }
}

/// An input as the line of a question.
#[must_use]
pub fn question(now: Now, what: &CoreInput) -> String {
    let question = Question::Input { now: nanos(now.since_start), wall: now.wall.0, input: input(what.clone()) };
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

pub(crate) fn link_event(event: LinkEvent) -> EventLine {
    match event {
        LinkEvent::Opened => EventLine::Opened { tls: None },
        LinkEvent::Reached(tls) => EventLine::Opened { tls: tls.map(|tls| Box::new(material(&tls))) },
        LinkEvent::Bytes(bytes) => EventLine::Bytes { bytes: STANDARD.encode(bytes) },
        LinkEvent::Ended => EventLine::Ended {},
        LinkEvent::Reset => EventLine::Reset {},
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

/// An event on a connection of documents, from its line.
pub(crate) fn event_of(line: EventLine) -> Result<LinkEvent, String> {
    let bytes = |payload: Payload| payload.to_bytes().ok_or("a payload is neither text nor base64");
    Ok(match line {
        EventLine::Opened { .. } => LinkEvent::Opened,
        EventLine::Secured {} => LinkEvent::Secured,
        EventLine::Answered { status, version, headers } => {
            LinkEvent::Answered(Head { line: String::new(), version, status, headers })
        }
        EventLine::Failed { reason } => LinkEvent::Failed(reason_of(&reason)?),
        EventLine::Text { text } => LinkEvent::Text(text),
        EventLine::Binary { payload } => LinkEvent::Binary(bytes(payload)?),
        EventLine::Pong { payload } => LinkEvent::Pong(bytes(payload)?),
        EventLine::Closed {} => LinkEvent::Closed,
        EventLine::Violation { code } => LinkEvent::Violation(code),
        EventLine::Lost {} => LinkEvent::Lost,
        EventLine::Bytes { .. } | EventLine::Ended {} | EventLine::Reset {} => {
            return Err("an event of the level `bytes`".to_owned());
        }
    })
}

/// A reason from its text. The error names the nearest one.
pub(crate) fn reason_of(text: &str) -> Result<Reason, String> {
    text.parse().map_err(|error| {
        let tls = TlsFailure::ALL.iter().map(|row| format!("tls {}", row.1));
        let all: Vec<String> =
            tls.chain(HandshakeFailure::ALL.iter().map(|row| format!("handshake {}", row.1))).collect();
        let near = nearest(text, all.iter().map(String::as_str));
        let near = near.map(|word| format!("; did you mean `{word}`?")).unwrap_or_default();
        format!("`{text}` is no reason: {error}{near} (sim/docs/your-own-core.md lists all, below \"Reasons\")")
    })
}

fn material(tls: &TlsMaterial) -> TlsLine {
    TlsLine {
        roots: tls.roots.clone(),
        revocation_lists: tls.revocation_lists.clone(),
        certificate: tls.certificate.clone(),
        key: tls.key.clone(),
        versions: tls.versions.clone(),
        groups: tls.groups.clone(),
        resumption: tls.resumption,
    }
}

/// What is the same for every output of a core: its settings, and what its connections carry.
pub(crate) struct Origin<'a> {
    pub(crate) settings: &'a CoreSettings,
    pub(crate) layer: Layer,
}

/// An output as a client core says it. What the protocol leaves out is taken from the settings; `mask` is that of a
/// close frame. The error says what cannot be read or carried out.
pub(crate) fn output(line: OutputLine, origin: &Origin<'_>, mask: [u8; 4]) -> Result<CoreOutput, String> {
    let Origin { settings, layer } = origin;
    let connection = ConnectionId;
    is_of_level(&line, *layer)?;
    Ok(match line {
        OutputLine::Report(report) => CoreOutput::Report(self::report(&report, *layer)?),
        OutputLine::Dial { connection: number, host, port, secure, .. } => CoreOutput::Dial {
            connection: connection(number),
            target: Target { host, port, secure },
            via: settings.via.clone(),
            keep_alive: settings.keep_alive,
            roots: settings.roots.clone(),
            layer: *layer,
        },
        OutputLine::Bytes { connection: number, bytes } => CoreOutput::Bytes {
            connection: connection(number),
            bytes: STANDARD.decode(bytes).map_err(|_| "the bytes of `bytes` are not base64")?,
        },
        OutputLine::End { connection: number } => CoreOutput::End { connection: connection(number) },
        OutputLine::Reset { connection: number } => CoreOutput::Reset { connection: connection(number) },
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
        OutputLine::Call { .. }
        | OutputLine::Say { .. }
        | OutputLine::HangUp { .. }
        | OutputLine::Listen { .. }
        | OutputLine::Flash(_)
        | OutputLine::Clock { .. }
        | OutputLine::PowerLost {} => {
            return Err("plain connections, files and the clock are those of the level `terminal`".to_owned());
        }
    })
}

/// Holds an output against the level: each has orders of its own.
fn is_of_level(line: &OutputLine, layer: Layer) -> Result<(), String> {
    let (word, wanted) = match line {
        OutputLine::Request { .. } => ("request", Layer::Documents),
        OutputLine::Open { .. } => ("open", Layer::Documents),
        OutputLine::Text { .. } => ("text", Layer::Documents),
        OutputLine::Ping { .. } => ("ping", Layer::Documents),
        OutputLine::Close { .. } => ("close", Layer::Documents),
        OutputLine::Drop { .. } => ("drop", Layer::Documents),
        OutputLine::Bytes { .. } => ("bytes", Layer::Bytes),
        OutputLine::End { .. } => ("end", Layer::Bytes),
        OutputLine::Reset { .. } => ("reset", Layer::Bytes),
        _ => return Ok(()),
    };
    match (wanted == layer, layer) {
        (true, _) => Ok(()),
        (false, Layer::Documents) => Err(format!("`{word}` is an output of the level `bytes`")),
        (false, Layer::Bytes) => Err(format!("`{word}` is an output of the level `documents`")),
    }
}

pub(crate) fn report(report: &ReportLine, layer: Layer) -> Result<LinkReport, String> {
    Ok(match report {
        ReportLine::Attempts {} => LinkReport::Attempts,
        ReportLine::Connects {} => LinkReport::Connects,
        ReportLine::Loses {} => LinkReport::Loses,
        ReportLine::Fails { reason } if layer == Layer::Bytes && reason == "tls" => {
            LinkReport::Fails(Reason::Tls(TlsFailure::Unsaid))
        }
        ReportLine::Fails { reason } if layer == Layer::Bytes && reason == "handshake" => {
            LinkReport::Fails(Reason::Handshake(HandshakeFailure::Unsaid))
        }
        ReportLine::Fails { reason } => LinkReport::Fails(reason_of(reason)?),
    })
}
