//! The timeline as a value: what is played, and what is expected to be seen.

use std::time::Duration;

use regex::Regex;
use sca_protocol::Line;
use sca_protocol::cards::{Card, Entry};
use sca_protocol::screens::ScreenName;

use super::fault::Fault;
use super::message::{Message, Test};
use super::who::{Count, Who};
use crate::problem::Span;

/// One step of the timeline.
#[derive(Debug, Clone)]
pub struct Step {
    /// Where it stands.
    pub span: Span,
    /// Where the call stands that brought it in, for a story's step.
    pub called: Option<Span>,
    /// Its stamp, in transcripts.
    pub stamp: Option<Duration>,
    /// What it is.
    pub action: Action,
}

impl Step {
    /// A step that no file holds.
    #[must_use]
    pub fn made(action: Action) -> Self {
        Self { span: Span::default(), called: None, stamp: None, action }
    }
}

/// What a step is.
#[derive(Debug, Clone)]
pub enum Action {
    /// A message that we send.
    Send(Send),
    /// Something we expect to see.
    Expect(Expect),
    /// `check`: how labelled values relate.
    Check(Relation, Vec<String>),
    /// `wait`.
    Wait(Duration),
    /// `end`: the run ends here.
    End,
    /// `power`.
    Power {
        /// On or off.
        on: bool,
        /// Whose.
        who: usize,
    },
    /// `cardholder`.
    Cardholder {
        /// At which terminal.
        who: Who,
        /// What is done.
        act: CardholderAct,
    },
    /// `set`.
    Set(Set),
    /// `set terminal file`: a file is put on a flash, or taken away.
    File {
        /// On which terminal's.
        who: Who,
        /// Where.
        path: String,
        /// The asset that stands there from now on; none for nothing.
        name: Option<String>,
    },
    /// `host` and `vhq`: how a host behaves from now on.
    Host(HostAct),
    /// The network around the brokers changes.
    Network(NetworkAct),
    /// `fault`.
    Fault(Fault),
    /// `broker answers` and `proxy answers`.
    Answers {
        /// Whether the proxy answers.
        by_proxy: bool,
        /// Which attempts or connections.
        count: Count,
        /// The head, verbatim, and what follows it.
        lines: Vec<String>,
    },
    /// `any order`.
    AnyOrder(Vec<Step>),
    /// `in order`.
    InOrder(Vec<Step>),
    /// `together`: messages in one segment.
    Together(Vec<Step>),
    /// `throughout`: a state that holds at every moment of the block.
    Throughout(Who, Show, Vec<String>, Vec<Step>),
    /// `without`: an observation that is forbidden during the block.
    Without(Source, Pattern, Vec<String>, Vec<Step>),
    /// `optional`: demanded as a whole if what comes fits its first line, and left out otherwise.
    Optional(Vec<Step>),
    /// `either … or …`: the branch is demanded whose first line fits what comes.
    Either(Vec<String>, Vec<Vec<Step>>),
}

impl Action {
    /// The blocks of steps within it; none for a step that has none.
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

    /// The same, to be changed.
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

/// What a cardholder does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CardholderAct {
    /// Presses a button by its label, or `cancel`.
    Presses(String),
    /// Enters a text and confirms it.
    Enters(String),
    /// Presents a card, by its name.
    Presents(&'static Card, Entry),
    /// Takes the card out of the reader.
    Removes,
    /// Signs on the screen.
    Signs,
}

/// How a host behaves from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostAct {
    /// Which host.
    pub party: Party,
    /// Settings and their values.
    pub sets: Vec<(&'static str, String)>,
    /// The statement, as it is written.
    pub said: String,
}

/// How labelled values relate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// Each pause between labelled moments is longer than the one before.
    Rising,
    /// No two are alike.
    Differ,
    /// All are alike.
    Same,
}

impl Relation {
    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Rising => "rising",
            Self::Differ => "differ",
            Self::Same => "same",
        }
    }
}

/// Who sends a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaker {
    /// The broker itself.
    Broker,
    /// A POS: the one called `pos` is 0, declared ones follow. On classic ports each has calls of its own.
    Pos(usize),
}

/// A message that we send.
#[derive(Debug, Clone)]
pub struct Send {
    /// By whom: a POS speaks through the broker, or on a classic port.
    pub by: Speaker,
    /// To which terminal.
    pub to: Who,
    /// What.
    pub message: Message,
    /// Its label.
    pub label: Option<String>,
}

/// Something we expect to see.
#[derive(Debug, Clone)]
pub struct Expect {
    /// Of which terminal.
    pub who: Who,
    /// What.
    pub sight: Sight,
    /// By when, and how exactly.
    pub suffix: Suffix,
}

/// What can be seen of a terminal.
#[derive(Debug, Clone)]
pub enum Sight {
    /// A message to the POS.
    ToPos(Message),
    /// A message to the broker: a control frame or the request for the upgrade.
    ToBroker(Message),
    /// A document to a host.
    ToHost(Line, Message),
    /// A request to the proxy.
    ToProxy(Message),
    /// The link.
    Link(LinkSight),
    /// The screen or the icon.
    Show(Show),
}

impl Sight {
    /// Whether it is a refusal or an absence that is seen.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        match self {
            Self::Link(sight) => matches!(sight, LinkSight::Fails(..) | LinkSight::FailsSomehow | LinkSight::Loses),
            Self::ToBroker(message) => matches!(message, Message::Close(..)),
            Self::Show(_) => false,
            Self::ToPos(Message::Fields(fields)) | Self::ToHost(_, Message::Fields(fields)) => {
                fields.tests.iter().any(Test::is_negative)
            }
            Self::ToPos(_) | Self::ToHost(..) | Self::ToProxy(_) => false,
        }
    }
}

/// What can be seen of the link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkSight {
    /// It is up.
    Connects,
    /// An attempt begins.
    Attempts,
    /// An attempt failed, for a reason: its first word and perhaps its second.
    Fails(String, Option<String>),
    /// An attempt failed, whatever the reason.
    FailsSomehow,
    /// It was up and is lost.
    Loses,
}

/// What a screen or an icon shows.
#[derive(Debug, Clone)]
pub enum Show {
    /// A screen.
    Screen {
        /// Its name, where one is demanded.
        name: Option<ScreenName>,
        /// Its text, or a part of it.
        text: Option<String>,
        /// What its text matches.
        pattern: Option<Regex>,
        /// What is demanded of its fields.
        tests: Vec<Test>,
    },
    /// The icon.
    Icon {
        /// Whether it says connected.
        connected: bool,
        /// The file it is read from, where one is demanded: the name of an asset, or `default`.
        file: Option<String>,
    },
}

/// By when, how exactly, and what for.
#[derive(Debug, Clone, Default)]
pub struct Suffix {
    /// `after failures`: attempts that fail before it are passed over.
    pub after_failures: bool,
    /// `within`.
    pub within: Option<Within>,
    /// These fields in this order, and no others.
    pub exactly: bool,
    /// To the byte.
    pub bytes: bool,
    /// `as`.
    pub label: Option<String>,
    /// `re`.
    pub re: Option<(String, Span)>,
    /// `covers`.
    pub covers: Vec<String>,
}

/// A window of time.
#[derive(Debug, Clone)]
pub struct Within {
    /// Not before this.
    pub from: Option<Duration>,
    /// Not after this.
    pub to: Duration,
    /// Counted from this label, or from the moment the line became current.
    pub of: Option<String>,
}

/// `set`.
#[derive(Debug, Clone)]
pub struct Set {
    /// Whose.
    pub party: Party,
    /// The setting.
    pub name: String,
    /// The value.
    pub value: String,
}

/// A change of the network, and how it is written.
#[derive(Debug, Clone)]
pub struct NetworkAct {
    /// What changes.
    pub change: NetworkChange,
    /// The line.
    pub said: String,
}

/// What changes in the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NetworkChange {
    /// A broker stops listening, or listens again; connections that are open stay open.
    Listens {
        /// Which.
        broker: usize,
        /// Whether it listens from now on.
        on: bool,
    },
    /// A name leads to the address of this broker from now on; to none where there is none.
    Name {
        /// The name, without its port.
        name: String,
        /// Whose address it has.
        broker: Option<usize>,
    },
}

/// Who can be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// A terminal.
    Terminal(Who),
    /// A broker: 0 is the one called `broker`, the others follow in the order of their declaration.
    Broker(usize),
    /// The payment host.
    Host,
    /// The estate host.
    Vhq,
}

/// What an observation comes from, for `without` and `ignore`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Messages to the POS.
    ToPos(Who),
    /// Control frames and requests to the broker.
    ToBroker(Who),
    /// Documents to a host.
    ToHost(Who, Line),
    /// The link.
    Link(Who, LinkSight),
}

/// Which of them; nothing for all.
#[derive(Debug, Clone, Default)]
pub struct Pattern(pub Option<Message>);
