//! The result of playing one row of a scenario, with everything that the run recorded.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use sca_core::Display;
use sca_judge::evidence::Evidence;
use sca_judge::trace::Trace;
use sca_judge::verdict::{Failure, Verdict};
use sca_model::Row;

use sca_faults::probe::survey::Survey;

impl Played {
    /// The result of a row that could not be played at all.
    pub fn cannot_run(row: &Row, why: String) -> Self {
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
            displays: Vec::new(),
            trace: None,
            evidence: Evidence::default(),
        }
    }

    /// The result of a row that cannot be played in the requested world: nothing of its run in memory counts as
    /// evidence.
    #[must_use]
    pub fn inapplicable(self, why: Failure) -> Self {
        Self {
            verdict: Verdict::Inapplicable(Box::new(why)),
            transcript: String::new(),
            projection: String::new(),
            assumed: BTreeSet::new(),
            lasted: Duration::ZERO,
            frames: String::new(),
            evidence: Evidence::default(),
            displays: Vec::new(),
            trace: None,
            ..self
        }
    }

    /// Adds what the run in memory resulted in, if that one did not pass: as a note of a failure, else as `model`.
    #[must_use]
    pub fn beside(mut self, in_memory: &Self) -> Self {
        let told = match &in_memory.verdict {
            Verdict::Pass | Verdict::ExpectedFail(_) | Verdict::Inapplicable(_) => return self,
            Verdict::UnexpectedPass => "in memory this passes, although its header expects it to fail".to_owned(),
            Verdict::Error(why) | Verdict::CannotRun(why) => format!("in memory this cannot be played: {why}"),
            Verdict::Fail(why) => {
                let label = if why.label.is_empty() { String::new() } else { format!(": {}", why.label) };
                let told = format!("in memory this fails, at line {}: {}{label}", why.span.line, why.headline);
                sca_judge::mask::told(&told).into_owned()
            }
        };
        match &mut self.verdict {
            Verdict::Fail(failure) => failure.notes.push(told),
            _ => self.model = Some(told),
        }
        self
    }

    /// The command-line arguments that select this row: ` --row NAME=VALUE` for each value. A card number is masked, as
    /// the row selection expects it.
    #[must_use]
    pub fn row_arguments(&self) -> String {
        let one = |(name, value): &(String, String)| {
            let text = format!("{name}={}", sca_judge::mask::told(value));
            format!(" --row {}", sca_environment::shell::word(&text))
        };
        self.values.iter().map(one).collect()
    }
}

/// The result of playing one row of a scenario.
#[derive(Debug, Clone)]
pub struct Played {
    /// The names and values of its `each`.
    pub values: Vec<(String, String)>,
    /// The verdict.
    pub verdict: Verdict,
    /// The result of the run in memory, if another run was judged and the one in memory did not pass.
    pub model: Option<String>,
    /// What was done and observed, as a scenario.
    pub transcript: String,
    /// The observations lane by lane, without times, in which all worlds must agree. Empty if not requested.
    pub projection: String,
    /// The assumptions that the verdict rests on.
    pub assumed: BTreeSet<&'static str>,
    /// Scenario time from start to end.
    pub lasted: Duration,
    /// The plaintext frames, with time and connection. Empty if not requested.
    pub frames: String,
    /// The commands, result codes and faults that the run covered.
    pub evidence: Evidence,
    /// The changes of the displays: time, terminal, new content. Empty if not requested.
    pub displays: Vec<(Duration, usize, Display)>,
    /// Everything that happened, and which line read it. `None` if not requested.
    pub trace: Option<Trace>,
    /// The size in bytes of the message that an `each byte` fault cuts.
    pub carrier_size: Option<usize>,
    /// Whether the injected fault was triggered.
    pub has_struck: bool,
    /// The places for injections that an undisturbed run passed.
    pub survey: Option<Arc<Survey>>,
}

#[cfg(test)]
mod tests {
    use sca_model::Span;
    use sca_terminal::simulated;

    use super::*;

    use crate::options::Options;
    use crate::play::play;

    #[test]
    fn a_row_that_was_not_played_has_nothing_of_the_run_in_memory() {
        let text = "scenario \"A\"\n\nterminal connects\npos -> terminal  ADMIN GET_COUNTER  as a\n\
            terminal -> pos  RESULT=OK  re a\nscreen idle\n";
        let scenario = sca_scenario::parse(text).expect("it is valid");
        let options = Options {
            projects: true,
            keeps_frames: true,
            keeps_displays: true,
            keeps_trace: true,
            ..Options::default()
        };
        let identities = sca_environment::identities::Authorities::new().expect("an authority can be made").memory;
        let played = play(&scenario, &options, &identities, &simulated).remove(0);
        assert!(matches!(played.verdict, Verdict::Pass) && !played.transcript.is_empty() && played.trace.is_some());
        assert!(!played.frames.is_empty() && !played.projection.is_empty() && !played.displays.is_empty());
        assert!(!played.lasted.is_zero() && played.evidence != Evidence::default());
        let not =
            Played { assumed: BTreeSet::from(["A-01"]), ..played }.inapplicable(Failure::at(Span::default(), "why"));
        assert!(matches!(&not.verdict, Verdict::Inapplicable(why) if why.headline == "why"));
        assert!(
            not.transcript.is_empty() && not.projection.is_empty() && not.frames.is_empty() && not.displays.is_empty()
        );
        assert!(not.trace.is_none() && not.lasted.is_zero() && not.assumed.is_empty());
        assert_eq!(not.evidence, Evidence::default());
    }
}
