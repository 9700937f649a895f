//! A blow: what a sweep does to a run, and at which place of it.

use std::fmt;
use std::str::FromStr;

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// RST at the broker's end.
    Reset,
    /// FIN at the broker's end without a close.
    Fin,
    /// Nothing gets through any more, both ways, until the terminal gives the connection up or ten minutes are over.
    Silence,
    /// The terminal's power fails, and is back two seconds later.
    Power,
}

/// Every kind, in the order of the strips.
pub const KINDS: [Kind; 4] = [Kind::Reset, Kind::Fin, Kind::Silence, Kind::Power];

/// Which part of a frame has passed when the blow falls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Nothing.
    Before,
    /// This many bytes of it, header included.
    Bytes(u32),
    /// All of it.
    After,
}

/// The places of a TLS handshake, in the order in which they are passed.
pub(crate) const TLS_PLACES: [&str; 4] = ["client-hello", "server-hello", "server-flight", "client-flight"];

/// Where a blow falls. Counts begin at 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Spot {
    /// Right after this event of the run.
    Event(u64),
    /// At a frame: anything the broker's end writes or reads, the upgrade and its answer included.
    Frame(u64, Part),
    /// In the first TLS handshake: the record, by its place in `TLS_PLACES`, and how many bytes of it have passed.
    Tls(usize, u32),
}

/// One blow of a sweep. As text it is what `sca-sim sweep --at` takes.
///
/// ```
/// use sca_runner::sweep::Blow;
///
/// let blow: Blow = "reset@frame:3:17".parse().unwrap();
/// assert_eq!(blow.to_string(), "reset@frame:3:17");
/// assert!("reset@nowhere".parse::<Blow>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Blow {
    /// Where.
    pub at: Spot,
    /// What.
    pub kind: Kind,
}

impl Kind {
    /// Its word.
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

impl fmt::Display for Blow {
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

/// What is no blow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected KIND@PLACE, as `reset@event:7`, `fin@frame:3:before`, `silence@frame:3:17`, `power@server-flight:0`; \
     kinds are reset, fin, silence and power"
)]
pub struct NoBlow;

impl FromStr for Blow {
    type Err = NoBlow;

    fn from_str(text: &str) -> Result<Self, NoBlow> {
        let (kind, place) = text.split_once('@').ok_or(NoBlow)?;
        let kind = KINDS.into_iter().find(|k| k.word() == kind).ok_or(NoBlow)?;
        let number = |text: &str| text.parse::<u64>().ok().filter(|n| *n > 0).ok_or(NoBlow);
        let words: Vec<&str> = place.split(':').collect();
        let at = match words[..] {
            ["event", n] => Spot::Event(number(n)?),
            ["frame", n, "before"] => Spot::Frame(number(n)?, Part::Before),
            ["frame", n, "after"] => Spot::Frame(number(n)?, Part::After),
            ["frame", n, bytes] => Spot::Frame(number(n)?, Part::Bytes(bytes.parse().map_err(|_| NoBlow)?)),
            [place, bytes] => {
                let place = TLS_PLACES.iter().position(|p| *p == place).ok_or(NoBlow)?;
                Spot::Tls(place, bytes.parse().map_err(|_| NoBlow)?)
            }
            _ => return Err(NoBlow),
        };
        Ok(Self { at, kind })
    }
}
