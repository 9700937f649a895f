//! Short descriptions of observations, for messages.

use sca_core::LinkReport;
use sca_protocol::{Line, Request};

use crate::lanes::Control;

/// A link report in one line of a failure.
pub fn describe_link(seen: LinkReport) -> String {
    match seen {
        LinkReport::Attempts => "it attempts".to_owned(),
        LinkReport::Fails(reason) => format!("it fails {reason}"),
        LinkReport::Connects => "it connects".to_owned(),
        LinkReport::Loses => "it loses the link".to_owned(),
    }
}

/// A document to a host in one line of a failure.
pub fn describe_to_host(line: Line, request: &Request) -> String {
    let host = if line == Line::Estate { "vhq" } else { "host" };
    format!("{} {} to the {host}", request.function_type(), request.command())
}

/// A control frame in one line of a failure.
pub fn describe_control(got: &Control) -> String {
    match got {
        Control::Ping(_) => "a ping".to_owned(),
        Control::Pong(payload) => format!("a pong {:?}", String::from_utf8_lossy(payload)),
        Control::Close(Some(code), reason) if reason.is_empty() => format!("a close {code}"),
        Control::Close(Some(code), reason) => format!("a close {code} {}", sca_scenario::quote(reason)),
        Control::Close(None, _) => "a close without a code".to_owned(),
    }
}
