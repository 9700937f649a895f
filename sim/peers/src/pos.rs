//! The POS: remembers what it asked, and tells of each message which request it answers.

use sca_protocol::commands::Command;
use sca_protocol::xml::Limits;
use sca_protocol::{Request, Response};

/// One request of the POS, in the order of sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u32);

/// What a message from the terminal is to the POS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// The message as a response, if it is one.
    pub response: Option<Response>,
    /// The request it answers; none for a notice.
    pub answers: Option<RequestId>,
}

#[derive(Debug)]
struct Pending {
    id: RequestId,
    text_when_done: Option<&'static str>,
    known: bool,
    counter: Option<String>,
    recon: Option<String>,
}

/// The POS.
#[derive(Debug, Default)]
pub struct Pos {
    pending: Vec<Pending>,
    sent: u32,
}

impl Pos {
    /// Takes note of a text that is being sent, well-formed or not.
    pub fn sent(&mut self, text: &str) -> RequestId {
        let request = Request::parse(text, Limits { bytes_max: usize::MAX, ..Limits::default() }).ok();
        self.asked(request.as_ref())
    }

    /// Takes note of a request that is being sent; nothing for a text that is none.
    pub fn asked(&mut self, request: Option<&Request>) -> RequestId {
        self.sent += 1;
        let id = RequestId(self.sent);
        let row = request.and_then(|r| Command::find(r.function_type(), r.command()));
        let field = |name| request.and_then(|r| r.get(name)).map(str::to_owned);
        self.pending.push(Pending {
            id,
            text_when_done: row.map(|row| row.text),
            known: row.is_some(),
            counter: field("COUNTER"),
            recon: field("POS_RECON"),
        });
        id
    }

    /// What a message is: the answer to the request whose COUNTER or POS_RECON it repeats, else to the oldest
    /// unanswered one whose command can give it, else a notice.
    pub fn heard(&mut self, text: &str) -> Heard {
        let Some((response, position)) = self.place(text) else { return Heard { response: None, answers: None } };
        let answers = position.map(|i| self.pending.remove(i).id);
        Heard { response: Some(response), answers }
    }

    /// Which request a message would answer, without taking note of it.
    #[must_use]
    pub fn would_answer(&self, text: &str) -> Option<RequestId> {
        let (_, position) = self.place(text)?;
        position.map(|i| self.pending[i].id)
    }

    /// The message as a response, and the place of the request it answers.
    fn place(&self, text: &str) -> Option<(Response, Option<usize>)> {
        let limits = Limits { bytes_max: 1 << 24, ..Limits::default() };
        let response = Response::parse(text, limits).ok()?;
        let echoes = |p: &Pending| {
            let same = |name, sent: &Option<String>| sent.is_some() && sent.as_deref() == response.get(name);
            same("COUNTER", &p.counter) || same("POS_RECON", &p.recon)
        };
        let able: Vec<usize> = (0..self.pending.len()).filter(|&i| self.pending[i].can_give(&response)).collect();
        let position = able.iter().copied().find(|&i| echoes(&self.pending[i])).or_else(|| able.first().copied());
        Some((response, position))
    }

    /// The requests without an answer, oldest first.
    pub fn unanswered(&self) -> impl Iterator<Item = RequestId> {
        self.pending.iter().map(|p| p.id)
    }

    /// Forgets the requests that the end of their connection has left without an answer.
    pub fn forget(&mut self, excused: impl Fn(RequestId) -> bool) {
        self.pending.retain(|p| !excused(p.id));
    }
}

impl Pending {
    fn can_give(&self, response: &Response) -> bool {
        match response.get("RESULT_CODE") {
            Some("-1") => self.known && self.text_when_done == response.get("RESPONSE_TEXT"),
            Some(_) => true,
            None => false,
        }
    }
}
