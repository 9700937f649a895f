//! Randomness as an argument: one seed, and streams derived from it by name.
//!
//! Streams with different names share no draws, so an extra draw in one place does not shift the draws of another.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

/// The randomness of one world: every random choice in it is derived from this seed.
///
/// ```
/// use sca_protocol::Chance;
/// let a = Chance::new(1).stream("retry", &[0, 3]).below(1000);
/// assert_eq!(a, Chance::new(1).stream("retry", &[0, 3]).below(1000));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chance {
    seed: u64,
}

impl Chance {
    /// The randomness derived from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The stream with this name and index (terminal, attempt, …). The same name and index give the same draws.
    #[must_use]
    pub fn stream(&self, name: &str, index: &[u64]) -> Stream {
        let mut hash = Sha256::new();
        hash.update(self.seed.to_le_bytes());
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name.as_bytes());
        for i in index {
            hash.update(i.to_le_bytes());
        }
        Stream { rng: ChaCha8Rng::from_seed(hash.finalize().into()) }
    }
}

/// A named sequence of random draws.
#[derive(Debug, Clone)]
pub struct Stream {
    rng: ChaCha8Rng,
}

impl Stream {
    /// The next `N` bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.rng.fill_bytes(&mut bytes);
        bytes
    }

    /// A number in `0..bound`; 0 when the bound is 0. The bias is below 2⁻³² for the bounds in use.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.rng.next_u64() % bound }
    }
}
