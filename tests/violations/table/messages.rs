//! Violations of the clauses of messages, the connection to the POS, settings and the device (MSG, CON, CFG, DEV).

use sca_core::{CallEvent, Input, Output};
use sca_protocol::screens::ScreenName;
use sca_protocol::{Line, Reason};

use super::changes::{
    dial_of, dialled, drop_line, extra, fails_as, iff, is_good, misread, no_dial, saying, text_of, unheard, unread,
    unsaid, xml,
};
use super::{EVER, ONCE, TWICE, Violation, of};
use crate::wrapper::Does::{Hear, Http, Reply as Answer, Say, Set, Setup, Show};
use crate::wrapper::{Reply, document, heard_as, is_to_host, refusal, showing, success, text_in, with, without};

pub(super) const VIOLATIONS: &[Violation] = &[
    of("MSG-01", "swallows a request", Hear(|i, _| unheard(i, true)), EVER),
    of("MSG-01", "swallows an answer", Answer(|_, _, _| Reply::Swallowed), EVER),
    of(
        "MSG-01",
        "answers twice",
        Answer(|_, r, _| {
            let text = document(r.fields().to_vec());
            Reply::Texts(vec![text.clone(), text])
        }),
        EVER,
    ),
    of("MSG-01", "hears nothing once it has lost a link", Hear(|i, p| unheard(i, p.losses > 0)), ONCE),
    of(
        "MSG-01",
        "is busy when idle",
        Answer(|q, r, _| iff(is_good(r), || refusal(q, "DEVICE IS BUSY", "BUSY", "59002"))),
        EVER,
    ),
    of(
        "MSG-01",
        "knows no command",
        Answer(|q, r, _| iff(is_good(r), || refusal(q, "Unknown command", "ERROR", "0"))),
        EVER,
    ),
    //
    of(
        "MSG-02",
        "takes what is no document",
        Answer(|q, r, _| iff(r.get("RESULT_CODE") == Some("-2"), || success(q, "SUCCESS"))),
        EVER,
    ),
    of(
        "MSG-02",
        "says nothing to what is no document",
        Answer(|_, r, _| iff(r.get("RESULT_CODE") == Some("-2"), || Reply::Swallowed)),
        EVER,
    ),
    of(
        "MSG-02",
        "has another code for what is no document",
        Answer(|_, r, _| iff(r.get("RESULT_CODE") == Some("-2"), || with(r, "RESULT_CODE", "59040"))),
        EVER,
    ),
    of(
        "MSG-02",
        "wants a header before the document",
        Hear(|i, _| {
            text_in(i).filter(|text| text.starts_with("<TRANSACTION")).and_then(|_| heard_as(i, "no header".to_owned()))
        }),
        EVER,
    ),
    of(
        "MSG-02",
        "reads lower case",
        Hear(|i, _| {
            text_in(i).filter(|text| text.contains("<transaction")).and_then(|text| heard_as(i, text.to_uppercase()))
        }),
        ONCE,
    ),
    of(
        "MSG-02",
        "reads the first of two documents",
        Hear(|i, _| {
            let text = text_in(i)?;
            let at = text.find("</TRANSACTION>")? + 14;
            (text[at..].contains("<TRANSACTION")).then(|| heard_as(i, text[..at].to_owned()))?
        }),
        ONCE,
    ),
    of(
        "MSG-02",
        "reads any root",
        Hear(|i, _| {
            let text = text_in(i).filter(|text| text.starts_with("<REQUEST") || text.starts_with("<RESPONSE"))?;
            heard_as(i, text.replace("REQUEST>", "TRANSACTION>").replace("RESPONSE>", "TRANSACTION>"))
        }),
        ONCE,
    ),
    //
    of("MSG-03", "declares XML", Say(|o, _| text_of(o, |t| format!("<?xml version=\"1.0\"?>{t}"))), EVER),
    of("MSG-03", "ends a line behind it", Say(|o, _| text_of(o, |t| format!("{t}\n"))), EVER),
    of(
        "MSG-03",
        "says its length",
        Say(|o, _| text_of(o, |t| format!("Content-Length: {}\r\n\r\n{t}", t.len()))),
        EVER,
    ),
    of("MSG-03", "marks the order of bytes", Say(|o, _| text_of(o, |t| format!("\u{feff}{t}"))), EVER),
    of("MSG-03", "has another root", Say(|o, _| text_of(o, |t| t.replace("RESPONSE>", "ANSWER>"))), EVER),
    of("MSG-03", "has another root around it", Say(|o, _| text_of(o, |t| format!("<SCA>{t}</SCA>"))), EVER),
    of(
        "MSG-03",
        "comments on it",
        Say(|o, _| text_of(o, |t| t.replacen("<RESPONSE>", "<RESPONSE><!-- sca -->", 1))),
        EVER,
    ),
    //
    of(
        "MSG-04",
        "has another order",
        Answer(|q, r, _| {
            iff(q.command() == "START" && is_good(r), || {
                let mut fields = r.fields().to_vec();
                fields.reverse();
                Reply::Text(document(fields))
            })
        }),
        EVER,
    ),
    of(
        "MSG-04",
        "says 0 for OFF",
        Answer(|q, r, _| {
            iff(q.command() == "START" && r.get("TRAINING_MODE") == Some("OFF"), || with(r, "TRAINING_MODE", "0"))
        }),
        EVER,
    ),
    of(
        "MSG-04",
        "says one field more",
        Answer(|q, r, _| {
            iff(q.command() == "START" && is_good(r), || {
                Reply::Text(document(r.clone().with("INVOICE", "1").fields().to_vec()))
            })
        }),
        EVER,
    ),
    of(
        "MSG-04",
        "leaves TRAINING_MODE out",
        Answer(|q, r, _| iff(q.command() == "START" && is_good(r), || without(r, "TRAINING_MODE"))),
        EVER,
    ),
    of(
        "MSG-04",
        "has another text",
        Answer(|q, r, _| iff(q.command() == "START" && is_good(r), || with(r, "RESPONSE_TEXT", "OK"))),
        EVER,
    ),
    of(
        "MSG-04",
        "says ON for OFF",
        Answer(|q, r, _| {
            iff(q.command() == "START" && r.get("TRAINING_MODE") == Some("OFF"), || with(r, "TRAINING_MODE", "ON"))
        }),
        EVER,
    ),
    //
    of("MSG-05", "does not read INVOICE", Hear(|i, _| unread(i, ">START<", "INVOICE")), TWICE),
    of("MSG-05", "does not read TRAINING_MODE", Hear(|i, _| unread(i, ">START<", "TRAINING_MODE")), TWICE),
    of("MSG-05", "does not read BUSINESSDATE", Hear(|i, _| unread(i, ">START<", "BUSINESSDATE")), TWICE),
    of("MSG-05", "does not read SWIPE_AHEAD", Hear(|i, _| unread(i, ">START<", "SWIPE_AHEAD")), TWICE),
    of("MSG-05", "has an INVOICE of its own", Hear(|i, _| misread(i, ">START<", "INVOICE", "000000")), TWICE),
    of("MSG-05", "trains always", Hear(|i, _| misread(i, ">START<", "TRAINING_MODE", "1")), TWICE),
    //
    of("CON-01", "knows one name", Say(|o, _| dial_of(o, |t| "broker.elsewhere".clone_into(&mut t.host))), EVER),
    of("CON-01", "knows one port", Say(|o, _| dial_of(o, |t| t.port = 1)), EVER),
    of(
        "CON-01",
        "takes broker.test for every broker",
        Say(|o, _| dial_of(o, |t| "broker.test".clone_into(&mut t.host))),
        ONCE,
    ),
    of(
        "CON-01",
        "takes the usual port for every broker",
        Say(|o, _| dial_of(o, |t| t.port = if t.secure { 443 } else { 80 })),
        ONCE,
    ),
    of("CON-01", "does not read its broker's name", Setup(|s| s.address.clear()), ONCE),
    of("CON-01", "does not read its broker's port", Setup(|s| s.port = 0), ONCE),
    //
    of(
        "CON-02",
        "is number one, whoever it is",
        Http(|r| {
            let at = r.find("x-vfi-pinpad-id: ").map_or(r.len(), |at| at + 17);
            format!("{}1\r\n\r\n", &r[..at])
        }),
        EVER,
    ),
    of("CON-02", "is another", Http(|r| r.replace("pinpad-id: ", "pinpad-id: 9")), EVER),
    of("CON-02", "is nobody", Http(|r| drop_line(r, "x-vfi-pinpad-id")), EVER),
    //
    of(
        "CON-03",
        "says to the POS what is for a host",
        Say(|o, _| {
            is_to_host(o).map(|text| {
                vec![Output::Text { connection: sca_core::ConnectionId(1), text: text.to_owned() }, o.clone()]
            })
        }),
        TWICE,
    ),
    of(
        "CON-03",
        "calls no host while its link is down",
        Say(|o, p| match o {
            Output::Call { call, .. } if matches!(call.line, Line::Host | Line::Estate) && !p.is_up => Some(Vec::new()),
            _ => None,
        }),
        ONCE,
    ),
    of(
        "CON-03",
        "calls no host",
        Say(|o, _| match o {
            Output::Call { call, .. } if matches!(call.line, Line::Host | Line::Estate) => Some(Vec::new()),
            _ => None,
        }),
        TWICE,
    ),
    of(
        "CON-03",
        "does not hear its host while its link is down",
        Hear(|i, p| match i {
            Input::Call { call, event: CallEvent::Document(_) } if call.line == Line::Host && !p.is_up => {
                Some(Vec::new())
            }
            _ => None,
        }),
        ONCE,
    ),
    of("CON-03", "answers no POS while its host is silent", Say(|o, p| unsaid(o, p.said_here > 0)), ONCE),
    of("CON-03", "dials nobody while it speaks to a host", Say(|o, p| no_dial(o, p.losses > 0)), ONCE),
    //
    of("CON-04", "greets", Say(|o, _| extra(o, true, "<HELLO />")), EVER),
    of(
        "CON-04",
        "says it is there before it answers",
        Say(|o, _| extra(o, true, &xml(&[("RESPONSE_TEXT", "ALIVE")]))),
        EVER,
    ),
    of(
        "CON-04",
        "asks the POS",
        Say(|o, _| extra(o, true, "<TRANSACTION><FUNCTION_TYPE>PING</FUNCTION_TYPE></TRANSACTION>")),
        EVER,
    ),
    of("CON-04", "logs by the link", Say(|o, _| extra(o, true, "{\"log\":\"answered\"}")), EVER),
    of(
        "CON-04",
        "says to the POS what is for a host",
        Say(|o, _| {
            is_to_host(o).map(|text| {
                vec![Output::Text { connection: sca_core::ConnectionId(1), text: text.to_owned() }, o.clone()]
            })
        }),
        TWICE,
    ),
    of(
        "CON-04",
        "says on the link what it calls back",
        Say(|o, _| match o {
            Output::Say { call, text } if call.line == Line::Notices => {
                Some(vec![Output::Text { connection: sca_core::ConnectionId(1), text: text.clone() }, o.clone()])
            }
            _ => None,
        }),
        ONCE,
    ),
    //
    of("CFG-01", "dials whatever it is set to", Set("POSCONNECTALLOW", "WEBSOCKETS"), ONCE),
    of("CFG-01", "never dials", Set("POSCONNECTALLOW", "ETHERNET"), ONCE),
    of("CFG-01", "dials at its first start only", Say(|o, p| no_dial(o, p.starts > 1)), ONCE),
    //
    of("CFG-02", "asks for the MAC all the same", Set("SKIPPOSAUTH", "0"), ONCE),
    of(
        "CFG-02",
        "minds a MAC that is there",
        Answer(|q, _, _| iff(q.get("MAC").is_some(), || refusal(q, "MAC is wrong", "FIELD_ERROR", "59040"))),
        TWICE,
    ),
    of(
        "CFG-02",
        "minds a label that nobody knows",
        Answer(|q, _, _| {
            iff(q.get("MAC_LABEL").is_some(), || refusal(q, "MAC_LABEL is unknown", "FIELD_ERROR", "59040"))
        }),
        TWICE,
    ),
    of(
        "CFG-02",
        "says nothing to what has a MAC",
        Answer(|q, _, _| iff(q.get("MAC").is_some(), || Reply::Swallowed)),
        TWICE,
    ),
    of(
        "CFG-02",
        "wants a MAC once a session is open",
        Answer(|q, r, _| {
            iff(q.command() == "FINISH" && is_good(r), || refusal(q, "MAC is missing", "FIELD_ERROR", "59040"))
        }),
        ONCE,
    ),
    of(
        "CFG-02",
        "wants a label of every request",
        Answer(|q, r, _| {
            iff(q.get("MAC_LABEL").is_none() && is_good(r), || {
                refusal(q, "MAC_LABEL is missing", "FIELD_ERROR", "59040")
            })
        }),
        ONCE,
    ),
    //
    of("CFG-03", "does not read its broker's name", Setup(|s| s.address.clear()), ONCE),
    of("CFG-03", "does not read its broker's port", Setup(|s| s.port = 0), ONCE),
    of("CFG-03", "does not read its file of roots", Setup(|s| s.roots.clear()), ONCE),
    of(
        "CFG-03",
        "trusts one certificate of its file only",
        Setup(|s| s.roots = s.roots.replace("both", "authority")),
        ONCE,
    ),
    of(
        "CFG-03",
        "keeps the roots of its first handshake",
        Say(|o, p| match o {
            Output::Dial { roots, .. } if p.dials > 0 && !roots.is_empty() => {
                Some(vec![dialled(o, |_, _, roots| roots.clear())])
            }
            _ => None,
        }),
        EVER,
    ),
    of("CFG-03", "never pings", Set("WEBSOCKETPINGINTERVAL", "0"), ONCE),
    of("CFG-03", "pings every minute", Set("WEBSOCKETPINGINTERVAL", "60"), ONCE),
    of("CFG-03", "waits as long as it likes", Set("retry-first", "7s"), ONCE),
    of("CFG-03", "grows its pauses as it likes", Set("retry-growth", "1"), ONCE),
    of("CFG-03", "knows no bound of its pauses", Set("retry-cap", "1h"), ONCE),
    of("CFG-03", "swallows a ping", Say(|o, _| matches!(o, Output::Ping { .. }).then(Vec::new)), TWICE),
    //
    of("DEV-01", "works on every device", Set("model", "M400"), ONCE),
    of("DEV-01", "works on no device", Set("model", "UX300"), ONCE),
    of("DEV-01", "does not say why", Show(|f, _| saying(f, ScreenName::Error, "")), TWICE),
    of(
        "DEV-01",
        "says another reason",
        Show(|f, p| {
            (p.dials == 0).then(|| saying(f, ScreenName::Error, "the broker refused the connection")).flatten()
        }),
        ONCE,
    ),
    of("DEV-01", "dials all the same", Say(|o, _| fails_as(o, |r| r == Reason::Config, Reason::Refused)), ONCE),
    of(
        "DEV-01",
        "shows that it is idle",
        Show(|f, p| {
            (p.dials == 0 && f.screen.name == ScreenName::Error).then(|| showing(f, ScreenName::Idle)).flatten()
        }),
        ONCE,
    ),
];
