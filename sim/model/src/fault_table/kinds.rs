//! The kinds of `fault …`: one row each, which parser, printer, coverage, explorer, editor and the pages read. What a
//! kind does to the bytes is in the crate `faults`, file `effects.rs`.

use std::time::Duration;

use super::class::FaultClass;

/// The kind of a fault, as plain data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// The broker's port is closed: attempts are refused.
    Refuse,
    /// The host name cannot be resolved.
    Dns,
    /// Packets to the broker get no reply, not even a SYN.
    Unanswered,
    /// The host name has two addresses, of which the first is dead: its port is closed (`refuses`), or packets to it
    /// get no reply (`unanswered`).
    FirstAddress(&'static str),
    /// The connection is reset (RST).
    Reset,
    /// The connection is closed (FIN) without a WebSocket close.
    Fin,
    /// No data arrives any more, in one direction or in both.
    Silence(Option<Toward>),
    /// Sets the latency, in one direction or in both.
    Latency(Duration, Option<Toward>),
    /// Adds a random delay up to this long to the latency.
    Jitter(Duration, Option<Toward>),
    /// Limits the bandwidth, in bytes per second.
    Throttle(u64, Option<Toward>),
    /// Limits the size of a segment, in bytes.
    Segment(u64, Option<Toward>),
    /// A message is lost.
    Lose,
    /// A message is delivered twice.
    Duplicate,
    /// A message is delivered after the one that follows it.
    Swap,
    /// A message is delivered this much later, without delaying the messages after it.
    Late(Duration),
    /// The broker updates its keys within a TLS 1.3 connection.
    KeyUpdate,
    /// A byte is inverted.
    Corrupt,
    /// The broker answers the ClientHello with a fatal alert (`alert`), with garbage (`garbage`) or with plain HTTP
    /// (`plain`).
    Tls(&'static str),
}

/// A direction of traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Toward {
    /// To the terminal.
    Terminal,
    /// From the terminal to the broker.
    Broker,
}

/// What a kind affects, which decides where a scenario may write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Affects {
    /// The outcome of an attempt, before the connection is established.
    Attempt,
    /// An open connection, or one being opened: it ends or falls silent.
    Connection,
    /// The traffic, which is shaped while every connection goes on.
    Traffic,
    /// A single message.
    Message,
    /// A byte of a TLS record.
    Record,
    /// The keys of an open connection.
    Keys,
}

/// What a kind cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing.
    Nothing,
    /// A broker that is given by name: an address is not looked up.
    HostName,
    /// A broker over wss.
    Tls,
}

/// One word after that of the kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Argument {
    /// Always this word.
    Keyword(&'static str),
    /// One of a few words: what they are called, and the words.
    Choice(&'static str, &'static [&'static str]),
    /// A duration; those that the explorer draws, in milliseconds, from the first to the last.
    Time {
        /// Whether zero has an effect too.
        may_be_zero: bool,
        /// The least and the greatest that the explorer draws, in milliseconds.
        drawn: (u64, u64),
    },
    /// A whole number.
    Number {
        /// What it counts, with its limits, as an error says it.
        what: &'static str,
        /// The greatest; the least is 1.
        most: u64,
        /// The least and the greatest that the explorer draws.
        drawn: (u64, u64),
    },
    /// `to terminal` or `from terminal`, which may be left out.
    Direction,
}

/// The values of the arguments of a kind, each with a default for kinds that do not take it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Values {
    /// The value of [`Argument::Choice`].
    pub choice: &'static str,
    /// The value of [`Argument::Time`].
    pub time: Duration,
    /// The value of [`Argument::Number`].
    pub number: u64,
    /// The value of [`Argument::Direction`].
    pub toward: Option<Toward>,
}

/// How the explorer uses a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Explored {
    /// At once, for ever or for a while, in both directions.
    AtOnce,
    /// For a while, in both directions.
    Lasting,
    /// For a while, in one direction.
    OneWay,
    /// For a while, with a cut before: the broker cannot be reached.
    Away,
    /// On a request.
    AtRequest,
    /// On an answer.
    AtReply,
    /// Before an answer.
    BeforeReply,
    /// After an answer.
    AfterReply,
}

/// All that is said of one kind.
#[derive(Debug)]
pub struct KindRow {
    /// The word after `fault`.
    pub word: &'static str,
    /// The words after it.
    pub takes: &'static [Argument],
    /// The kind with these values of its arguments.
    pub make: fn(Values) -> FaultKind,
    /// What it affects.
    pub affects: Affects,
    /// What it cannot do without.
    pub needs: Needs,
    /// The class that coverage counts it under.
    pub class: FaultClass,
    /// Whether real sockets can play it.
    pub on_sockets: bool,
    /// How the explorer uses it.
    pub explored: &'static [Explored],
}

const DELAY: Argument = Argument::Time { may_be_zero: false, drawn: (1, 3_000) };

/// The row of a kind that needs nothing, plays on sockets too and is left alone by the explorer.
const fn row(
    word: &'static str,
    takes: &'static [Argument],
    make: fn(Values) -> FaultKind,
    affects: Affects,
    class: FaultClass,
) -> KindRow {
    KindRow { word, takes, make, affects, needs: Needs::Nothing, class, on_sockets: true, explored: &[] }
}

/// Every kind, in the order in which help lists them.
pub static KINDS: &[KindRow] = &[
    KindRow {
        explored: &[Explored::Away],
        ..row("refuse", &[], |_| FaultKind::Refuse, Affects::Attempt, FaultClass::Dial)
    },
    KindRow {
        needs: Needs::HostName,
        explored: &[Explored::Away],
        ..row("dns", &[Argument::Keyword("unknown")], |_| FaultKind::Dns, Affects::Attempt, FaultClass::Dial)
    },
    KindRow {
        explored: &[Explored::Away],
        ..row("unanswered", &[], |_| FaultKind::Unanswered, Affects::Attempt, FaultClass::Dial)
    },
    KindRow {
        needs: Needs::HostName,
        explored: &[Explored::Away],
        ..row(
            "first-address",
            &[Argument::Choice("a way in which an address fails", &["refuses", "unanswered"])],
            |values| FaultKind::FirstAddress(values.choice),
            Affects::Attempt,
            FaultClass::Dial,
        )
    },
    KindRow {
        explored: &[Explored::AtOnce, Explored::BeforeReply, Explored::AfterReply],
        ..row("reset", &[], |_| FaultKind::Reset, Affects::Connection, FaultClass::Reset)
    },
    KindRow {
        explored: &[Explored::AtOnce],
        ..row("fin", &[], |_| FaultKind::Fin, Affects::Connection, FaultClass::End)
    },
    KindRow {
        explored: &[Explored::AtOnce, Explored::OneWay],
        ..row(
            "silence",
            &[Argument::Direction],
            |values| FaultKind::Silence(values.toward),
            Affects::Connection,
            FaultClass::Silence,
        )
    },
    KindRow {
        on_sockets: false,
        explored: &[Explored::Lasting],
        ..row(
            "latency",
            &[Argument::Time { may_be_zero: true, drawn: (1, 3_000) }, Argument::Direction],
            |values| FaultKind::Latency(values.time, values.toward),
            Affects::Traffic,
            FaultClass::Slow,
        )
    },
    KindRow {
        on_sockets: false,
        explored: &[Explored::Lasting],
        ..row(
            "jitter",
            &[DELAY, Argument::Direction],
            |values| FaultKind::Jitter(values.time, values.toward),
            Affects::Traffic,
            FaultClass::Slow,
        )
    },
    KindRow {
        on_sockets: false,
        explored: &[Explored::Lasting],
        ..row(
            "throttle",
            &[
                Argument::Number { what: "bytes a second, from 1", most: 1_000_000_000, drawn: (100, 5_000) },
                Argument::Direction,
            ],
            |values| FaultKind::Throttle(values.number, values.toward),
            Affects::Traffic,
            FaultClass::Slow,
        )
    },
    KindRow {
        explored: &[Explored::Lasting],
        ..row(
            "segment",
            &[
                Argument::Number { what: "bytes a segment, from 1 to 65535", most: 65_535, drawn: (1, 16) },
                Argument::Direction,
            ],
            |values| FaultKind::Segment(values.number, values.toward),
            Affects::Traffic,
            FaultClass::Slow,
        )
    },
    KindRow {
        explored: &[Explored::AtRequest, Explored::AtReply],
        ..row("lose", &[], |_| FaultKind::Lose, Affects::Message, FaultClass::Message)
    },
    KindRow {
        explored: &[Explored::AtRequest],
        ..row("duplicate", &[], |_| FaultKind::Duplicate, Affects::Message, FaultClass::Message)
    },
    row("swap", &[], |_| FaultKind::Swap, Affects::Message, FaultClass::Message),
    KindRow {
        explored: &[Explored::AtRequest, Explored::AtReply],
        ..row(
            "late",
            &[Argument::Time { may_be_zero: false, drawn: (5_000, 5_000) }],
            |values| FaultKind::Late(values.time),
            Affects::Message,
            FaultClass::Message,
        )
    },
    KindRow { needs: Needs::Tls, ..row("key-update", &[], |_| FaultKind::KeyUpdate, Affects::Keys, FaultClass::Tls) },
    KindRow { needs: Needs::Tls, ..row("corrupt", &[], |_| FaultKind::Corrupt, Affects::Record, FaultClass::Tls) },
    KindRow {
        needs: Needs::Tls,
        ..row(
            "tls",
            &[Argument::Choice("a TLS fault", &["alert", "garbage", "plain"])],
            |values| FaultKind::Tls(values.choice),
            Affects::Attempt,
            FaultClass::Tls,
        )
    },
];

/// The row of a word; none if no kind has that word.
#[must_use]
pub fn kind_row(word: &str) -> Option<&'static KindRow> {
    KINDS.iter().find(|row| row.word == word)
}

/// The words of the kinds for which something holds, as a list for a sentence: `lose, duplicate and swap`.
pub fn words_where(holds: impl Fn(&KindRow) -> bool) -> String {
    let words: Vec<&str> = KINDS.iter().filter(|row| holds(row)).map(|row| row.word).collect();
    match words.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}

impl FaultKind {
    /// The word of this kind, and the values of its arguments.
    fn parts(self) -> (&'static str, Values) {
        let none = Values::default();
        match self {
            Self::Refuse => ("refuse", none),
            Self::Dns => ("dns", none),
            Self::Unanswered => ("unanswered", none),
            Self::FirstAddress(choice) => ("first-address", Values { choice, ..none }),
            Self::Reset => ("reset", none),
            Self::Fin => ("fin", none),
            Self::Silence(toward) => ("silence", Values { toward, ..none }),
            Self::Latency(time, toward) => ("latency", Values { time, toward, ..none }),
            Self::Jitter(time, toward) => ("jitter", Values { time, toward, ..none }),
            Self::Throttle(number, toward) => ("throttle", Values { number, toward, ..none }),
            Self::Segment(number, toward) => ("segment", Values { number, toward, ..none }),
            Self::Lose => ("lose", none),
            Self::Duplicate => ("duplicate", none),
            Self::Swap => ("swap", none),
            Self::Late(time) => ("late", Values { time, ..none }),
            Self::KeyUpdate => ("key-update", none),
            Self::Corrupt => ("corrupt", none),
            Self::Tls(choice) => ("tls", Values { choice, ..none }),
        }
    }

    /// The values of the arguments.
    #[must_use]
    pub fn values(self) -> Values {
        self.parts().1
    }

    /// The row of this kind.
    ///
    /// # Panics
    ///
    /// Never: a test finds the row of every kind.
    #[must_use]
    pub fn row(self) -> &'static KindRow {
        let word = self.parts().0;
        KINDS.iter().find(|row| row.word == word).expect("every kind has a row")
    }

    /// Whether the fault decides the outcome of an attempt before the connection is established.
    #[must_use]
    pub fn decides_attempt(self) -> bool {
        self.row().affects == Affects::Attempt
    }

    /// Whether the fault affects a single message.
    #[must_use]
    pub fn affects_message(self) -> bool {
        self.row().affects == Affects::Message
    }

    /// Whether the fault only shapes the traffic and ends no connection.
    #[must_use]
    pub fn shapes_traffic(self) -> bool {
        self.row().affects == Affects::Traffic
    }
}

#[cfg(test)]
mod tests;
