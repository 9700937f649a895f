//! Sharding: one part of a file list, so that several machines share a run.

/// Part `index` of `count`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// The number of the part, from 1.
    pub index: usize,
    /// The number of parts.
    pub count: usize,
}

/// The environment variables of schedulers that hold index and count, and the number from which the index counts.
const KNOWN: &[(&str, Option<&str>, usize)] = &[
    ("SLURM_ARRAY_TASK_ID", Some("SLURM_ARRAY_TASK_COUNT"), 1),
    ("CI_NODE_INDEX", Some("CI_NODE_TOTAL"), 1),
    ("JOB_COMPLETION_INDEX", None, 0),
];

/// The largest number of parts.
const COUNT_MAX: usize = 10_000;

/// A part that cannot be read, or of which there is none. The fault is of the caller or its scheduler.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShardError {
    /// Not one of the forms.
    #[error("expected i/n, for example 1/4, or auto")]
    Form,
    /// The number of parts is none, or too large.
    #[error("`{0}` is not a valid number of parts")]
    Count(String),
    /// `auto`, and no variable of a known scheduler is set.
    #[error("no scheduler has set an index: none of {} is set", names())]
    NoScheduler,
    /// A scheduler's variable is no number.
    #[error("{name} is `{value}`, which is not a number")]
    Index {
        /// The variable.
        name: &'static str,
        /// Its value.
        value: String,
    },
    /// The scheduler does not say how many parts there are.
    #[error("{name} gives the part, but the number of parts is unknown: use auto/n")]
    NoCount {
        /// The variable that gives the part.
        name: &'static str,
    },
    /// A part outside the parts that there are.
    #[error("there is no part {index} of {count}: parts are numbered from 1")]
    NoSuchPart {
        /// The part that was asked for.
        index: usize,
        /// The number of parts.
        count: usize,
    },
}

impl Shard {
    /// Parses `i/n`, `auto/n` or `auto`. With `auto`, index and count come from the scheduler: a Slurm job array,
    /// parallel GitLab jobs, or an indexed Kubernetes job, which sets no count. `of` reads an environment variable.
    ///
    /// # Errors
    /// [`ShardError`] with what is wrong and what was expected.
    ///
    /// ```
    /// use sca_suite::shard::Shard;
    /// let kubernetes = |name: &str| (name == "JOB_COMPLETION_INDEX").then(|| "0".to_owned());
    /// assert_eq!(Shard::read("auto/4", kubernetes).unwrap(), Shard { index: 1, count: 4 });
    /// ```
    pub fn read(text: &str, of: impl Fn(&str) -> Option<String>) -> Result<Self, ShardError> {
        let number = |text: &str| text.parse::<usize>().ok().filter(|n| *n <= COUNT_MAX);
        let (index, count) = match text.split_once('/') {
            Some((index, count)) => (index, Some(number(count).ok_or_else(|| ShardError::Count(count.to_owned()))?)),
            None => (text, None),
        };
        if index != "auto" {
            let index = number(index).ok_or(ShardError::Form)?;
            return Self::checked(index, count.ok_or(ShardError::Form)?);
        }
        let (name, index, total, from) = KNOWN
            .iter()
            .find_map(|(name, total, from)| Some((*name, of(name)?, *total, *from)))
            .ok_or(ShardError::NoScheduler)?;
        let index = number(&index).ok_or_else(|| ShardError::Index { name, value: index.clone() })?;
        // A Slurm array may start at another number and use a step.
        let step =
            of("SLURM_ARRAY_TASK_STEP").filter(|_| name.starts_with("SLURM")).and_then(|n| number(&n)).unwrap_or(1);
        let from =
            of("SLURM_ARRAY_TASK_MIN").filter(|_| name.starts_with("SLURM")).and_then(|n| number(&n)).unwrap_or(from);
        let count = count.or_else(|| total.and_then(&of).and_then(|count| number(&count)));
        let count = count.ok_or(ShardError::NoCount { name })?;
        Self::checked(index.checked_sub(from).map_or(0, |index| index / step.max(1) + 1), count)
    }

    fn checked(index: usize, count: usize) -> Result<Self, ShardError> {
        if index == 0 || index > count {
            return Err(ShardError::NoSuchPart { index, count });
        }
        Ok(Self { index, count })
    }

    /// The items of a list that belong to this part: every n-th, so that neighbours, which take similar time, go to
    /// different machines.
    #[must_use]
    pub fn of<T>(self, list: Vec<T>) -> Vec<T> {
        list.into_iter().skip(self.index - 1).step_by(self.count).collect()
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

fn names() -> String {
    KNOWN.iter().map(|(name, ..)| *name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::Shard;

    #[test]
    fn parts_are_disjoint_and_whole() {
        let list: Vec<usize> = (0..10).collect();
        let mut all: Vec<usize> = (1..=3).flat_map(|index| Shard { index, count: 3 }.of(list.clone())).collect();
        all.sort_unstable();
        assert_eq!(all, list);
    }

    #[test]
    fn schedulers_are_understood() {
        let slurm = |name: &str| match name {
            "SLURM_ARRAY_TASK_ID" => Some("7".to_owned()),
            "SLURM_ARRAY_TASK_COUNT" => Some("4".to_owned()),
            "SLURM_ARRAY_TASK_MIN" => Some("5".to_owned()),
            _ => None,
        };
        assert_eq!(Shard::read("auto", slurm), Ok(Shard { index: 3, count: 4 }));
        let stepped = |name: &str| match name {
            "SLURM_ARRAY_TASK_ID" => Some("4".to_owned()),
            "SLURM_ARRAY_TASK_COUNT" => Some("3".to_owned()),
            "SLURM_ARRAY_TASK_MIN" => Some("0".to_owned()),
            "SLURM_ARRAY_TASK_STEP" => Some("2".to_owned()),
            _ => None,
        };
        assert_eq!(Shard::read("auto", stepped), Ok(Shard { index: 3, count: 3 }));
        let kubernetes = |name: &str| (name == "JOB_COMPLETION_INDEX").then(|| "3".to_owned());
        assert_eq!(Shard::read("auto/4", kubernetes), Ok(Shard { index: 4, count: 4 }));
        assert!(Shard::read("auto", kubernetes).is_err());
        assert!(Shard::read("auto", |_| None).is_err());
        for wrong in ["0/4", "5/4", "1", "x/4", "1/x", "1/99999999"] {
            assert!(Shard::read(wrong, |_| None).is_err(), "{wrong}");
        }
    }
}
