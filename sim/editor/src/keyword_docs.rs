//! Words of the language that no other table documents, each with a description.

/// The words that can begin a step, most common first.
pub(crate) const STEPS: &[(&str, &str)] = &[
    ("terminal", "what the terminal does or sends: `terminal connects`, `terminal -> pos …`"),
    ("pos", "a request: `pos -> terminal  ADMIN GET_COUNTER  as ask`"),
    ("broker", "the broker's own messages: pings, closes, raw frames, answers to attempts"),
    ("screen", "what the screen has to show, now or within a time"),
    ("icon", "what the icon has to show: connected or disconnected"),
    ("cardholder", "what the cardholder does: taps, inserts, swipes, enters, presses, removes, signs"),
    ("fault", "a fault: now, for a while, or at an exact point"),
    ("wait", "lets time pass: `wait 5s`"),
    ("set", "changes a setting: `set broker certificate new`"),
    ("power", "`power on`, `power off`"),
    ("dns", "what a name resolves to from now on: `dns broker.test is Backup`"),
    ("host", "how the payment host behaves from now on"),
    ("vhq", "how the estate host behaves from now on"),
    ("proxy", "how the proxy answers"),
    ("check", "compares labels: rising, differ, same"),
    ("call", "plays a story of a library: `call open-session(\"7\")`"),
    ("any order", "a block whose lines are expected in any order"),
    ("in order", "a block whose lines are expected in this order, across lanes"),
    ("together", "a block whose messages are sent in one segment"),
    ("throughout", "a block during which a state has to hold at every moment"),
    ("without", "a block during which an observation is forbidden"),
    ("optional", "a block that is required if its first line is observed"),
    ("either", "branches: the one whose first line is observed is required"),
    ("or", "another branch of the `either` above"),
    ("repeat", "repeats a block: `repeat 3`"),
];

pub(crate) const HEADERS: &[(&str, &str)] = &[
    ("tags", "words to select scenarios by"),
    ("seed", "the seed of all random choices; 1 when absent"),
    ("clock", "the actual time at the start; 2026-01-15T09:00:00Z when absent"),
    ("use", "a library of stories, relative to this file"),
    ("each", "plays the scenario once for each value, inserted by `{{NAME}}`"),
    ("waive", "does not check an invariant, with the reason"),
    ("ignore", "leaves matching messages out of the lanes"),
    ("expect-fail", "the scenario is expected to fail, until a date"),
];

pub(crate) const PARTIES: &[(&str, &str)] = &[
    ("broker", "the broker's settings"),
    ("certificate", "a certificate: valid, flaw, names, intermediate"),
    ("host", "the payment host's settings"),
    ("vhq", "the estate host's settings"),
];

pub(crate) const SUFFIXES: &[(&str, &str)] = &[
    ("after failures", "failed attempts before it are skipped"),
    ("within", "the time limit: `within 5s`, `within 1s..2s of LABEL`; 30 s when absent"),
    ("as", "gives this line a label"),
    ("re", "this message answers that request"),
    ("covers", "the clauses this line is evidence for"),
    ("exactly", "these fields in this order, and no others"),
    ("bytes", "compares byte for byte"),
];

pub(crate) const LINK: &[(&str, &str)] = &[
    ("connects", "the link comes up"),
    ("attempts", "an attempt begins"),
    ("fails", "an attempt fails, with a reason"),
    ("loses", "the link that was up is lost"),
    ("->", "the terminal sends a message"),
];

pub(crate) const REASONS: &[(&str, &str)] = &[
    ("dns", "the name cannot be resolved"),
    ("refused", "the port is closed"),
    ("timeout", "no reply in time"),
    ("reset", "the connection was reset"),
    ("tls", "TLS failed; the next word says why"),
    ("proxy", "the proxy refused; a status says why"),
    ("http", "an answer other than 101; a status says which"),
    ("handshake", "the 101 answer is invalid; the next word says why"),
    ("config", "the settings make a connection impossible"),
];

pub(crate) const CARDHOLDER: &[(&str, &str)] = &[
    ("taps", "presents a card to the contactless reader"),
    ("inserts", "inserts a card into the chip reader"),
    ("swipes", "swipes a card through the magnetic stripe reader"),
    ("enters", "enters digits or a text, in quotes"),
    ("presses", "presses a button by its label, or cancel"),
    ("removes", "removes the card"),
    ("signs", "signs on the screen"),
];

pub(crate) const CERTIFICATE: &[(&str, &str)] = &[
    ("valid", "the validity: DATE..DATE"),
    ("flaw", "the flaw of the certificate"),
    ("names", "the host names it is valid for"),
    ("intermediate", "yes if an intermediate authority signs it"),
];

pub(crate) const HOST: &[(&str, &str)] = &[
    ("approves", "an amount, or the full one; `after D` delays the answer"),
    ("declines", "declines, with an optional text"),
    ("errors", "answers with an error"),
    ("answers", "answers with a result code and an optional text"),
    ("decides", "decides by the card"),
    ("is", "the state: up, silent, cut or down"),
];
