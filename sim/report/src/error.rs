//! What can go wrong with a report: writing one, reading one again, and merging several.

use sca_suite::origin::OriginMismatch;

/// A report that could not be written. The fault is ours.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Of the JSON writer.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// Of the CSV writer.
    #[error(transparent)]
    Csv(#[from] csv::Error),
    /// Of the JUnit writer.
    #[error(transparent)]
    Junit(#[from] quick_junit::SerializeError),
    /// Of the writer of pictures.
    #[error("cannot draw a screen: {0}")]
    Picture(#[from] sca_display::EncodingError),
    /// The model of a terminal that is none.
    #[error(transparent)]
    Model(#[from] sca_protocol::settings::SettingError),
}

/// A report that could not be read again. The fault is of who gave it.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Not the JSON of such a report.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// Another version.
    #[error("unsupported version {got}, expected {expected}")]
    Version {
        /// The version that is read here.
        expected: u32,
        /// The version of the report.
        got: u64,
    },
    /// No version.
    #[error("the field `version` is missing")]
    NoVersion,
    /// A matrix of before it listed its scenarios.
    #[error(
        "an older sca-sim wrote it, and it does not say which scenarios were played; write it anew with `conformance \
         --json`"
    )]
    NoScenarios,
}

/// Documents that do not make one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// There is none.
    #[error("no documents to merge")]
    Nothing,
    /// Written by different versions.
    #[error("the documents were written by different versions: {0} and {1}")]
    Versions(String, String),
    /// Of different worlds.
    #[error("the documents are of different worlds: {0} and {1}")]
    Worlds(String, String),
    /// Played with different seeds.
    #[error("the documents were played with different seeds")]
    Seeds,
    /// One says nothing of its run.
    #[error("one document is of an older sca-sim and does not identify its run")]
    NoOrigin,
    /// Of different runs.
    #[error(transparent)]
    Origin(#[from] OriginMismatch),
    /// Run with different lists of known failures.
    #[error("the documents were run with different ledgers")]
    Ledgers,
    /// Parts of different numbers of parts.
    #[error("one document is a part of {0}, another of {1}")]
    Counts(usize, usize),
    /// The same part twice.
    #[error("part {0} is in two of the documents")]
    PartTwice(String),
    /// The same file twice.
    #[error("{0} is in two of the documents")]
    FileTwice(String),
    /// All parts are there, and files are missing or too many.
    #[error("the run has {listed} files, but the documents contain {found}")]
    Files {
        /// The number of files of the run.
        listed: usize,
        /// The number of files in the documents.
        found: usize,
    },
}
