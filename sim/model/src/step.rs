//! The steps of a timeline: actions to perform and observations to expect.

use std::time::Duration;

use regex::Regex;
use sca_protocol::Line;
use sca_protocol::cards::{Card, Entry};
use sca_protocol::screens::ScreenName;

use super::fault::Fault;
use super::message::{Message, Test};
use super::who::{Count, TerminalIndex};
use crate::problem::Span;

/// One step of the timeline.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its position in the source.
    pub span: Span,
    /// The position of the call that inserted it, for a step of a story.
    pub called: Option<Span>,
    /// Its time since the start, in transcripts.
    pub stamp: Option<Duration>,
    /// The statement.
    pub action: Action,
}

impl Step {
    /// Creates a step that has no position in a source.
    #[must_use]
    pub fn made(action: Action) -> Self {
        Self { span: Span::default(), called: None, stamp: None, action }
    }
}

/// A statement of the timeline.
#[derive(Debug, Clone)]
pub enum Action {
    /// Sends a message as a POS or the broker.
    Send(Send),
    /// Expects an observation.
    Expect(Expect),
    /// `check`: compares the values or times of labels.
    Check(Relation, Vec<String>),
    /// `wait`: lets time pass.
    Wait(Duration),
    /// `end`: ends the run at once.
    End,
    /// `power`: switches a terminal on or off.
    Power {
        /// Whether the terminal is switched on.
        on: bool,
        /// The terminal.
        who: usize,
    },
    /// `cardholder`: an action of the cardholder.
    Cardholder {
        /// The terminal it is performed at.
        who: TerminalIndex,
        /// The action.
        act: CardholderAct,
    },
    /// `set`: changes a setting.
    Set(Set),
    /// `set terminal file`: stores a file on a flash, or removes one.
    File {
        /// The terminal.
        who: TerminalIndex,
        /// The path on the flash.
        path: String,
        /// The name of the asset to store there; without it, the file is removed.
        name: Option<String>,
    },
    /// `host` and `vhq`: changes the behaviour of a host.
    Host(HostAct),
    /// `broker stops`, `broker listens` and `dns`: changes the network around the brokers.
    Network(NetworkAct),
    /// `fault`: injects or arms a fault.
    Fault(Fault),
    /// `broker answers` and `proxy answers`: defines the HTTP answer to attempts.
    Answers {
        /// Whether the proxy answers rather than the broker.
        by_proxy: bool,
        /// The attempts or connections that get this answer.
        count: Count,
        /// The HTTP head, verbatim, and the body after it.
        lines: Vec<String>,
    },
    /// `any order`: expectations that may be met in any order.
    AnyOrder(Vec<Step>),
    /// `in order`: expectations that have to be met in this order, across lanes.
    InOrder(Vec<Step>),
    /// `together`: messages sent in one segment.
    Together(Vec<Step>),
    /// `throughout`: a display state that has to hold during the whole block.
    Throughout(TerminalIndex, Show, Vec<String>, Vec<Step>),
    /// `without`: an observation that is forbidden during the block.
    Without(Source, Pattern, Vec<String>, Vec<Step>),
    /// `optional`: a block that is required as a whole if an observation matches its first line, and skipped otherwise.
    Optional(Vec<Step>),
    /// `either … or …`: the branch whose first line matches the observation is required.
    Either(Vec<String>, Vec<Vec<Step>>),
}

impl Action {
    /// The blocks of steps in this statement; empty if it has none.
    #[must_use]
    pub fn blocks(&self) -> Vec<&[Step]> {
        match self {
            Self::AnyOrder(block)
            | Self::InOrder(block)
            | Self::Together(block)
            | Self::Throughout(_, _, _, block)
            | Self::Without(_, _, _, block)
            | Self::Optional(block) => vec![block],
            Self::Either(_, branches) => branches.iter().map(Vec::as_slice).collect(),
            _ => Vec::new(),
        }
    }

    /// The same blocks, mutable.
    pub fn blocks_mut(&mut self) -> Vec<&mut Vec<Step>> {
        match self {
            Self::AnyOrder(block)
            | Self::InOrder(block)
            | Self::Together(block)
            | Self::Throughout(_, _, _, block)
            | Self::Without(_, _, _, block)
            | Self::Optional(block) => vec![block],
            Self::Either(_, branches) => branches.iter_mut().collect(),
            _ => Vec::new(),
        }
    }
}

/// An action of a cardholder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CardholderAct {
    /// Presses a button by its label, or `cancel`.
    Presses(String),
    /// Enters a text and confirms it.
    Enters(String),
    /// Presents a card in this way.
    Presents(&'static Card, Entry),
    /// Removes the card from the reader.
    Removes,
    /// Signs on the screen.
    Signs,
}

/// A change of a host's behaviour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostAct {
    /// The host.
    pub party: Party,
    /// The settings to change and their new values.
    pub sets: Vec<(&'static str, String)>,
    /// The statement as it is printed.
    pub said: String,
}

/// A relation between labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// Captured numbers increase; of labelled moments, the pauses between them get longer (two moments only have to
    /// differ).
    Rising,
    /// No two captured values are equal; of labelled moments, no two neighbouring ones.
    Differ,
    /// All captured values or labelled moments are equal.
    Same,
}

impl Relation {
    /// Its word in the language.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Rising => "rising",
            Self::Differ => "differ",
            Self::Same => "same",
        }
    }
}

/// The sender of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaker {
    /// The broker itself.
    Broker,
    /// A POS: 0 is the one called `pos`, declared ones follow. On classic ports each POS has its own connections.
    Pos(usize),
}

/// A message to send.
#[derive(Debug, Clone)]
pub struct Send {
    /// The sender. A POS sends through the broker, or on a classic port.
    pub by: Speaker,
    /// The receiving terminal.
    pub to: TerminalIndex,
    /// The message.
    pub message: Message,
    /// Its label, if it has one.
    pub label: Option<String>,
}

/// An observation that is expected.
#[derive(Debug, Clone)]
pub struct Expect {
    /// The terminal that is observed.
    pub who: TerminalIndex,
    /// The observation.
    pub awaited: Awaited,
    /// The time limit, the exactness and the other suffixes.
    pub suffix: Suffix,
}

/// The observation of a terminal that an expectation awaits.
#[derive(Debug, Clone)]
pub enum Awaited {
    /// A message from the terminal to the POS.
    ToPos(Message),
    /// A message from the terminal to the broker: a control frame or the upgrade request.
    ToBroker(Message),
    /// A document from the terminal to a host.
    ToHost(Line, Message),
    /// A request from the terminal to the proxy.
    ToProxy(Message),
    /// A change of the link.
    Link(LinkObservation),
    /// The state of the screen or the icon.
    Show(Show),
}

impl Awaited {
    /// Whether the observation is a failure, a refusal or the absence of a field.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        match self {
            Self::Link(awaited) => {
                matches!(awaited, LinkObservation::Fails(..) | LinkObservation::FailsSomehow | LinkObservation::Loses)
            }
            Self::ToBroker(message) => matches!(message, Message::Close(..)),
            Self::Show(_) => false,
            Self::ToPos(Message::Fields(fields)) | Self::ToHost(_, Message::Fields(fields)) => {
                fields.tests.iter().any(Test::is_negative)
            }
            Self::ToPos(_) | Self::ToHost(..) | Self::ToProxy(_) => false,
        }
    }
}

/// An observation of the link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkObservation {
    /// The link is up.
    Connects,
    /// An attempt begins.
    Attempts,
    /// An attempt failed for this reason: the kind and, if given, the detail.
    Fails(String, Option<String>),
    /// An attempt failed for any reason.
    FailsSomehow,
    /// The link was up and is lost.
    Loses,
}

/// A state of the screen or the icon.
#[derive(Debug, Clone)]
pub enum Show {
    /// The screen.
    Screen {
        /// The name of the screen, if one is required.
        name: Option<ScreenName>,
        /// A text that the screen has to contain, if one is required.
        text: Option<String>,
        /// A pattern that the text has to match, if one is required.
        pattern: Option<Regex>,
        /// The conditions on its fields.
        tests: Vec<Test>,
    },
    /// The icon.
    Icon {
        /// Whether it shows connected.
        connected: bool,
        /// The file the icon is read from, if one is required: the name of an asset, or `default`.
        file: Option<String>,
    },
}

/// The suffixes of a statement: time limit, exactness, labels and clauses.
#[derive(Debug, Clone, Default)]
pub struct Suffix {
    /// `after failures`: failed attempts before the observation are skipped.
    pub after_failures: bool,
    /// `within`: the time limit.
    pub within: Option<Within>,
    /// `exactly`: these fields in this order, and no others.
    pub exactly: bool,
    /// `bytes`: the message is compared byte for byte.
    pub bytes: bool,
    /// `as`: the label of this line.
    pub label: Option<String>,
    /// `re`: the label of the request that the message answers, with its position in the source.
    pub re: Option<(String, Span)>,
    /// `covers`: the clauses that this line is evidence for.
    pub covers: Vec<String>,
}

/// A time limit or window.
#[derive(Debug, Clone)]
pub struct Within {
    /// The earliest time allowed, if there is one.
    pub from: Option<Duration>,
    /// The latest time allowed.
    pub to: Duration,
    /// The label to count from; without it, counting starts when the line becomes current.
    pub of: Option<String>,
}

/// A change of a setting.
#[derive(Debug, Clone)]
pub struct Set {
    /// The party.
    pub party: Party,
    /// The name of the setting.
    pub name: String,
    /// The new value.
    pub value: String,
}

/// A change of the network with its source text.
#[derive(Debug, Clone)]
pub struct NetworkAct {
    /// What changes.
    pub change: NetworkChange,
    /// The statement as it is printed.
    pub said: String,
}

/// A change of the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NetworkChange {
    /// A broker stops listening or listens again; open connections stay open.
    Listens {
        /// The broker; 0 is the one called `broker`.
        broker: usize,
        /// Whether it listens from now on.
        on: bool,
    },
    /// A host name resolves to another broker's address from now on, or to none.
    Name {
        /// The host name, without a port.
        name: String,
        /// The broker whose address it resolves to; without one, it does not resolve.
        broker: Option<usize>,
    },
}

/// A party whose settings can be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// A terminal, by its index.
    Terminal(TerminalIndex),
    /// A broker: 0 is the one called `broker`, the others follow in order of declaration.
    Broker(usize),
    /// The payment host.
    Host,
    /// The estate host.
    Vhq,
}

/// The kind of observation that `without` and `ignore` apply to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Messages from a terminal to the POS.
    ToPos(TerminalIndex),
    /// Control frames and HTTP requests from a terminal to the broker.
    ToBroker(TerminalIndex),
    /// Documents from a terminal to a host.
    ToHost(TerminalIndex, Line),
    /// A change of a terminal's link.
    Link(TerminalIndex, LinkObservation),
}

/// The messages of a source that are meant; all of them if there is no message.
#[derive(Debug, Clone, Default)]
pub struct Pattern(pub Option<Message>);
