//! Judges a run by its observations: the script, matching, the laws, the record, the transcript and the verdict.
//!
//! It moves no bytes, reads no files, knows no clock, and has never heard of how an observation came about. The driver of
//! a world adds observations to [`lanes`] and [`record`]; [`script`] reads the lanes line by line; [`transcript`] writes
//! what was recorded; [`verdict`] holds the result.

pub mod coverage;
pub mod describe;
pub mod evidence;
pub mod inapplicable;
pub mod lanes;
pub mod mask;
pub mod matching;
pub mod observation;
pub mod oracle;
pub mod pairing;
pub mod projection;
pub mod record;
pub mod script;
pub mod time_format;
pub mod trace;
pub mod transcript;
pub mod verdict;

pub use mask::{mask_texts, told};
pub use pairing::Pairing;
pub use transcript::{scenario as text_of, verbatim};
pub use verdict::{Failure, Fix, Verdict};
