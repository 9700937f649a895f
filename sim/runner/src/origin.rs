//! What parts of one run have in common, so that they know one another.

use std::path::{Path, PathBuf};

use sca_scenario::Outline;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{files, snapshots};

/// What a run is of. Parts that differ in it make no whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// What names the run, where something does.
    pub run: Option<String>,
    /// The [`digest`] of the list before it was parted; empty where no JSON was asked for.
    pub list: String,
    /// How many files the list has.
    pub files: usize,
    /// Whether it is all that was named: no filter, no row.
    pub is_all: bool,
    /// Options that bear on verdicts.
    pub options: Vec<String>,
}

impl Origin {
    /// Whether two parts are of one run.
    ///
    /// # Errors
    /// In what they differ.
    pub fn fits(&self, other: &Self) -> Result<(), String> {
        let name = |one: &Self| one.run.clone().unwrap_or_else(|| "no name".to_owned());
        let options = |one: &Self| if one.options.is_empty() { "none".to_owned() } else { one.options.join(" ") };
        if self.run != other.run {
            return Err(format!("they are of two runs, {} and {}; --run-id names a run", name(self), name(other)));
        }
        if self.options != other.options {
            return Err(format!("they were run with other options: {}, and {}", options(self), options(other)));
        }
        if (&self.list, self.files) != (&other.list, other.files) {
            let why = "a scenario, or what it uses, came, went or is another";
            return Err(format!("they are parts of two lists, of {} and of {} files: {why}", self.files, other.files));
        }
        Ok(())
    }
}

/// One digest of a list: its paths in their order, and all that the scenarios are made of, snapshots included.
#[must_use]
pub fn digest(paths: &[PathBuf]) -> String {
    let mut all = Sha256::new();
    // Each piece has its length before it, so that no two lists are told alike.
    let mut add = |bytes: &[u8]| {
        all.update((bytes.len() as u64).to_be_bytes());
        all.update(bytes);
    };
    for path in paths {
        add(path.to_string_lossy().as_bytes());
        let loaded = match files::load(path, &[]) {
            Ok(loaded) => loaded,
            Err(error) => {
                add(format!("{:?}", error.kind()).as_bytes());
                continue;
            }
        };
        loaded.texts.iter().for_each(|(_, text)| add(text.as_bytes()));
        let folder = path.parent().unwrap_or(Path::new(""));
        for (name, _) in Outline::read(&loaded.texts[0].1).tables() {
            add(files::read_text(&folder.join(name)).unwrap_or_default().as_bytes());
        }
        for (name, bytes) in loaded.scenario.iter().flat_map(|scenario| &scenario.assets) {
            add(name.as_bytes());
            add(bytes);
        }
        add(snapshots::read(path).ok().flatten().unwrap_or_default().as_bytes());
    }
    all.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
