//! The broker: answers upgrade requests, routes POS requests by pinpad id, and sends any frame, valid or not.

use std::collections::BTreeMap;

use sca_protocol::frame::{Frame, opcode};
use sca_protocol::handshake::{self, Head};
use sca_protocol::settings::BrokerSettings;

use crate::upgrade_checks::{self, Authority, Refusal};

/// The close code of a connection that a newer one replaces: policy violation.
const REPLACED: u16 = 1008;

/// The most bytes of one message that the broker assembles from a terminal's frames.
const MESSAGE_BYTES_MAX: usize = 1 << 20;

/// The identity of one connection: the terminal in the world, and the number of its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Peer {
    /// The terminal's index in the world.
    pub terminal: u16,
    /// The number of the connection.
    pub connection: u32,
}

/// An input of the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BrokerInput {
    /// A terminal requests the upgrade. `answer` replaces the broker's own response, verbatim except for `{{accept}}`.
    Asked {
        /// The connection.
        peer: Peer,
        /// The request.
        head: Head,
        /// The names in the certificate that the peer presented.
        names: Vec<String>,
        /// Whether the peer is a terminal, whose request is checked strictly.
        is_terminal: bool,
        /// The response to give in place of the usual one.
        answer: Option<String>,
    },
    /// A frame arrived.
    Frame {
        /// The connection it arrived on.
        peer: Peer,
        /// The frame.
        frame: Frame,
    },
    /// A connection ended.
    Ended {
        /// The connection.
        peer: Peer,
    },
    /// A POS sends a message to the terminal with this pinpad id.
    Route {
        /// The pinpad id.
        pinpad_id: String,
        /// The message.
        text: String,
    },
    /// Send this frame unchanged.
    Speak {
        /// The connection to send it on.
        peer: Peer,
        /// The frame.
        frame: Frame,
    },
}

/// An output of the broker: an action to carry out, or an observation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BrokerOutput {
    /// Send these bytes as the response to the upgrade request; if `open`, WebSocket follows, otherwise the connection
    /// ends.
    Answer {
        /// The connection.
        peer: Peer,
        /// The response, and what follows it in the same segment.
        bytes: Vec<u8>,
        /// Whether WebSocket follows.
        open: bool,
    },
    /// Send a frame.
    Frame {
        /// The connection to send it on.
        peer: Peer,
        /// The frame.
        frame: Frame,
    },
    /// Close the connection cleanly.
    HangUp {
        /// The connection.
        peer: Peer,
    },
    /// A message for the POS.
    Deliver {
        /// The connection it arrived on.
        peer: Peer,
        /// The sender's pinpad id.
        pinpad_id: String,
        /// The message.
        text: String,
    },
    /// The terminal broke the WebSocket framing rules.
    Breach {
        /// The connection.
        peer: Peer,
        /// What the terminal sent.
        what: &'static str,
    },
    /// The broker refused the terminal's upgrade request because of its content.
    Complaint {
        /// The connection.
        peer: Peer,
        /// What the terminal sent.
        what: &'static str,
    },
    /// No open connection has this pinpad id.
    Unrouted {
        /// The pinpad id.
        pinpad_id: String,
    },
}

#[derive(Debug, Default)]
struct Connection {
    pinpad_id: String,
    open: bool,
    closing: bool,
    order: u64,
    message: Vec<u8>,
    assembling: bool,
}

/// The scriptable broker.
#[derive(Debug)]
pub struct Broker {
    settings: BrokerSettings,
    /// The address by which terminals reach the broker, if known.
    found_at: Option<Authority>,
    connections: BTreeMap<Peer, Connection>,
    opened: u64,
}

impl Broker {
    /// A broker without connections.
    #[must_use]
    pub fn new(settings: BrokerSettings) -> Self {
        Self { settings, found_at: None, connections: BTreeMap::new(), opened: 0 }
    }

    /// Sets the address by which terminals reach the broker; strict checks then refuse another Host or Origin.
    pub fn set_address(&mut self, host: String, port: u16, secure: bool) {
        self.found_at = Some(Authority { host, port, secure });
    }

    /// Replaces the settings; open connections stay open.
    pub fn configure(&mut self, settings: BrokerSettings) {
        self.settings = settings;
    }

    /// Handles an input and returns the outputs, in order.
    pub fn handle(&mut self, input: BrokerInput) -> Vec<BrokerOutput> {
        match input {
            BrokerInput::Asked { peer, head, names, is_terminal, answer } => {
                self.asked(peer, &head, (&names, is_terminal), answer)
            }
            BrokerInput::Frame { peer, frame } => self.frame(peer, &frame),
            BrokerInput::Ended { peer } => {
                self.connections.remove(&peer);
                Vec::new()
            }
            BrokerInput::Route { pinpad_id, text } => match self.route(&pinpad_id) {
                Some(peer) => vec![BrokerOutput::Frame { peer, frame: Frame::whole(opcode::TEXT, text) }],
                None => vec![BrokerOutput::Unrouted { pinpad_id }],
            },
            BrokerInput::Speak { peer, frame } => {
                if frame.opcode == opcode::CLOSE
                    && let Some(connection) = self.connections.get_mut(&peer)
                {
                    connection.closing = true;
                }
                vec![BrokerOutput::Frame { peer, frame }]
            }
        }
    }

    /// The newest open connection of a terminal, by the terminal's index in the world.
    #[must_use]
    pub fn open_connection(&self, terminal: u16) -> Option<Peer> {
        let open = self.connections.iter().filter(|(peer, c)| c.open && peer.terminal == terminal);
        open.max_by_key(|(_, c)| c.order).map(|(peer, _)| *peer)
    }

    /// The number of open connections.
    #[must_use]
    pub fn open_connection_count(&self) -> usize {
        self.connections.values().filter(|c| c.open).count()
    }

    /// The open connection with this pinpad id (CON-02): of several the newest, or the oldest if the settings say so.
    #[must_use]
    pub fn route(&self, pinpad_id: &str) -> Option<Peer> {
        let mine = self.connections.iter().filter(|(_, c)| c.open && c.pinpad_id == pinpad_id);
        let found = match self.settings.on_duplicate.as_str() {
            "oldest" => mine.min_by_key(|(_, c)| c.order),
            _ => mine.max_by_key(|(_, c)| c.order),
        };
        found.map(|(peer, _)| *peer)
    }

    fn asked(
        &mut self,
        peer: Peer,
        head: &Head,
        (names, is_terminal): (&[String], bool),
        answer: Option<String>,
    ) -> Vec<BrokerOutput> {
        let key = head.get("Sec-WebSocket-Key").unwrap_or_default();
        let pinpad_id = head.get("x-vfi-pinpad-id").unwrap_or_default().to_owned();
        let accept = handshake::accept(key);
        // Nothing is ever routed to an empty pinpad id, so it is not checked.
        let is_other = self.settings.checks_pinpad_id && !pinpad_id.is_empty() && !names.contains(&pinpad_id);
        let is_double =
            self.settings.on_duplicate == "refuse" && !pinpad_id.is_empty() && self.route(&pinpad_id).is_some();
        let is_strict = is_terminal && self.settings.upgrade_checks != "lenient";
        let refused = upgrade_checks::refused(head, self.found_at.as_ref()).filter(|_| is_strict && answer.is_none());
        let text = match (answer, refused) {
            (Some(text), _) => text.replace("{{accept}}", &accept),
            (None, Some(Refusal { status, header, .. })) => refusal(status, header),
            (None, None) if key.is_empty() => refusal("400 Bad Request", ""),
            (None, None) if is_other => refusal("403 Forbidden", ""),
            (None, None) if is_double => refusal("409 Conflict", ""),
            (None, None) => self.switching(&accept),
        };
        let open = text.split(' ').nth(1) == Some("101");
        let mut bytes = text.into_bytes();
        if open {
            if !self.settings.greeting.is_empty() {
                bytes.extend(Frame::whole(opcode::TEXT, self.settings.greeting.as_bytes()).encode());
            }
            let replaced = self.replaced(&pinpad_id);
            self.opened += 1;
            self.connections
                .insert(peer, Connection { pinpad_id, open: true, order: self.opened, ..Connection::default() });
            let mut out = vec![BrokerOutput::Answer { peer, bytes, open }];
            let both = self.settings.on_duplicate == "replace-both" && !replaced.is_empty();
            for old in replaced.into_iter().chain(both.then_some(peer)) {
                out.extend(self.close(old, REPLACED, "another connection with this pinpad id"));
            }
            return out;
        }
        let what = "a certificate that does not name its pinpad id";
        let what = refused.map(|refusal| refusal.what).or((is_other && !open).then_some(what));
        let complaint = what.map(|what| BrokerOutput::Complaint { peer, what });
        complaint.into_iter().chain([BrokerOutput::Answer { peer, bytes, open }]).collect()
    }

    /// The open connections that a new one with the same pinpad id replaces.
    fn replaced(&self, pinpad_id: &str) -> Vec<Peer> {
        if !self.settings.on_duplicate.starts_with("replace") || pinpad_id.is_empty() {
            return Vec::new();
        }
        let mine = self.connections.iter().filter(|(_, c)| c.open && c.pinpad_id == pinpad_id);
        mine.map(|(peer, _)| *peer).collect()
    }

    /// Closes a connection on the broker's own initiative.
    fn close(&mut self, peer: Peer, code: u16, why: &str) -> Option<BrokerOutput> {
        let connection = self.connections.get_mut(&peer)?;
        (connection.closing, connection.open) = (true, false);
        Some(BrokerOutput::Frame { peer, frame: Frame::close(Some(code), why) })
    }

    fn switching(&self, accept: &str) -> String {
        let protocol = match self.settings.subprotocol.as_str() {
            "none" => String::new(),
            name => format!("Sec-WebSocket-Protocol: {name}\r\n"),
        };
        format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\n{protocol}Server: sca-sim\r\n\r\n"
        )
    }

    fn frame(&mut self, peer: Peer, frame: &Frame) -> Vec<BrokerOutput> {
        let Some(connection) = self.connections.get_mut(&peer) else { return Vec::new() };
        let mut out = Vec::new();
        if frame.mask.is_none() {
            out.push(BrokerOutput::Breach { peer, what: "an unmasked frame" });
        }
        if frame.reserved != 0 {
            out.push(BrokerOutput::Breach { peer, what: "reserved bits without an extension" });
        }
        match frame.opcode {
            opcode::TEXT | opcode::BINARY | opcode::CONTINUE => out.extend(connection.data(peer, frame)),
            opcode::PING if self.settings.answers_pings => {
                let frame = Frame::whole(opcode::PONG, frame.payload.clone());
                out.push(BrokerOutput::Frame { peer, frame });
            }
            opcode::CLOSE => {
                let answer = self.settings.answers_close && !connection.closing;
                if answer {
                    let frame = Frame::whole(opcode::CLOSE, frame.payload.clone());
                    out.push(BrokerOutput::Frame { peer, frame });
                }
                if answer || connection.closing {
                    out.push(BrokerOutput::HangUp { peer });
                }
                connection.open = false;
            }
            opcode::PING | opcode::PONG => {}
            _ => out.push(BrokerOutput::Breach { peer, what: "an unknown opcode" }),
        }
        out
    }
}

fn refusal(status: &str, header: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{header}Connection: close\r\n\r\n")
}

impl Connection {
    fn data(&mut self, peer: Peer, frame: &Frame) -> Vec<BrokerOutput> {
        if (frame.opcode == opcode::CONTINUE) != self.assembling {
            return vec![BrokerOutput::Breach { peer, what: "a fragment out of order" }];
        }
        if self.message.len() + frame.payload.len() > MESSAGE_BYTES_MAX {
            return vec![BrokerOutput::Breach { peer, what: "a message over 1 MiB" }];
        }
        self.message.extend_from_slice(&frame.payload);
        self.assembling = !frame.last;
        if self.assembling {
            return Vec::new();
        }
        match String::from_utf8(std::mem::take(&mut self.message)) {
            Ok(text) => vec![BrokerOutput::Deliver { peer, pinpad_id: self.pinpad_id.clone(), text }],
            Err(_) => vec![BrokerOutput::Breach { peer, what: "a message that is not UTF-8" }],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_a_mebibyte_at_the_most() {
        let peer = Peer { terminal: 0, connection: 1 };
        for (bytes, is_taken) in
            [(MESSAGE_BYTES_MAX, true), (MESSAGE_BYTES_MAX + 1, false), (MESSAGE_BYTES_MAX + 2, false)]
        {
            let mut connection = Connection::default();
            let out = connection.data(peer, &Frame::whole(opcode::TEXT, vec![b'x'; bytes]));
            let breached = out.iter().any(|output| matches!(output, BrokerOutput::Breach { .. }));
            assert_eq!(breached, !is_taken, "{bytes}");
        }
    }
}
