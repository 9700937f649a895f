//! An injection: one fault that a sweep adds to a run, and its place in the run.

use std::fmt;
use std::str::FromStr;

use sca_model::fault_table::FaultKind;
use sca_network::End;

use crate::effects::end_of;

/// The kind of fault that is injected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// RST at the broker's end.
    Reset,
    /// FIN at the broker's end, without a Close frame.
    Fin,
    /// Nothing passes in either direction, until the terminal gives up the connection or ten minutes have passed.
    Silence,
    /// The terminal loses power, which returns two seconds later.
    Power,
}

/// All kinds, in the order of the strips in reports.
pub const KINDS: [Kind; 4] = [Kind::Reset, Kind::Fin, Kind::Silence, Kind::Power];

/// How much of a frame has passed when the fault is injected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Nothing of it.
    Before,
    /// This many bytes, header included.
    Bytes(u32),
    /// All of it.
    After,
}

/// The handshake records at which faults are injected, in their order.
pub const TLS_PLACES: [&str; 4] = ["client-hello", "server-hello", "server-flight", "client-flight"];

/// The place of an injection in a run. Counts start at 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Spot {
    /// Directly after the event with this number.
    Event(u64),
    /// At the frame with this number: anything the broker's end writes or reads, including the upgrade and its answer.
    Frame(u64, Part),
    /// In the first TLS handshake: the record, as an index of `TLS_PLACES`, and the number of its bytes that have
    /// passed.
    Tls(usize, u32),
}

/// One injection of a sweep. Its text form is the value of `sca-sim sweep --at`.
///
/// ```
/// use sca_faults::probe::injection::Injection;
///
/// let injection: Injection = "reset@frame:3:17".parse().unwrap();
/// assert_eq!(injection.to_string(), "reset@frame:3:17");
/// assert!("reset@nowhere".parse::<Injection>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Injection {
    /// The place.
    pub at: Spot,
    /// The kind of fault.
    pub kind: Kind,
}

impl Kind {
    /// The fault that it amounts to; none for a loss of power.
    #[must_use]
    pub fn fault(self) -> Option<FaultKind> {
        match self {
            Self::Reset => Some(FaultKind::Reset),
            Self::Fin => Some(FaultKind::Fin),
            Self::Silence => Some(FaultKind::Silence(None)),
            Self::Power => None,
        }
    }

    /// How it ends a connection. A terminal without power falls silent.
    pub fn end(self) -> End {
        self.fault().and_then(|kind| end_of(kind, false)).unwrap_or(End::Silence)
    }

    /// The word for the kind, as in the text form.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Fin => "fin",
            Self::Silence => "silence",
            Self::Power => "power",
        }
    }
}

impl fmt::Display for Injection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind.word();
        match self.at {
            Spot::Event(n) => write!(f, "{kind}@event:{n}"),
            Spot::Frame(n, Part::Before) => write!(f, "{kind}@frame:{n}:before"),
            Spot::Frame(n, Part::Bytes(bytes)) => write!(f, "{kind}@frame:{n}:{bytes}"),
            Spot::Frame(n, Part::After) => write!(f, "{kind}@frame:{n}:after"),
            Spot::Tls(place, bytes) => write!(f, "{kind}@{}:{bytes}", TLS_PLACES[place.min(3)]),
        }
    }
}

/// The error for a text that is not an injection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected KIND@PLACE, for example `reset@event:7`, `fin@frame:3:before`, `silence@frame:3:17`, \
     `power@server-flight:0`; \
     kinds are reset, fin, silence and power"
)]
pub struct ParseInjectionError;

impl FromStr for Injection {
    type Err = ParseInjectionError;

    fn from_str(text: &str) -> Result<Self, ParseInjectionError> {
        let (kind, place) = text.split_once('@').ok_or(ParseInjectionError)?;
        let kind = KINDS.into_iter().find(|k| k.word() == kind).ok_or(ParseInjectionError)?;
        let number = |text: &str| text.parse::<u64>().ok().filter(|n| *n > 0).ok_or(ParseInjectionError);
        let words: Vec<&str> = place.split(':').collect();
        let at = match words[..] {
            ["event", n] => Spot::Event(number(n)?),
            ["frame", n, "before"] => Spot::Frame(number(n)?, Part::Before),
            ["frame", n, "after"] => Spot::Frame(number(n)?, Part::After),
            ["frame", n, bytes] => {
                Spot::Frame(number(n)?, Part::Bytes(bytes.parse().map_err(|_| ParseInjectionError)?))
            }
            [place, bytes] => {
                let place = TLS_PLACES.iter().position(|p| *p == place).ok_or(ParseInjectionError)?;
                Spot::Tls(place, bytes.parse().map_err(|_| ParseInjectionError)?)
            }
            _ => return Err(ParseInjectionError),
        };
        Ok(Self { at, kind })
    }
}
