//! Requests and answers that were caught, paired as the POS of a run pairs them; what is left answers the oldest request,
//! since real devices have words of their own.

use sca_peers::{Pos, RequestId};
use sca_protocol::{Request, Response};

/// Requests that wait for their answers, each with what its owner keeps of it.
#[derive(Debug)]
pub struct Pairing<T> {
    pos: Pos,
    open: Vec<(RequestId, T)>,
}

impl<T> Default for Pairing<T> {
    fn default() -> Self {
        Self { pos: Pos::default(), open: Vec::new() }
    }
}

impl<T> Pairing<T> {
    /// A request is sent; nothing for a text that is none.
    pub fn asked(&mut self, request: Option<&Request>, kept: T) {
        let id = self.pos.asked(request);
        self.open.push((id, kept));
    }

    /// The message as a response, if it is one, and what was kept of the request that it answers, if it answers one.
    pub fn answered(&mut self, text: &str) -> (Option<Response>, Option<T>) {
        let heard = self.pos.heard(text);
        let place = match heard.answers {
            Some(id) => self.open.iter().position(|(open, _)| *open == id),
            // What is no response, and no notice either, still comes in its turn.
            None if !heard.notice => self.open.first().map(|_| 0),
            None => None,
        };
        let asked = place.map(|place| self.open.remove(place));
        if let (Some((asked, _)), None) = (&asked, heard.answers) {
            self.pos.forget(|id| id == *asked);
        }
        (heard.response, asked.map(|(_, kept)| kept))
    }

    /// Whether no request waits for its answer.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// What is kept of the requests without an answer, oldest first.
    pub fn open_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut T> {
        self.open.iter_mut().map(|(_, kept)| kept)
    }

    /// The connection is over: what was asked on it stays without an answer.
    pub fn forget(&mut self) -> Vec<T> {
        self.pos.forget(|_| true);
        std::mem::take(&mut self.open).into_iter().map(|(_, kept)| kept).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_response_comes_in_its_turn_and_leaves_the_others() {
        let mut pairing = Pairing::default();
        for (counter, kept) in [("1", 'a'), ("2", 'b')] {
            let fields = [("FUNCTION_TYPE", "DEVICE"), ("COMMAND", "VERSION"), ("COUNTER", counter)];
            let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
            pairing.asked(Some(&Request::new(fields.to_vec())), kept);
        }
        assert_eq!(pairing.answered("hello").1, Some('a'));
        let answer = "<RESPONSE><RESPONSE_TEXT>Version Information Captured</RESPONSE_TEXT><RESULT>OK</RESULT>\
            <RESULT_CODE>-1</RESULT_CODE><COUNTER>2</COUNTER></RESPONSE>";
        assert_eq!(pairing.answered(answer).1, Some('b'));
        assert_eq!(pairing.open_mut().count(), 0);
    }

    #[test]
    fn who_has_its_answer_waits_no_longer_and_the_others_do() {
        let mut pairing = Pairing::default();
        for (counter, kept) in [("1", 'a'), ("2", 'b'), ("3", 'c')] {
            let fields = [("FUNCTION_TYPE", "DEVICE"), ("COMMAND", "VERSION"), ("COUNTER", counter)];
            let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
            pairing.asked(Some(&Request::new(fields.to_vec())), kept);
        }
        assert_eq!(pairing.answered("hello").1, Some('a'));
        let answer = "<RESPONSE><RESPONSE_TEXT>Version Information Captured</RESPONSE_TEXT><RESULT>OK</RESULT>\
            <RESULT_CODE>-1</RESULT_CODE><COUNTER>3</COUNTER></RESPONSE>";
        assert_eq!(pairing.answered(answer).1, Some('c'));
    }
}
