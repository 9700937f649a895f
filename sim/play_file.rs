//! Playing a scenario of a file or a text: reads it with what it names, plays every row, and shows what failed.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::{fmt, io};

use sca_certs::{CertError, KeyKind};
use sca_core::{Terminal, TerminalConfig};
use sca_environment::Identities;
use sca_files::Loaded;
use sca_judge::Verdict;
use sca_report::Painter;
use sca_world::{Options, Played, play};

/// A scenario that was played, with what is needed to show it.
#[derive(Debug)]
pub struct PlayedFile {
    loaded: Loaded,
    rows: Vec<Played>,
}

impl PlayedFile {
    /// The rows of the scenario in order: one, or one for each row of its `each`.
    #[must_use]
    pub fn rows(&self) -> &[Played] {
        &self.rows
    }

    /// Whether every row passed. A row that does not apply to the world it was to be played in has not passed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.rows.iter().all(|row| matches!(row.verdict, Verdict::Pass | Verdict::ExpectedFail(_)))
    }
}

/// Shows what did not pass: each failure with file, line, caret, and the row that plays it again.
impl fmt::Display for PlayedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.loaded.path.display().to_string();
        for row in &self.rows {
            match &row.verdict {
                Verdict::Pass | Verdict::ExpectedFail(_) => {}
                Verdict::Fail(failure) => {
                    let replay = format!("play_file({path:?}){}", row.row_arguments());
                    writeln!(f, "{}", sca_report::failure(Painter { colours: false }, &self.loaded, failure, &replay))?;
                }
                Verdict::UnexpectedPass => writeln!(f, "{path}: passes, although its header expects it to fail")?,
                Verdict::Inapplicable(why) => writeln!(f, "{path}: does not apply here: {}", why.headline)?,
                Verdict::Error(why) | Verdict::CannotRun(why) => writeln!(f, "{path}: cannot be played: {why}")?,
            }
        }
        Ok(())
    }
}

/// A scenario that could not be played. The fault is the caller's, but for [`PlayError::Certificates`].
#[derive(Debug)]
pub enum PlayError {
    /// The file cannot be read.
    Unreadable {
        /// Its path.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The text is no scenario; the problems, each with line, caret and help.
    Invalid(String),
    /// No certificates can be made for the run.
    Certificates(CertError),
}

impl fmt::Display for PlayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { path, error } => write!(f, "cannot read {}: {error}", path.display()),
            Self::Invalid(problems) => write!(f, "{problems}"),
            Self::Certificates(error) => write!(f, "cannot make certificates: {error}"),
        }
    }
}

impl std::error::Error for PlayError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable { error, .. } => Some(error),
            Self::Certificates(error) => Some(error),
            Self::Invalid(_) => None,
        }
    }
}

/// Plays every row of a scenario file with the terminals that `make` makes, in memory unless the options say otherwise.
///
/// Libraries, tables and files that the scenario names are read beside it. No snapshot is compared.
///
/// # Errors
/// [`PlayError`]: the file cannot be read, is no scenario, or no certificates can be made.
pub fn play_file<T: Terminal>(
    path: &Path,
    options: &Options,
    make: &dyn Fn(TerminalConfig) -> T,
) -> Result<PlayedFile, PlayError> {
    let loaded = sca_files::load(path, &sca_protocol::clauses::ids())
        .map_err(|error| PlayError::Unreadable { path: path.to_owned(), error })?;
    play_loaded(loaded, options, make)
}

/// Plays every row of a scenario text, as [`play_file`] does with a file.
///
/// # Errors
/// [`PlayError`], but for an unreadable file.
pub fn play_text<T: Terminal>(
    text: &str,
    options: &Options,
    make: &dyn Fn(TerminalConfig) -> T,
) -> Result<PlayedFile, PlayError> {
    let loaded = sca_files::read(Path::new("text.sca"), text.to_owned(), &sca_protocol::clauses::ids());
    play_loaded(loaded, options, make)
}

fn play_loaded<T: Terminal>(
    loaded: Loaded,
    options: &Options,
    make: &dyn Fn(TerminalConfig) -> T,
) -> Result<PlayedFile, PlayError> {
    let identities = identities()?;
    let rows = match &loaded.scenario {
        Ok(scenario) => play(scenario, options, &identities, make),
        Err(problems) => {
            let shown = problems
                .iter()
                .map(|problem| sca_report::problem(Painter { colours: false }, &loaded.texts, problem))
                .collect::<Vec<_>>();
            return Err(PlayError::Invalid(shown.join("\n")));
        }
    };
    Ok(PlayedFile { loaded, rows })
}

/// The authority of all runs of this process: its keys take longer to make than a scenario to play.
fn identities() -> Result<Arc<Identities>, PlayError> {
    static MADE: OnceLock<Arc<Identities>> = OnceLock::new();
    if let Some(made) = MADE.get() {
        return Ok(made.clone());
    }
    let made = Identities::new(KeyKind::Ed25519, sca_environment::target::CLOCK).map_err(PlayError::Certificates)?;
    Ok(MADE.get_or_init(|| Arc::new(made)).clone())
}
