//! What a sweep learns from one undisturbed run: every place where a blow can fall, and a digest of all that leads there.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::blow::{Part, Spot};

/// A long run repeats itself; of events that look alike so many are kept.
const ALIKE_MAX: u32 = 3;
/// A run with fewer places is kept whole.
const SHORT: usize = 600;

/// In a large message every byte so near an end is struck, and between them every `STRIDE`th.
const NEAR: u32 = 1_024;
const STRIDE: u32 = 997;

/// A place where a blow can fall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) spot: Spot,
    /// Digest of all that led here: equal ones need one visit.
    pub(crate) prefix: u64,
    /// Whether there is a connection that can be struck.
    pub(crate) has_connection: bool,
    /// Whether the terminal has power.
    pub(crate) has_power: bool,
    /// Bytes of a frame that our side writes; none for what the terminal writes, of which only whole frames count.
    pub(crate) size: Option<u32>,
    looks: u64,
}

/// The notes of one run.
#[derive(Debug)]
pub(crate) struct Survey {
    digest: u64,
    pub(crate) places: Vec<Place>,
    /// Whether a TLS handshake took place.
    pub(crate) has_handshake: bool,
}

fn digest(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

impl Survey {
    /// A digest of what a place depends on.
    pub(crate) fn digest_of(what: &impl Debug) -> u64 {
        digest(format!("{what:?}"))
    }

    /// Notes of a run in a world that is set up like this.
    pub(crate) fn new(world: &impl Debug) -> Self {
        Self { digest: digest(format!("{world:?}")), places: Vec::new(), has_handshake: false }
    }

    /// Something happened, or was done.
    pub(crate) fn saw(&mut self, what: &impl Debug) {
        self.digest = digest((self.digest, format!("{what:?}")));
    }

    /// A place is passed. `looks` says what it looks like, times and numbers aside.
    pub(crate) fn pass(&mut self, spot: Spot, has_connection: bool, has_power: bool, size: Option<u32>, looks: &str) {
        let prefix = digest((self.digest, spot));
        self.places.push(Place { spot, prefix, has_connection, has_power, size, looks: digest(looks) });
    }

    /// The places worth a visit, and how many look like them and are left out.
    pub(crate) fn places(&self) -> (Vec<Place>, usize) {
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
    /// The spots of this place: a frame has one before it, one within and one after, or with `bytes`
    /// one after each byte.
    pub(crate) fn spots(&self, bytes: bool) -> Vec<Spot> {
        let Spot::Frame(n, _) = self.spot else { return vec![self.spot] };
        let mut spots = vec![Spot::Frame(n, Part::Before)];
        if let Some(size) = self.size.filter(|size| *size > 1) {
            let is_near_an_end = |count: u32| count <= NEAR || count + NEAR >= size;
            let within = (1..size).filter(|count| match bytes {
                true => size <= 4 * NEAR || is_near_an_end(*count) || count.is_multiple_of(STRIDE),
                // The first byte, which is half a header.
                false => *count == 1,
            });
            spots.extend(within.map(|count| Spot::Frame(n, Part::Bytes(count))));
        }
        spots.push(Spot::Frame(n, Part::After));
        spots
    }
}
