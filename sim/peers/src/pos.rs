//! The POS: remembers its requests, pairs each message with the request it answers, and keeps the keys it received.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use sca_protocol::commands::{Behaviour, Command, Prompt, Tell};
use sca_protocol::keys::{Key, Packet};
use sca_protocol::message::DuplicateFields;
use sca_protocol::rsa::PosKeyPair;
use sca_protocol::xml::Limits;
use sca_protocol::{Chance, Request, Response, codes, xml};

/// The number of a POS request, in the order of sending, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u32);

/// A message from the terminal as the POS understands it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// The message parsed as a response, if it is one.
    pub response: Option<Response>,
    /// The request it answers; none for a notice.
    pub answers: Option<RequestId>,
    /// FUNCTION_TYPE and COMMAND of that request's row in the table of commands.
    pub request: Option<(String, String)>,
    /// Whether the message was encrypted.
    pub encrypted: bool,
    /// Whether the message is a notice.
    pub notice: bool,
    /// Whether the request had been given up because its connection ended.
    pub late: bool,
    /// The request that the same text has answered before, if this message repeats that answer.
    pub repeats: Option<RequestId>,
}

impl Heard {
    /// A message that answers no request.
    fn nothing(response: Option<Response>) -> Self {
        Self { response, answers: None, request: None, encrypted: false, notice: false, late: false, repeats: None }
    }
}

/// The most given-up requests, and the most received answers, that are remembered.
const REMEMBERED_MAX: usize = 64;

/// The longest POS_RECON that a terminal accepts, in characters.
const RECON_MAX: usize = 30;

#[derive(Debug)]
struct Pending {
    id: RequestId,
    routing: Option<(String, String)>,
    text_when_done: Option<&'static str>,
    known: bool,
    /// Whether its command holds the screen.
    holds: bool,
    cancels: bool,
    /// Whether it is answered with what was scanned, under any text.
    scans: bool,
    counter: Option<String>,
    recon: Option<String>,
}

/// The simulated POS.
#[derive(Debug, Default)]
pub struct Pos {
    pending: Vec<Pending>,
    /// Requests held in transit, which nothing can answer yet.
    held: Vec<Pending>,
    /// Requests that were given up, oldest first; a late answer may still belong to one.
    given_up: Vec<Pending>,
    /// The last answers received, each with its request.
    answered: Vec<(RequestId, String)>,
    sent: u32,
    /// Whether an answer that no pending command can produce is still paired, with the request it echoes or the oldest;
    /// real devices use other texts.
    pub lenient: bool,
    /// The key for each MAC label.
    keys: BTreeMap<String, Key>,
}

/// The RSA key pair of every simulated POS. All share one, so that no run waits for key generation.
///
/// # Panics
/// If no key can be generated, which does not happen for the fixed seed.
#[must_use]
pub fn key() -> &'static PosKeyPair {
    static KEY: LazyLock<PosKeyPair> = LazyLock::new(|| {
        PosKeyPair::generate(&mut Chance::new(1).stream("pos-key", &[])).expect("this seed makes a key")
    });
    &KEY
}

/// Parses a text as a request, if it is one.
#[must_use]
pub fn request_in(text: &str) -> Option<Request> {
    unrouted_request_in(text).filter(Request::is_routed)
}

/// Parses a text as a request, if it is one but for its routing fields, which may be missing.
#[must_use]
pub fn unrouted_request_in(text: &str) -> Option<Request> {
    // A terminal may accept a request with a duplicate field.
    Request::read_unrouted(text, Limits { bytes_max: usize::MAX, ..Limits::default() }, DuplicateFields::First).ok()
}

impl Pos {
    /// Records a text that is being sent, well-formed or not.
    pub fn sent(&mut self, text: &str) -> RequestId {
        self.asked(request_in(text).as_ref())
    }

    /// Records a request that is being sent; `None` for a text that is not a request.
    pub fn asked(&mut self, request: Option<&Request>) -> RequestId {
        self.sent += 1;
        let id = RequestId(self.sent);
        let row = request.and_then(Command::find);
        let field = |name| request.and_then(|r| r.get(name)).map(str::to_owned);
        self.pending.push(Pending {
            id,
            routing: row.map(Command::name),
            text_when_done: row.map(|row| row.text),
            known: row.is_some(),
            holds: row.is_some_and(|row| row.screen),
            cancels: row.is_some_and(|row| row.behaviour == Behaviour::Cancel),
            scans: row.is_some_and(|row| matches!(row.behaviour, Behaviour::Prompt(Prompt::Scan(_)))),
            // GET COUNTER is answered with the last COUNTER, never its own (CNT-05).
            counter: field("COUNTER")
                .filter(|_| !row.is_some_and(|row| row.behaviour == Behaviour::Tell(Tell::Counter))),
            // An empty POS_RECON may count as absent.
            recon: field("POS_RECON").filter(|recon| !recon.trim().is_empty()),
        });
        id
    }

    /// Forgets a request that was never sent: nothing can answer it.
    pub fn discard(&mut self, id: RequestId) {
        self.pending.retain(|p| p.id != id);
    }

    /// Marks a request as held in transit: nothing answers it until it goes on.
    pub fn hold(&mut self, id: RequestId) {
        let (held, rest) = std::mem::take(&mut self.pending).into_iter().partition(|p| p.id == id);
        self.pending = rest;
        self.held.extend::<Vec<Pending>>(held);
    }

    /// Releases a held request; it now comes after all requests that overtook it.
    pub fn goes_on(&mut self, id: RequestId) {
        let (free, rest) = std::mem::take(&mut self.held).into_iter().partition(|p| p.id == id);
        self.held = rest;
        self.pending.extend::<Vec<Pending>>(free);
    }

    /// The MAC of a request, by its MAC_LABEL and COUNTER; `None` without a key or a valid COUNTER.
    #[must_use]
    pub fn mac(&self, request: &Request) -> Option<String> {
        let counter = request.get("COUNTER").and_then(sca_protocol::counter::parse)?;
        Some(self.keys.get(request.get("MAC_LABEL")?)?.mac(counter))
    }

    /// Encrypts a document under the key of its MAC_LABEL; returns it unchanged if the POS has no such key.
    #[must_use]
    pub fn encrypt(&self, request: &Request, text: &str, iv: [u8; 16]) -> String {
        let label = request.get("MAC_LABEL").unwrap_or_default();
        let Some(key) = self.keys.get(label) else { return text.to_owned() };
        let Packet { iv, payload } = key.close(text, iv);
        format!("<ETRANSACTION><MAC_LABEL>{label}</MAC_LABEL><IV>{iv}</IV><PAYLOAD>{payload}</PAYLOAD></ETRANSACTION>")
    }

    /// Decrypts an encrypted document, if one of the keys opens it.
    #[must_use]
    pub fn decrypt(&self, text: &str) -> Option<String> {
        if !text.starts_with("<ERESPONSE>") {
            return None;
        }
        let root = xml::parse(text, Limits::default()).ok()?;
        let part = |name: &str| root.children.iter().find(|c| c.name == name).map(|c| c.text.clone());
        let packet = Packet { iv: part("IV")?, payload: part("PAYLOAD")? };
        self.keys.values().find_map(|key| key.open(&packet).ok())
    }

    /// Pairs a message with the request whose COUNTER or POS_RECON it repeats, else with the oldest unanswered one
    /// whose command can produce it; otherwise it answers nothing. Stores the keys that it carries.
    pub fn heard(&mut self, text: &str) -> Heard {
        let Some((response, position, encrypted)) = self.place(text) else { return Heard::nothing(None) };
        let sealed = response.get("MAC_KEY").or_else(|| response.get("TERMINAL_KEY"));
        if let (Some(sealed), Some(label)) = (sealed, response.get("MAC_LABEL")) {
            self.keys.extend(key().decrypt_key(sealed).map(|key| (label.to_owned(), key)));
        }
        let repeats = position.and_then(|i| self.repeated(text, &response, &self.pending[i]));
        let position = position.filter(|_| repeats.is_none());
        let gone = self.given_up_for(&response, position.map(|i| &self.pending[i]));
        let late = gone.is_some();
        let answered = match (gone, position) {
            (Some(gone), _) => Some(self.given_up.remove(gone)),
            (None, position) => position.map(|i| self.pending.remove(i)),
        };
        let (answers, request) = (answered.as_ref().map(|p| p.id), answered.and_then(|p| p.routing));
        if let Some(id) = answers {
            self.answered.push((id, text.to_owned()));
            let over = self.answered.len().saturating_sub(REMEMBERED_MAX);
            self.answered.drain(..over);
        }
        // A scan is the answer to SCAN, or arrives unsolicited after BARCODEASYNC_START.
        let is_scan = response.get("BARCODE_DATA").is_some();
        let notice = is_notice(&response) || (answers.is_none() && is_scan);
        Heard { response: Some(response), answers, request, encrypted, notice, late, repeats }
    }

    /// The index of the given-up request that this answer belongs to, if it fits better than the next pending one.
    fn given_up_for(&self, response: &Response, next: Option<&Pending>) -> Option<usize> {
        let by_recon = !next.is_some_and(|p| p.echoes_recon(response));
        // The answer to a request without its own COUNTER may carry the last one, as that to GET COUNTER does.
        let by_counter = next.is_none_or(|p| p.counter.is_some() && !p.echoes_counter(response));
        self.given_up.iter().position(|p| {
            let is_named = (by_recon && p.echoes_recon(response)) || (by_counter && p.echoes_counter(response));
            is_named && p.can_produce(response)
        })
    }

    /// Pairs an answer that may have been in transit when its connection ended with the oldest given-up request it
    /// fits.
    pub fn late(&mut self, response: &Response) -> Option<RequestId> {
        let at = self.given_up.iter().position(|p| p.can_produce(response) && !p.names_other_request(response))?;
        Some(self.given_up.remove(at).id)
    }

    /// The request that the same text has answered before, if the next pending request has a COUNTER or POS_RECON that
    /// differs from the one in the text.
    fn repeated(&self, text: &str, response: &Response, next: &Pending) -> Option<RequestId> {
        let other = |name, own: &Option<String>| {
            own.as_deref().is_some_and(|own| response.get(name).is_some_and(|got| got != own))
        };
        let is_for_other = other("COUNTER", &next.counter) || other("POS_RECON", &next.recon);
        if !is_for_other {
            return None;
        }
        self.answered.iter().rev().find(|(_, before)| before == text).map(|(id, _)| *id)
    }

    /// Interprets a message that was received before: it no longer answers anything.
    #[must_use]
    pub fn receive_duplicate(&self, text: &str) -> Heard {
        let response = self.place(text).map(|(response, _, _)| response);
        Heard { notice: true, ..Heard::nothing(response) }
    }

    /// The request that a message would answer, without recording it.
    #[must_use]
    pub fn would_answer(&self, text: &str) -> Option<RequestId> {
        let (_, position, _) = self.place(text)?;
        position.map(|i| self.pending[i].id)
    }

    /// The request that a message would answer after the messages `before` it in transit have been received.
    #[must_use]
    pub fn would_answer_after<'a>(
        &self,
        before: impl IntoIterator<Item = &'a String>,
        text: &str,
    ) -> Option<RequestId> {
        let mut taken = Vec::new();
        for earlier in before {
            let position = self.pair_excluding(earlier, &taken).and_then(|(_, position, _)| position);
            taken.extend(position);
        }
        let (_, position, _) = self.pair_excluding(text, &taken)?;
        position.map(|i| self.pending[i].id)
    }

    /// The message as a response, the index of the pending request it answers, and whether it was encrypted.
    fn place(&self, text: &str) -> Option<(Response, Option<usize>, bool)> {
        self.pair_excluding(text, &[])
    }

    /// [`Self::place`], where the pending requests at the indices `taken` are already answered.
    fn pair_excluding(&self, text: &str, taken: &[usize]) -> Option<(Response, Option<usize>, bool)> {
        let plain = self.decrypt(text);
        let limits = Limits { bytes_max: 1 << 24, ..Limits::default() };
        let response = Response::parse(plain.as_deref().unwrap_or(text), limits).ok()?;
        if is_notice(&response) {
            return Some((response, None, plain.is_some()));
        }
        let echoes = |p: &Pending| p.echoes_recon(&response) || p.echoes_counter(&response);
        // Every answer repeats POS_RECON, so an answer without it belongs to another request.
        let has_recon = response.get("POS_RECON").is_some();
        let fits = |p: &Pending| p.can_produce(&response) && (has_recon || !p.expects_recon(&response));
        let free = |i: &usize| !taken.contains(i) && fits(&self.pending[*i]);
        let able: Vec<usize> = (0..self.pending.len()).filter(free).collect();
        // BUSY is answered at once, to the first request behind the one that holds the device. All other answers come
        // in order.
        let is_busy = response.get("RESULT_CODE") == Some("59002");
        // Code 0 answers an unknown command, so a request whose command is in no table is preferred.
        let is_unknown = response.get("RESULT_CODE") == Some("0") && response.get("RESULT") == Some("ERROR");
        let unknown = able.iter().find(|&&i| is_unknown && !self.pending[i].known);
        let holder = self.pending.iter().position(|p| p.holds);
        let behind = able.iter().find(|&&i| holder.is_some_and(|holder| i > holder)).or(able.last());
        let in_turn = unknown.or(if is_busy { behind } else { able.first() });
        let position = able.iter().copied().find(|&i| echoes(&self.pending[i])).or(in_turn.copied());
        let in_turn = || self.pending.iter().position(echoes).or((!self.pending.is_empty()).then_some(0));
        let position = position.or_else(|| self.lenient.then(in_turn).flatten());
        Some((response, position, plain.is_some()))
    }

    /// The requests without an answer, oldest first.
    pub fn unanswered(&self) -> impl Iterator<Item = RequestId> {
        self.pending.iter().chain(&self.held).map(|p| p.id)
    }

    /// Gives up the requests that the end of their connection left unanswered.
    pub fn forget(&mut self, excused: impl Fn(RequestId) -> bool) {
        for waiting in [&mut self.pending, &mut self.held] {
            let (gone, rest) = std::mem::take(waiting).into_iter().partition(|p| excused(p.id));
            *waiting = rest;
            self.given_up.extend::<Vec<Pending>>(gone);
        }
        let over = self.given_up.len().saturating_sub(REMEMBERED_MAX);
        self.given_up.drain(..over);
    }
}

/// Whether a response is a notice: by code, RESULT and text and by the lack of an echo, or the early return of a card
/// before its payment is decided. RESULT_CODE alone would take a card entry screen for an approval.
fn is_notice(response: &Response) -> bool {
    let field = |name: &str| response.get(name).unwrap_or_default();
    let is_early = field("RESPONSE_TEXT") == codes::EARLY_CARD;
    let is_echo = response.get("COUNTER").is_some() || response.get("POS_RECON").is_some();
    is_early || (!is_echo && codes::is_notice(field("RESULT_CODE"), field("RESULT"), field("RESPONSE_TEXT")))
}

impl Pending {
    fn echoes_recon(&self, response: &Response) -> bool {
        self.recon.is_some() && self.recon.as_deref() == response.get("POS_RECON")
    }

    fn echoes_counter(&self, response: &Response) -> bool {
        self.counter.is_some() && self.counter.as_deref() == response.get("COUNTER")
    }

    /// Whether a response carries a POS_RECON other than this request's.
    fn names_other_request(&self, response: &Response) -> bool {
        response.get("POS_RECON").is_some_and(|got| self.recon.as_deref() != Some(got))
    }

    /// Whether the answer must repeat POS_RECON; an answer that refuses this very field need not.
    fn expects_recon(&self, response: &Response) -> bool {
        let is_refused = response.get("RESULT_CODE") == Some("59040");
        let is_wrong = |recon: &str| !(1..=RECON_MAX).contains(&recon.chars().count());
        let is_blamed = response.get("RESPONSE_TEXT").is_some_and(|text| text.contains("POS_RECON"));
        self.recon.as_deref().is_some_and(|recon| !(is_refused && (is_blamed || is_wrong(recon))))
    }

    fn can_produce(&self, response: &Response) -> bool {
        let text = response.get("RESPONSE_TEXT").unwrap_or_default();
        match response.get("RESULT_CODE") {
            // A text with a value filled in begins or ends with the table's text: `2 SAF RECORDS FOUND`.
            Some("-1") if self.known => {
                let row = self.text_when_done.unwrap_or_default();
                let is_scan = self.scans && response.get("BARCODE_DATA").is_some();
                is_scan || text == row || (!row.is_empty() && (text.starts_with(row) || text.ends_with(row)))
            }
            Some("-1") => false,
            // Only CANCEL is answered with this code.
            Some("59049") => self.cancels,
            Some(_) => true,
            None => false,
        }
    }
}

#[cfg(test)]
mod tests;
