//! Several runs as one: whether they are parts of the same, what is missing, what a ledger says of them together.

use super::document::{Document, Summary};
use crate::shard::Shard;

impl Document {
    /// The parts that it holds; none where it is a whole.
    fn parts(&self) -> Vec<Shard> {
        if let Some(part) = self.shard.as_deref().and_then(part) {
            return vec![part];
        }
        let lacks: Vec<Shard> = self.missing.iter().filter_map(|text| part(text)).collect();
        let count = lacks.first().map_or(0, |part| part.count);
        (1..=count).map(|index| Shard { index, count }).filter(|part| !lacks.contains(part)).collect()
    }

    fn is_kin_of(&self, other: &Self) -> Result<(), String> {
        if self.tool != other.tool {
            return Err(format!("one was written by {}, another by {}", self.tool, other.tool));
        }
        if self.world != other.world {
            return Err(format!("one was played in {}, another in {}", self.world, other.world));
        }
        if self.seed != other.seed {
            return Err("they were played with different seeds".to_owned());
        }
        Ok(())
    }

    fn is_of_run_of(&self, other: &Self) -> Result<(), String> {
        let (Some(mine), Some(theirs)) = (&self.origin, &other.origin) else {
            return Err("an older sca-sim has written one, which does not say of which list it is a part".to_owned());
        };
        mine.fits(theirs)?;
        match self.has_ledger_of(other) {
            true => Ok(()),
            false => Err("they were run with other ledgers".to_owned()),
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

    /// Several runs as one: their files in the order of their paths. Parts have to be of one run; whole runs may be of
    /// different scenarios. `absent` names what was to be among them and cannot be read.
    ///
    /// # Errors
    /// What does not fit.
    pub fn merge(documents: Vec<Self>, absent: Vec<String>) -> Result<Self, String> {
        documents.windows(2).try_for_each(|pair| pair[0].is_kin_of(&pair[1]))?;
        let of_parts: Vec<&Self> = documents.iter().filter(|one| !one.parts().is_empty()).collect();
        of_parts.windows(2).try_for_each(|pair| pair[0].is_of_run_of(pair[1]))?;
        let mut parts: Vec<Shard> = documents.iter().flat_map(Self::parts).collect();
        parts.sort_by_key(|part| part.index);
        let count = parts.first().map_or(0, |part| part.count);
        if let Some(other) = parts.iter().find(|part| part.count != count) {
            return Err(format!("one is a part of {count}, another of {}", other.count));
        }
        if let Some(pair) = parts.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(format!("part {} stands in two of them", pair[0]));
        }
        let is_there = |index: &usize| parts.binary_search_by_key(index, |part| part.index).is_ok();
        let mut missing: Vec<String> =
            (1..=count).filter(|i| !is_there(i)).map(|index| Shard { index, count }.to_string()).collect();
        missing.extend(documents.iter().flat_map(|one| &one.missing).filter(|text| part(text).is_none()).cloned());
        // What cannot be read is mostly one of the parts that are missing.
        if missing.len() < absent.len() {
            missing.extend(absent);
        }
        let is_one_list = of_parts.len() == documents.len() && count > 0 && missing.is_empty();
        let mut documents = documents.into_iter();
        let mut whole = documents.next().ok_or("there is nothing to merge")?;
        documents.for_each(|part| whole.take(part));
        (whole.shard, whole.missing) = (None, missing);
        whole.files.sort_by(|a, b| a.path.cmp(&b.path));
        if let Some(pair) = whole.files.windows(2).find(|pair| pair[0].path == pair[1].path) {
            return Err(format!("{} stands in two of them", pair[0].path));
        }
        whole.not_begun.sort();
        whole.unreadable.sort_by(|a, b| a.path.cmp(&b.path));
        let told = whole.files.len() + whole.unreadable.len() + whole.not_begun.len();
        let listed = whole.origin.as_ref().map_or(told, |origin| origin.files);
        if is_one_list && told != listed {
            return Err(format!("the list has {listed} files, and they tell of {told}"));
        }
        whole.summary = Summary::of(&whole);
        Ok(whole)
    }
}

/// A part as `i/n`, within the bounds that [`Shard::read`] has.
fn part(text: &str) -> Option<Shard> {
    Shard::read(text, |_| None).ok()
}
