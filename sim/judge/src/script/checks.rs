//! `check`: how labelled moments or captured values relate.

use std::time::Duration;

use sca_model::{Relation, Step};

use super::state::Script;
use crate::time_format::stamp;
use crate::verdict::Failure;

impl Script {
    /// Whether what some labels name relates as demanded.
    pub fn check(&self, step: &Step, relation: Relation, labels: &[String]) -> Result<(), Box<Failure>> {
        let captured: Option<Vec<&String>> = labels.iter().map(|l| self.names.captures.get(l)).collect();
        let moments: Vec<Duration> = labels.iter().filter_map(|l| self.names.moments.get(l).copied()).collect();
        let (holds, values) = match captured {
            Some(values) => {
                let numbers: Vec<f64> = values.iter().filter_map(|v| v.parse().ok()).collect();
                let holds = match relation {
                    Relation::Rising => numbers.len() == values.len() && numbers.windows(2).all(|w| w[0] < w[1]),
                    Relation::Differ => (1..values.len()).all(|i| !values[..i].contains(&values[i])),
                    Relation::Same => values.windows(2).all(|w| w[0] == w[1]),
                };
                let shown = |(label, value): (&String, &&String)| match self.names.secrets.contains(label) {
                    true => "*".to_owned(),
                    false => (*value).clone(),
                };
                (holds, labels.iter().zip(&values).map(shown).collect::<Vec<_>>())
            }
            None => {
                let pauses: Vec<Duration> = moments.windows(2).map(|w| w[1].saturating_sub(w[0])).collect();
                let holds = moments.len() == labels.len()
                    && match relation {
                        Relation::Rising if pauses.len() > 1 => pauses.windows(2).all(|w| w[0] < w[1]),
                        Relation::Rising => pauses.iter().all(|p| !p.is_zero()),
                        Relation::Differ => pauses.iter().all(|p| !p.is_zero()),
                        Relation::Same => pauses.iter().all(Duration::is_zero),
                    };
                (holds, moments.iter().map(|m| stamp(*m)).collect())
            }
        };
        if holds {
            return Ok(());
        }
        Err(self.failure(
            step,
            "these do not relate as demanded",
            format!("they are {}", values.join(", ")),
            Vec::new(),
        ))
    }
}
