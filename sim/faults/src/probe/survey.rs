//! The survey of an undisturbed run: every place where a fault can be injected, with a digest of everything before it.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::injection::{Part, Spot};

/// Long runs repeat themselves; of similar places this many are kept.
const ALIKE_MAX: u32 = 3;
/// A run with at most this many places is kept whole.
const SHORT: usize = 600;

/// In a large message, faults are injected at every byte this near to an end, and at every `STRIDE`th byte in between.
const NEAR: u32 = 1_024;
const STRIDE: u32 = 997;

/// A place where a fault can be injected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Where it is.
    pub spot: Spot,
    /// Digest of everything before this place: places with equal digests need one visit.
    pub prefix: u64,
    /// Whether there is a connection that a fault can hit.
    pub has_connection: bool,
    /// Whether the terminal has power.
    pub has_power: bool,
    /// The bytes of a frame that our side writes; `None` for other places and for frames of the terminal, which count
    /// whole only.
    pub size: Option<u32>,
    looks: u64,
}

/// The survey of one run.
#[derive(Debug)]
pub struct Survey {
    digest: u64,
    /// The places in the order in which the run passed them.
    pub places: Vec<Place>,
    /// Whether a TLS handshake took place.
    pub has_handshake: bool,
}

fn digest(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

impl Survey {
    /// A digest of a value, from its debug form.
    pub fn digest_of(what: &impl Debug) -> u64 {
        digest(format!("{what:?}"))
    }

    /// A survey of a run in a world with this set-up, the lines of its script included: what follows an injection depends on
    /// them.
    pub fn new(world: &impl Debug) -> Self {
        Self { digest: digest(format!("{world:?}")), places: Vec::new(), has_handshake: false }
    }

    /// Adds an event or action to the digest.
    pub fn saw(&mut self, what: &impl Debug) {
        self.digest = digest((self.digest, format!("{what:?}")));
    }

    /// Adds a place. `looks` describes it without times and numbers.
    pub fn pass(&mut self, spot: Spot, has_connection: bool, has_power: bool, size: Option<u32>, looks: &str) {
        let prefix = digest((self.digest, spot));
        self.places.push(Place { spot, prefix, has_connection, has_power, size, looks: digest(looks) });
    }

    /// The places worth a visit, and the number of similar places left out.
    pub fn places(&self) -> (Vec<Place>, usize) {
        if self.places.len() <= SHORT {
            return (self.places.clone(), 0);
        }
        let mut alike: BTreeMap<u64, u32> = BTreeMap::new();
        let is_kept = |place: &&Place| {
            let count = alike.entry(place.looks).or_default();
            *count += 1;
            *count <= ALIKE_MAX
        };
        let kept: Vec<Place> = self.places.iter().filter(is_kept).copied().collect();
        let left = self.places.len() - kept.len();
        (kept, left)
    }
}

impl Place {
    /// The injection places for this place: for a frame before it, within it and after it, or with `bytes` after each
    /// byte.
    pub fn spots(&self, bytes: bool) -> Vec<Spot> {
        let Spot::Frame(n, _) = self.spot else { return vec![self.spot] };
        let mut spots = vec![Spot::Frame(n, Part::Before)];
        if let Some(size) = self.size.filter(|size| *size > 1) {
            let is_near_an_end = |count: u32| count <= NEAR || count + NEAR >= size;
            let within = (1..size).filter(|count| match bytes {
                true => size <= 4 * NEAR || is_near_an_end(*count) || count.is_multiple_of(STRIDE),
                // One byte, which is half a frame header.
                false => *count == 1,
            });
            spots.extend(within.map(|count| Spot::Frame(n, Part::Bytes(count))));
        }
        spots.push(Spot::Frame(n, Part::After));
        spots
    }
}
