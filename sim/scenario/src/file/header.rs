//! The headers of a scenario file.

use super::{HEADERS, Outline};
use crate::cast::is_setting;
use crate::cursor::Cursor;
use crate::expand::each;
use crate::tree::{Line, reject_block};
use sca_model::Problem;
use sca_model::{ExpectFail, INVARIANTS, Waive};

impl Outline {
    pub(super) fn assign_line(&mut self, line: &Line) -> Result<(), Problem> {
        let late = |what: &str| Err(Problem::new("E015", line.span(), format!("{what} must come before the steps")));
        if HEADERS.contains(&line.words[0].text.as_str()) {
            if !self.settings.is_empty() || !self.steps.is_empty() {
                return late("headers");
            }
            return self.header(line);
        }
        if is_setting(line) {
            if let Some(odd) = line.words.get(1).and_then(crate::step::wrong_arrow) {
                return Err(odd);
            }
            if !self.steps.is_empty() {
                return late("settings")
                    .map_err(|p: Problem| p.help("use `set` to change them from the first step on"));
            }
            self.settings.push(line.clone());
        } else {
            self.steps.push(line.clone());
        }
        Ok(())
    }

    fn header(&mut self, line: &Line) -> Result<(), Problem> {
        let mut cursor = Cursor::new(line);
        let word = cursor.word("a header")?;
        let single = matches!(word.text.as_str(), "tags" | "seed" | "clock" | "expect-fail");
        if single && !self.headers.insert(word.text.clone()) {
            return Err(Problem::new("E022", word.span, format!("`{}` is already given above", word.text)));
        }
        if word.text != "each" {
            reject_block(line)?;
        }
        match word.text.as_str() {
            "tags" => self.header.tags = cursor.rest().iter().map(|w| w.text.clone()).collect(),
            "seed" => self.header.seed = Some(cursor.value("a whole number", |t| t.parse().ok())?),
            "clock" => self.header.clock = Some(cursor.instant()?),
            "use" => {
                let span = cursor.next_span();
                self.uses.push((cursor.string("a path")?, span));
            }
            "expect-fail" => {
                let reason = cursor.string("the reason")?;
                cursor.demand("until")?;
                let span = cursor.whole();
                self.header.expect_fail = Some(ExpectFail { reason, until: cursor.instant()?, span });
            }
            "waive" => {
                let span = cursor.next_span();
                let name = cursor.word("an invariant")?;
                if !INVARIANTS.iter().any(|(i, _)| *i == name.text) {
                    let problem = Problem::new("E053", name.span, format!("there is no invariant `{}`", name.text));
                    return Err(problem.suggest(&name.text, INVARIANTS.iter().map(|(i, _)| *i)));
                }
                let reason = cursor.string("the reason")?;
                self.header.waives.push(Waive { invariant: name.text.clone(), reason, span });
            }
            "each" => {
                match each(line) {
                    Ok(each) => self.eaches.push(each),
                    Err(mut problems) => {
                        self.lost_each = true;
                        self.problems.append(&mut problems);
                        return Ok(());
                    }
                }
                return Ok(());
            }
            _ => {
                self.ignores.push(line.clone());
                return Ok(());
            }
        }
        cursor.end()
    }
}
