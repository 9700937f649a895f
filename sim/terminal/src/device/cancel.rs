//! CANCEL, and everything else that ends what occupies the device: a prompt, a card entry, a PIN, a wait for a host.

use super::{Device, Holder};
use crate::context::{Task, Work};
use sca_protocol::codes;
use sca_protocol::codes::Code;

impl Device {
    /// CANCEL: it is answered first, then what occupied the device is.
    pub(super) fn cancel(&mut self, work: &mut Work<'_>, mut task: Task) {
        let response = task.done(work);
        task.answer(work, response);
        self.cancel_occupant(work, codes::CANCELLED.text, codes::CANCELLED.assumption);
    }

    /// Cancels the request that occupies the device, and answers it.
    pub(crate) fn cancel_occupant(&mut self, work: &mut Work<'_>, text: &str, assumption: Option<&'static str>) {
        let Some(Holder { mut task, .. }) = self.holder.take() else { return };
        self.host_calls.abandon_occupant(work);
        let code = Code { assumption, ..codes::CANCELLED };
        let response = task.outcome(work, code, text);
        task.answer(work, response);
    }
}
