//! Extra fields of the model: they make no line fail, but are differences.

use sca_core::Terminal;
use sca_judge::text_of;
use sca_model::Row;

use super::compared::{Difference, What};
use super::comparer::{Comparer, Outcome, Run};
use super::steps::message_of;
use super::{explain, parts};

/// Fields that only the model has, in one message.
pub(super) struct Extra {
    /// The index of the difference that reports them.
    difference: usize,
    /// The index of the message.
    message: usize,
    names: Vec<String>,
}

impl Run {
    /// Records all extra fields as differences.
    pub(super) fn extras(&mut self, row: &Row, places: &[usize], transcript: &str) -> Vec<Extra> {
        let mut found = Vec::new();
        let messages = row.steps.iter().zip(places).filter(|(step, _)| message_of(step).is_some());
        for (message, ((_, place), came)) in messages.zip(parts::messages(transcript)).enumerate() {
            let extra = parts::extra(&self.rungs[*place].step, &came);
            if extra.is_empty() || matches!(self.differing(*place), Some(What::OnlyModel)) {
                continue;
            }
            let names = extra.iter().map(|part| part.name.clone()).collect();
            match self.rungs[*place].difference {
                Some(known) => {
                    if let What::Fields(parts) = &mut self.differences[known].what {
                        parts.extend(extra);
                    }
                }
                None => {
                    let what = What::Fields(extra);
                    let difference = Difference { what, explained: Vec::new(), text: String::new(), failure: None };
                    found.push(Extra { difference: self.differences.len(), message, names });
                    self.note(*place, difference);
                }
            }
        }
        found
    }
}

impl<C: Terminal> Comparer<'_, C> {
    /// Finds settings with which the model omits the extra fields, too.
    pub(super) fn explain_extras(&self, run: &mut Run, row: &Row, extras: &[Extra]) {
        if extras.is_empty() {
            return;
        }
        for (explanation, changed) in explain::variants(row) {
            let text = text_of(&run.scenario.title, &run.scenario.header, &changed);
            let Outcome::Passes(transcript) = self.verdict(&text) else { continue };
            let messages = parts::messages(&transcript);
            for extra in extras {
                let is_gone = messages.get(extra.message).is_some_and(|message| parts::lacks(message, &extra.names));
                let known = &mut run.differences[extra.difference].explained;
                if is_gone && known.iter().all(|known| known.setting != explanation.setting) {
                    known.push(explanation.clone());
                }
            }
        }
    }
}
