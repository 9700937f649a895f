//! Lines of a script that a person answers, where nobody else can see what they demand.

use std::rc::Rc;
use std::time::Duration;

use sca_model::{Action, Awaited, Expect, Step, Suffix};

use super::state::{Op, Script};
use crate::verdict::Failure;

impl Script {
    /// The line that waits for something to be shown, if that is what is waited for.
    pub fn awaited_show(&self) -> Option<Rc<Step>> {
        let Some(Op::Step(step)) = self.ops.front() else { return None };
        let is_show = matches!(&step.action, Action::Expect(expect) if matches!(expect.awaited, Awaited::Show(_)));
        is_show.then(|| step.clone())
    }

    /// A person says whether what is waited for is shown.
    pub fn confirm(&mut self, now: Duration, yes: bool) -> Result<(), Box<Failure>> {
        let Some(step) = self.awaited_show() else { return Ok(()) };
        if !yes {
            return Err(self.failure(&step, "this is not shown, says who looks at it", "asked for this", Vec::new()));
        }
        self.ops.pop_front();
        (self.since, self.last) = (now, step.span);
        if let Action::Expect(Expect { suffix: Suffix { label: Some(label), .. }, .. }) = &step.action {
            self.names.moments.insert(label.clone(), now);
        }
        Ok(())
    }
}
