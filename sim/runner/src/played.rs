//! What one row of a scenario came to, with everything that its run left behind.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use sca_scenario::model::Row;
use sca_terminal::Face;

use crate::coverage::Met;
use crate::sweep::survey::Survey;
use crate::trace::Trace;
use crate::verdict::{Failure, Verdict};

/// What a run shows beyond its verdict.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Commands that were answered with success, by the names of their rows.
    pub commands: BTreeSet<(String, String)>,
    /// RESULT_CODE with RESULT and RESPONSE_TEXT, in answers.
    pub codes: BTreeSet<(i32, String, String)>,
    /// The same in notices.
    pub notices: BTreeSet<(i32, String, String)>,
    /// Which faults met the terminal in which of its states.
    pub met: Met,
}

impl Played {
    /// The row, where it could not be played at all.
    pub(crate) fn cannot_run(row: &Row, why: String) -> Self {
        Self {
            values: row.values.clone(),
            verdict: Verdict::CannotRun(why),
            model: None,
            transcript: String::new(),
            projection: String::new(),
            assumed: BTreeSet::new(),
            lasted: Duration::ZERO,
            frames: String::new(),
            carrier_size: None,
            has_struck: false,
            survey: None,
            faces: Vec::new(),
            trace: None,
            evidence: Evidence::default(),
        }
    }

    /// This row where it cannot be played in the world asked for: nothing of the run in memory is its evidence.
    #[must_use]
    pub(crate) fn inapplicable(self, why: Failure) -> Self {
        Self {
            verdict: Verdict::Inapplicable(Box::new(why)),
            transcript: String::new(),
            projection: String::new(),
            assumed: BTreeSet::new(),
            lasted: Duration::ZERO,
            frames: String::new(),
            evidence: Evidence::default(),
            faces: Vec::new(),
            trace: None,
            ..self
        }
    }

    /// This run on sockets, with what the run in memory came to beside it, where that did not pass.
    #[must_use]
    pub(crate) fn beside(mut self, in_memory: &Self) -> Self {
        let told = match &in_memory.verdict {
            Verdict::Pass | Verdict::ExpectedFail(_) | Verdict::Inapplicable(_) => return self,
            Verdict::UnexpectedPass => "in memory this passes, against its header".to_owned(),
            Verdict::Error(why) | Verdict::CannotRun(why) => format!("in memory this cannot be played: {why}"),
            Verdict::Fail(why) => {
                let label = if why.label.is_empty() { String::new() } else { format!(": {}", why.label) };
                let told = format!("in memory this fails, at line {}: {}{label}", why.span.line, why.headline);
                crate::cards::told(&told).into_owned()
            }
        };
        match &mut self.verdict {
            Verdict::Fail(failure) => failure.notes.push(told),
            _ => self.model = Some(told),
        }
        self
    }

    /// What chooses this row of its file alone, behind the command that plays it: ` --row NAME=VALUE` for each value.
    /// A card number in it is masked, as it is where rows are chosen.
    #[must_use]
    pub fn row_arguments(&self) -> String {
        let one = |(name, value): &(String, String)| {
            let text = format!("{name}={}", crate::cards::told(value));
            format!(" --row {}", crate::shell::word(&text))
        };
        self.values.iter().map(one).collect()
    }
}

/// What one row of a scenario came to.
#[derive(Debug, Clone)]
pub struct Played {
    /// The names and values of its `each`.
    pub values: Vec<(String, String)>,
    /// The verdict.
    pub verdict: Verdict,
    /// What the run in memory came to, where another one was judged and that one did not pass.
    pub model: Option<String>,
    /// What was done and seen, as a scenario.
    pub transcript: String,
    /// What was seen, lane by lane, without times: what every world must agree on. Empty where it was not asked for.
    pub projection: String,
    /// Assumptions that answers rested on.
    pub assumed: BTreeSet<&'static str>,
    /// Scenario time from start to end.
    pub lasted: Duration,
    /// Frames in plain, with time and connection, where they were kept.
    pub frames: String,
    /// What was answered, and with which codes.
    pub evidence: Evidence,
    /// What a person saw: since when, of which terminal, what. Empty where it was not asked for.
    pub faces: Vec<(Duration, usize, Face)>,
    /// Everything that happened, and which line read it. None where it was not asked for.
    pub trace: Option<Trace>,
    /// Size of the message that an `each byte` fault cuts, in bytes.
    pub(crate) carrier_size: Option<usize>,
    /// Whether the blow of a sweep has fallen.
    pub has_struck: bool,
    /// What a sweep learns from an undisturbed run.
    pub(crate) survey: Option<Arc<Survey>>,
}

#[cfg(test)]
mod tests {
    use sca_scenario::Span;

    use super::*;
    use crate::core::simulated;
    use crate::options::Options;
    use crate::play::play;

    #[test]
    fn a_row_that_was_not_played_has_nothing_of_the_run_in_memory() {
        let text = "scenario \"A\"\n\nterminal connects\npos -> terminal  ADMIN GET_COUNTER  as a\n\
            terminal -> pos  RESULT=OK  re a\nscreen idle\n";
        let scenario = sca_scenario::parse(text).expect("it is valid");
        let options =
            Options { projects: true, keeps_frames: true, keeps_faces: true, keeps_trace: true, ..Options::default() };
        let identities = crate::suite::Authorities::new().expect("an authority can be made").memory;
        let played = play(&scenario, &options, &identities, &simulated).remove(0);
        assert!(matches!(played.verdict, Verdict::Pass) && !played.transcript.is_empty() && played.trace.is_some());
        assert!(!played.frames.is_empty() && !played.projection.is_empty() && !played.faces.is_empty());
        assert!(!played.lasted.is_zero() && played.evidence != Evidence::default());
        let not =
            Played { assumed: BTreeSet::from(["A-01"]), ..played }.inapplicable(Failure::at(Span::default(), "why"));
        assert!(matches!(&not.verdict, Verdict::Inapplicable(why) if why.headline == "why"));
        assert!(
            not.transcript.is_empty() && not.projection.is_empty() && not.frames.is_empty() && not.faces.is_empty()
        );
        assert!(not.trace.is_none() && not.lasted.is_zero() && not.assumed.is_empty());
        assert_eq!(not.evidence, Evidence::default());
    }
}
