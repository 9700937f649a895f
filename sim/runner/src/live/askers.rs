//! Which POS has asked what of a terminal, so that each answer reaches the one that asked.

use std::collections::BTreeMap;

use sca_peers::{Peer, request_in};
use sca_protocol::Request;

use crate::pairing::Pairing;

/// Requests of one terminal that are remembered; the oldest are forgotten, and what answers them goes to all.
const WAITING_MAX: usize = 256;
/// Bytes of a value by which an answer finds its request.
const MARK_MAX: usize = 64;

/// The requests that wait for their answers, by pinpad id.
#[derive(Debug, Default)]
pub(super) struct Askers {
    waiting: BTreeMap<String, Pairing<Peer>>,
}

impl Askers {
    /// A POS asks the terminal with this pinpad id.
    pub(super) fn asked(&mut self, pinpad_id: &str, asker: Peer, text: &str) {
        let waiting = self.waiting.entry(pinpad_id.to_owned()).or_default();
        if waiting.open_mut().count() >= WAITING_MAX {
            *waiting = Pairing::default();
        }
        waiting.asked(request_in(text).as_ref().map(marks).as_ref(), asker);
    }

    /// The POS that a message of a terminal answers; nobody where it is a notice, or answers nothing.
    pub(super) fn answered(&mut self, pinpad_id: &str, text: &str) -> Option<Peer> {
        let waiting = self.waiting.get_mut(pinpad_id)?;
        let (_, asker) = waiting.answered(text);
        if waiting.is_empty() {
            self.waiting.remove(pinpad_id);
        }
        asker
    }

    /// The terminal has gone: the POS whose requests it has not answered, one for each request.
    pub(super) fn lost(&mut self, pinpad_id: &str) -> Vec<Peer> {
        self.waiting.remove(pinpad_id).map(|mut waiting| waiting.forget()).unwrap_or_default()
    }
}

/// Of a request what its answer is found by: the rest may be a megabyte.
fn marks(request: &Request) -> Request {
    const NAMES: [&str; 4] = ["FUNCTION_TYPE", "COMMAND", "COUNTER", "POS_RECON"];
    let fields = NAMES.into_iter().filter_map(|name| {
        let value = request.get(name)?;
        (value.len() <= MARK_MAX).then(|| (name.to_owned(), value.to_owned()))
    });
    Request::new(fields.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn peer(connection: u32) -> Peer {
        Peer { terminal: 0, connection }
    }

    fn version(counter: u32) -> String {
        format!(
            "<TRANSACTION><FUNCTION_TYPE>DEVICE</FUNCTION_TYPE><COMMAND>VERSION</COMMAND><COUNTER>{counter}</COUNTER></TRANSACTION>"
        )
    }

    fn answer(counter: u32) -> String {
        format!(
            "<RESPONSE><RESPONSE_TEXT>Version Information Captured</RESPONSE_TEXT><RESULT>OK</RESULT>\
             <RESULT_CODE>-1</RESULT_CODE><COUNTER>{counter}</COUNTER></RESPONSE>"
        )
    }

    #[test]
    fn an_answer_finds_its_asker_whatever_the_order() {
        let mut askers = Askers::default();
        askers.asked("1", peer(7), &version(1));
        askers.asked("1", peer(8), &version(2));
        askers.asked("2", peer(9), &version(1));
        assert_eq!(askers.answered("1", &answer(2)), Some(peer(8)));
        let notice = "<RESPONSE><RESPONSE_TEXT>CARD ENTRY SCREEN</RESPONSE_TEXT><RESULT>OK</RESULT><RESULT_CODE>5</RESULT_CODE></RESPONSE>";
        assert_eq!(askers.answered("1", notice), None);
        assert_eq!(askers.answered("1", &answer(1)), Some(peer(7)));
        assert_eq!(askers.answered("1", &answer(1)), None);
        assert_eq!((askers.lost("2"), askers.lost("2")), (vec![peer(9)], Vec::new()));
    }

    #[test]
    fn what_nobody_answers_is_bounded() {
        let mut askers = Askers::default();
        let long = "x".repeat(1 << 16);
        for number in 0..10_000 {
            askers.asked("1", peer(number), &version(number).replace("VERSION", &long));
        }
        assert!(askers.lost("1").len() <= WAITING_MAX);
    }
}
