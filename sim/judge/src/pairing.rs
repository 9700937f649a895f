//! Pairing of captured requests and answers, with the rules of the POS of a run. An answer that those rules cannot pair
//! goes by its COUNTER or to the oldest request, since real devices use response texts of their own.

use sca_peers::{Pos, RequestId};
use sca_protocol::commands::{Behaviour, Command};
use sca_protocol::{Request, Response};

/// The requests that wait for their answers, each with a value that the caller attached.
#[derive(Debug)]
pub struct Pairing<T> {
    pos: Pos,
    open: Vec<Open<T>>,
}

/// A request that waits for its answer.
#[derive(Debug)]
struct Open<T> {
    id: RequestId,
    counter: Option<String>,
    /// Whether it is a payment command, whose answer has a result code of the host or of its own kind.
    pays: bool,
    kept: T,
}

impl<T> Default for Pairing<T> {
    fn default() -> Self {
        Self { pos: Pos::default(), open: Vec::new() }
    }
}

impl<T> Pairing<T> {
    /// Adds a sent request; `None` for a text that is not a request.
    pub fn asked(&mut self, request: Option<&Request>, kept: T) {
        let id = self.pos.asked(request);
        let counter = request.and_then(|request| request.get("COUNTER")).map(str::to_owned);
        let pays = request.and_then(Command::find).is_some_and(|row| matches!(row.behaviour, Behaviour::Pay(_)));
        self.open.push(Open { id, counter, pays, kept });
    }

    /// Takes a received message: returns it as a response, if it parses, and the attached value of the request that it
    /// answers, if any.
    pub fn answered(&mut self, text: &str) -> (Option<Response>, Option<T>) {
        let heard = self.pos.heard(text);
        let place = match heard.answers {
            Some(id) => self.open.iter().position(|open| open.id == id),
            // The rules recognize neither an answer nor a notice: pair it by COUNTER, or with the oldest request.
            None if !heard.notice => {
                let counter = heard.response.as_ref().and_then(|response| response.get("COUNTER"));
                let named = counter
                    .and_then(|counter| self.open.iter().position(|open| open.counter.as_deref() == Some(counter)));
                // A plain success (code -1) does not answer a payment while any other request waits.
                let is_done = heard.response.as_ref().is_some_and(|response| response.get("RESULT_CODE") == Some("-1"));
                let beside = || self.open.iter().position(|open| !open.pays).filter(|_| is_done);
                // A message with the COUNTER of another request does not answer a request with a different COUNTER.
                let is_other = |open: &Open<T>| counter.is_some() && open.counter.is_some();
                let next = || self.open.iter().position(|open| !is_other(open));
                named.or_else(|| beside().filter(|place| !is_other(&self.open[*place]))).or_else(next)
            }
            None => None,
        };
        let asked = place.map(|place| self.open.remove(place));
        if let (Some(asked), None) = (&asked, heard.answers) {
            self.pos.forget(|id| id == asked.id);
        }
        (heard.response, asked.map(|asked| asked.kept))
    }

    /// Whether no request waits for its answer.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// The attached values of the unanswered requests, oldest first.
    pub fn open_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut T> {
        self.open.iter_mut().map(|open| &mut open.kept)
    }

    /// Forgets all requests, because the connection is over, and returns their attached values.
    pub fn forget(&mut self) -> Vec<T> {
        self.pos.forget(|_| true);
        std::mem::take(&mut self.open).into_iter().map(|open| open.kept).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(counter: &str) -> Request {
        let fields = [("FUNCTION_TYPE", "DEVICE"), ("COMMAND", "VERSION"), ("COUNTER", counter)];
        Request::new(fields.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec())
    }

    #[test]
    fn an_answer_finds_its_request_among_others_also_in_words_of_its_own() {
        for text in ["Version Information Captured", "Version: captured"] {
            let mut pairing = Pairing::default();
            [("1", 'a'), ("2", 'b'), ("3", 'c')]
                .iter()
                .for_each(|(counter, kept)| pairing.asked(Some(&version(counter)), *kept));
            let answer = |counter: u32| {
                format!(
                    "<RESPONSE><RESPONSE_TEXT>{text}</RESPONSE_TEXT><RESULT>OK</RESULT><RESULT_CODE>-1</RESULT_CODE>\
                     <COUNTER>{counter}</COUNTER></RESPONSE>"
                )
            };
            let order = [2, 3, 1].map(|counter| pairing.answered(&answer(counter)).1);
            assert_eq!(order, [Some('b'), Some('c'), Some('a')], "{text}");
        }
    }

    #[test]
    fn a_text_that_is_not_a_response_goes_to_the_oldest_request() {
        let mut pairing = Pairing::default();
        for (counter, kept) in [("1", 'a'), ("2", 'b')] {
            pairing.asked(Some(&version(counter)), kept);
        }
        assert_eq!(pairing.answered("hello").1, Some('a'));
        let answer = "<RESPONSE><RESPONSE_TEXT>Version Information Captured</RESPONSE_TEXT><RESULT>OK</RESULT>\
            <RESULT_CODE>-1</RESULT_CODE><COUNTER>2</COUNTER></RESPONSE>";
        assert_eq!(pairing.answered(answer).1, Some('b'));
        assert_eq!(pairing.open_mut().count(), 0);
    }

    #[test]
    fn an_answered_request_is_removed_and_the_others_still_wait() {
        let mut pairing = Pairing::default();
        for (counter, kept) in [("1", 'a'), ("2", 'b'), ("3", 'c')] {
            pairing.asked(Some(&version(counter)), kept);
        }
        assert_eq!(pairing.answered("hello").1, Some('a'));
        let answer = "<RESPONSE><RESPONSE_TEXT>Version Information Captured</RESPONSE_TEXT><RESULT>OK</RESULT>\
            <RESULT_CODE>-1</RESULT_CODE><COUNTER>3</COUNTER></RESPONSE>";
        assert_eq!(pairing.answered(answer).1, Some('c'));
    }
}
