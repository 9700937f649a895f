//! The identity of a run, by which its parts (shards) recognize one another.

use std::path::{Path, PathBuf};

use sca_scenario::Outline;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::snapshots;

/// The identity of a run: parts that differ in it cannot be merged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The name of the run, if it has one.
    pub run: Option<String>,
    /// The [`digest`] of the whole file list before sharding; empty if no JSON report was requested.
    pub list: String,
    /// The number of files in the whole list.
    pub files: usize,
    /// Whether everything that was named is played: no filter, no row selection.
    pub is_all: bool,
    /// The options that affect verdicts.
    pub options: Vec<String>,
}

/// Why two parts are not of one run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OriginMismatch {
    /// The names of the runs.
    #[error("they are from two runs, {0} and {1}; --run-id names a run")]
    Run(String, String),
    /// The options that affect verdicts.
    #[error("they were run with different options: {0} and {1}")]
    Options(String, String),
    /// The lists of files, here by their lengths.
    #[error(
        "they are parts of two file lists, of {0} and {1} files: a scenario or a file it uses was added, removed or changed"
    )]
    List(usize, usize),
}

impl Origin {
    /// Checks whether two parts belong to the same run.
    ///
    /// # Errors
    /// The first difference.
    pub fn fits(&self, other: &Self) -> Result<(), OriginMismatch> {
        let name = |one: &Self| one.run.clone().unwrap_or_else(|| "no name".to_owned());
        let options = |one: &Self| if one.options.is_empty() { "none".to_owned() } else { one.options.join(" ") };
        if self.run != other.run {
            return Err(OriginMismatch::Run(name(self), name(other)));
        }
        if self.options != other.options {
            return Err(OriginMismatch::Options(options(self), options(other)));
        }
        if (&self.list, self.files) != (&other.list, other.files) {
            return Err(OriginMismatch::List(self.files, other.files));
        }
        Ok(())
    }
}

/// A digest of a file list: the paths in their order, and the content of each scenario, of all files it uses and of its
/// snapshot.
#[must_use]
pub fn digest(paths: &[PathBuf]) -> String {
    let mut all = Sha256::new();
    // Each piece is preceded by its length, so that different lists cannot give the same input.
    let mut add = |bytes: &[u8]| {
        all.update((bytes.len() as u64).to_be_bytes());
        all.update(bytes);
    };
    for path in paths {
        add(path.to_string_lossy().as_bytes());
        let loaded = match sca_files::load(path, &[]) {
            Ok(loaded) => loaded,
            Err(error) => {
                add(format!("{:?}", error.kind()).as_bytes());
                continue;
            }
        };
        loaded.texts.iter().for_each(|(_, text)| add(text.as_bytes()));
        let folder = path.parent().unwrap_or(Path::new(""));
        for (name, _) in Outline::read(&loaded.texts[0].1).tables() {
            add(sca_files::read_text(&folder.join(name)).unwrap_or_default().as_bytes());
        }
        for (name, bytes) in loaded.scenario.iter().flat_map(|scenario| &scenario.assets) {
            add(name.as_bytes());
            add(bytes);
        }
        add(snapshots::read(path).ok().flatten().unwrap_or_default().as_bytes());
    }
    all.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
