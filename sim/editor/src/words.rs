//! The words of the language that no other table explains, each with what it says.

/// How a line can begin, in the order in which one looks for it.
pub(crate) const STEPS: &[(&str, &str)] = &[
    ("terminal", "what the terminal does or says: `terminal connects`, `terminal -> pos …`"),
    ("pos", "a request: `pos -> terminal  ADMIN GET_COUNTER  as ask`"),
    ("broker", "the broker itself: pings, closes, raw frames, answers to attempts"),
    ("screen", "what the screen shows, now or in time"),
    ("icon", "what the icon says: connected or disconnected"),
    ("cardholder", "what the cardholder does: taps, inserts, swipes, enters, presses, removes, signs"),
    ("fault", "something goes wrong: now, for a while, or at an exact place"),
    ("wait", "time passes: `wait 5s`"),
    ("set", "a setting changes: `set broker certificate new`"),
    ("power", "`power on`, `power off`"),
    ("dns", "where a name leads from now on: `dns broker.test is Backup`"),
    ("host", "how the payment host behaves from now on"),
    ("vhq", "how the estate host behaves from now on"),
    ("proxy", "how the proxy answers"),
    ("check", "how labels relate: rising, differ, same"),
    ("call", "a story of a library: `call open-session(\"7\")`"),
    ("any order", "a block: all of it, in any order"),
    ("in order", "a block: in this order, across lanes"),
    ("together", "a block: sent in one segment"),
    ("throughout", "a block during which a state holds at every moment"),
    ("without", "a block during which something must not come"),
    ("optional", "a block that is demanded if its first line comes"),
    ("either", "branches: the one whose first line comes is demanded"),
    ("or", "another branch of the `either` above"),
    ("repeat", "a block, so many times: `repeat 3`"),
];

pub(crate) const HEADERS: &[(&str, &str)] = &[
    ("tags", "words to choose by"),
    ("seed", "what all chance follows from; 1 when absent"),
    ("clock", "the true time at the start; 2026-01-15T09:00:00Z when absent"),
    ("use", "a library of stories, relative to this file"),
    ("each", "plays the scenario once for each value, inserted by `{{NAME}}`"),
    ("waive", "excuses an invariant, with the reason"),
    ("ignore", "takes messages that fit out of the lanes"),
    ("expect-fail", "the scenario fails, and that is known until a date"),
];

pub(crate) const PARTIES: &[(&str, &str)] = &[
    ("broker", "the broker's settings"),
    ("certificate", "an identity: valid, flaw, names, intermediate"),
    ("host", "the payment host's settings"),
    ("vhq", "the estate host's settings"),
];

pub(crate) const SUFFIXES: &[(&str, &str)] = &[
    ("after failures", "attempts that fail before it are passed over"),
    ("within", "by then: `within 5s`, `within 1s..2s of LABEL`; 30 s when absent"),
    ("as", "names this line"),
    ("re", "this message answers that request"),
    ("covers", "the clauses this line is evidence for"),
    ("exactly", "these fields in this order, and no others"),
    ("bytes", "to the byte"),
];

pub(crate) const LINK: &[(&str, &str)] = &[
    ("connects", "the link is up"),
    ("attempts", "an attempt begins"),
    ("fails", "an attempt failed, for a reason"),
    ("loses", "the link was up and is lost"),
    ("->", "the terminal sends something"),
];

pub(crate) const REASONS: &[(&str, &str)] = &[
    ("dns", "the name has no address"),
    ("refused", "the port is closed"),
    ("timeout", "nothing came in time"),
    ("reset", "the connection broke"),
    ("tls", "TLS failed; a word says how"),
    ("proxy", "the proxy refused; a status says how"),
    ("http", "another answer than 101; a status says which"),
    ("handshake", "the 101 is not right; a word says how"),
    ("config", "the settings cannot work"),
];

pub(crate) const CARDHOLDER: &[(&str, &str)] = &[
    ("taps", "presents a card to the contactless reader"),
    ("inserts", "puts a card into the reader"),
    ("swipes", "pulls a card through the stripe reader"),
    ("enters", "types digits or a text, in quotes"),
    ("presses", "a button by its label, or cancel"),
    ("removes", "takes the card out"),
    ("signs", "signs on the screen"),
];

pub(crate) const CERTIFICATE: &[(&str, &str)] = &[
    ("valid", "from when until when: DATE..DATE"),
    ("flaw", "what is wrong with it"),
    ("names", "the names it is for"),
    ("intermediate", "yes where an intermediate authority signed it"),
];

pub(crate) const HOST: &[(&str, &str)] = &[
    ("approves", "an amount, or all; `after D` takes time"),
    ("declines", "with a text"),
    ("errors", "every answer is an error"),
    ("answers", "a result code, and a text"),
    ("decides", "by the card"),
    ("is", "up, silent, cut or down"),
];
