//! Exercises a client core, or a whole terminal, against a scriptable WebSocket broker.
//!
//! SCA is the application on Verifone's payment terminals. It keeps a permanent WebSocket connection to a broker, and a
//! POS reaches it through that broker. This library plays scenario files against the client core, the part that keeps
//! this connection: the harness provides broker, POS, hosts, network, time and randomness, and the core makes the
//! decisions. A run takes milliseconds, needs no network and gives the same transcript every time.
//!
//! # Play one file
//!
//! ```
//! use std::path::Path;
//! use sca_sim::{Options, play_file, simulated};
//!
//! let played = play_file(Path::new("scenarios/counter/last_wins.sca"), &Options::default(), &simulated)?;
//! assert!(played.passed(), "{played}");
//! # Ok::<(), sca_sim::PlayError>(())
//! ```
//!
//! [`PlayedFile`] shows failures as the command line does, with file, line and caret; [`Played`] holds verdict and
//! transcript of each row. A scenario can also be a string; this one fails, because the answer is 1:
//!
//! ```
//! use sca_sim::{Options, play_text, simulated};
//!
//! let text = "scenario \"GET COUNTER as the first command answers 1\"\n\n\
//!     terminal connects\n\
//!     pos -> terminal  ADMIN GET_COUNTER  as ask\n\
//!     terminal -> pos  COUNTER=2  re ask\n";
//! let played = play_text(text, &Options::default(), &simulated)?;
//! assert!(played.to_string().contains("COUNTER is 1"));
//! # Ok::<(), sca_sim::PlayError>(())
//! ```
//!
//! The language is described in `scenarios/README.md`.
//!
//! # Play your own core
//!
//! Implement [`ClientCore`]: a value that takes a [`CoreInput`] with the time and returns [`CoreOutput`]s. The harness
//! carries them out and reports the results as further inputs. The trait documents the contract, and [`check_core`]
//! checks a core against it without any scenario:
//!
//! ```
//! sca_sim::check_core(sca_sim::Client::new)?;
//! # Ok::<(), Box<sca_sim::Broken>>(())
//! ```
//!
//! Then put the simulated device around it, and play:
//!
//! ```
//! # use std::path::Path;
//! # use sca_sim::{Client as OwnCore, Options, play_file};
//! use sca_sim::SimulatedTerminal;
//!
//! let make = |config| SimulatedTerminal::around(config, OwnCore::new);
//! let played = play_file(Path::new("scenarios/disconnects"), &Options::default(), &make);
//! # assert!(played.is_err(), "a folder is no file");
//! ```
//!
//! `sim/examples/own_core.rs` is such a core in some 230 lines; `cargo run --example own_core` plays it. A device
//! that brings its own screens, payments and flash implements [`Terminal`] instead.
//!
//! # Your own network fault
//!
//! Most faults are lines of a scenario (`fault reset after 17 bytes of reply to ask`; `sca-sim faults` lists them all).
//! To inject one at any other point, play a passing scenario with an [`Injection`]: a kind of fault and a point of the
//! run. From there on expectations are relaxed, but the laws are still checked:
//!
//! ```
//! # use std::path::Path;
//! # use sca_sim::{Options, play_file, simulated};
//! use sca_sim::{Injection, Probe};
//!
//! let cut: Injection = "reset@frame:3:17".parse().expect("a kind, and a place");
//! let options = Options { probe: Probe::Injection(cut), ..Options::default() };
//! let played = play_file(Path::new("scenarios/counter/last_wins.sca"), &options, &simulated)?;
//! assert!(played.passed(), "{played}");
//! assert!(played.rows()[0].transcript.contains("# fault injected by the sweep"));
//! # Ok::<(), sca_sim::PlayError>(())
//! ```
//!
//! `sca-sim sweep` does this at every point of every scenario.
//!
//! # Where things are
//!
//! This crate re-exports what a test of a core needs from the crates it is built on; `sim/ARCHITECTURE.md` lists those
//! crates and their dependencies.

mod play_file;

pub use play_file::{PlayError, PlayedFile, play_file, play_text};
pub use sca_core::{
    Broken, CallEvent, CallId, Cardholder, Client, ClientCore, ConnectionId, CoreConfig, CoreInput, CoreOutput,
    CoreSettings, Display, Flash, FlashChange, Input, Layer, LinkEvent, LinkReport, Output, Passage, Screen, Target,
    Terminal, TerminalConfig, Timeouts, TlsMaterial, Trouble, check_core, retry_pause,
};
pub use sca_environment::Identities;
pub use sca_faults::probe::injection::Injection;
pub use sca_files::find;
pub use sca_judge::{Failure, Verdict};
pub use sca_protocol::chance::Stream;
pub use sca_protocol::handshake;
pub use sca_protocol::settings::{KeepAlive, RetryRules, TerminalSettings};
pub use sca_protocol::{Chance, HandshakeFailure, Now, Reason, TlsFailure, UnixTime};
pub use sca_terminal::{SimulatedTerminal, simulated};
pub use sca_world::{Options, Place, Played, Probe, play};
