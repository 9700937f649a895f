//! Merging the documents of several runs: whether they are parts of one run, which parts are missing, and what their
//! ledgers say together.

use sca_suite::shard::Shard;

use super::document::{Document, Summary};
use crate::error::MergeError;

impl Document {
    /// The parts this document contains; empty if it is a whole run.
    fn parts(&self) -> Vec<Shard> {
        if let Some(part) = self.shard.as_deref().and_then(part) {
            return vec![part];
        }
        let lacks: Vec<Shard> = self.missing.iter().filter_map(|text| part(text)).collect();
        let count = lacks.first().map_or(0, |part| part.count);
        (1..=count).map(|index| Shard { index, count }).filter(|part| !lacks.contains(part)).collect()
    }

    fn check_same_world(&self, other: &Self) -> Result<(), MergeError> {
        if self.tool != other.tool {
            return Err(MergeError::Versions(self.tool.clone(), other.tool.clone()));
        }
        if self.world != other.world {
            return Err(MergeError::Worlds(self.world.clone(), other.world.clone()));
        }
        if self.seed != other.seed {
            return Err(MergeError::Seeds);
        }
        Ok(())
    }

    fn check_same_run(&self, other: &Self) -> Result<(), MergeError> {
        let (Some(mine), Some(theirs)) = (&self.origin, &other.origin) else {
            return Err(MergeError::NoOrigin);
        };
        mine.fits(theirs)?;
        match self.has_ledger_of(other) {
            true => Ok(()),
            false => Err(MergeError::Ledgers),
        }
    }

    fn has_ledger_of(&self, other: &Self) -> bool {
        self.ledger.len() == other.ledger.len() && self.ledger.iter().zip(&other.ledger).all(|(a, b)| a.is_alike(b))
    }

    fn take(&mut self, part: Self) {
        if self.has_ledger_of(&part) {
            for (mine, theirs) in self.ledger.iter_mut().zip(&part.ledger) {
                mine.is_over |= theirs.is_over;
                mine.found |= theirs.found;
                mine.failed |= theirs.failed;
            }
        } else {
            self.ledger.extend(part.ledger);
        }
        self.today = self.today.take().max(part.today);
        self.not_begun.extend(part.not_begun);
        self.interrupted = self.interrupted.take().or(part.interrupted);
        self.unreadable.extend(part.unreadable);
        self.files.extend(part.files);
    }

    /// Merges several documents into one, with the files sorted by path. Parts must belong to one run; whole runs may
    /// be of different scenarios. `absent` lists documents that were to be merged and cannot be read.
    ///
    /// # Errors
    /// The documents do not fit together.
    pub fn merge(documents: Vec<Self>, absent: Vec<String>) -> Result<Self, MergeError> {
        documents.windows(2).try_for_each(|pair| pair[0].check_same_world(&pair[1]))?;
        let of_parts: Vec<&Self> = documents.iter().filter(|one| !one.parts().is_empty()).collect();
        of_parts.windows(2).try_for_each(|pair| pair[0].check_same_run(pair[1]))?;
        let mut parts: Vec<Shard> = documents.iter().flat_map(Self::parts).collect();
        parts.sort_by_key(|part| part.index);
        let count = parts.first().map_or(0, |part| part.count);
        if let Some(other) = parts.iter().find(|part| part.count != count) {
            return Err(MergeError::Counts(count, other.count));
        }
        if let Some(pair) = parts.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(MergeError::PartTwice(pair[0].to_string()));
        }
        let is_there = |index: &usize| parts.binary_search_by_key(index, |part| part.index).is_ok();
        let mut missing: Vec<String> =
            (1..=count).filter(|i| !is_there(i)).map(|index| Shard { index, count }.to_string()).collect();
        missing.extend(documents.iter().flat_map(|one| &one.missing).filter(|text| part(text).is_none()).cloned());
        // A document that cannot be read is usually one of the missing parts.
        if missing.len() < absent.len() {
            missing.extend(absent);
        }
        let is_one_list = of_parts.len() == documents.len() && count > 0 && missing.is_empty();
        let mut documents = documents.into_iter();
        let mut whole = documents.next().ok_or(MergeError::Nothing)?;
        documents.for_each(|part| whole.take(part));
        (whole.shard, whole.missing) = (None, missing);
        whole.files.sort_by(|a, b| a.path.cmp(&b.path));
        if let Some(pair) = whole.files.windows(2).find(|pair| pair[0].path == pair[1].path) {
            return Err(MergeError::FileTwice(pair[0].path.clone()));
        }
        whole.not_begun.sort();
        whole.unreadable.sort_by(|a, b| a.path.cmp(&b.path));
        let told = whole.files.len() + whole.unreadable.len() + whole.not_begun.len();
        let listed = whole.origin.as_ref().map_or(told, |origin| origin.files);
        if is_one_list && told != listed {
            return Err(MergeError::Files { listed, found: told });
        }
        whole.summary = Summary::of(&whole);
        Ok(whole)
    }
}

/// Parses a part written as `i/n`, within the bounds of [`Shard::read`].
fn part(text: &str) -> Option<Shard> {
    Shard::read(text, |_| None).ok()
}
