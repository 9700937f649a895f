//! Violations of the clauses of the start and its screens (BOOT, CH).

use sca_core::{Display, LinkReport, Output, Target};
use sca_protocol::Reason;
use sca_protocol::screens::ScreenName;
use sca_protocol::settings::KeepAlive;

use super::changes::{icon, iff, is_good, is_secondary, is_trying, no_dial, saying, unheard};
use super::{EVER, ONCE, TWICE, Violation, of};
use crate::wrapper::Does::{Hear, Reply as Answer, Say, Show};
use crate::wrapper::{Reply, refusal, showing, text_in, with_field};

pub(super) const VIOLATIONS: &[Violation] = &[
    of("BOOT-01", "tries once", Say(|o, p| no_dial(o, p.dials > 0)), ONCE),
    of("BOOT-01", "tries three times", Say(|o, p| no_dial(o, p.dials_since_power > 2)), ONCE),
    of("BOOT-01", "gives up after ten failures", Say(|o, p| no_dial(o, p.failures >= 10)), ONCE),
    of(
        "BOOT-01",
        "gives up when the name is unknown",
        Say(|o, p| no_dial(o, p.last_failure == Some(Reason::Dns))),
        ONCE,
    ),
    of("BOOT-01", "gives up when TLS fails", Say(|o, p| no_dial(o, p.tls_failures > 0)), ONCE),
    of("BOOT-01", "gives up when it is refused by a status", Say(|o, p| no_dial(o, p.http_failures > 0)), ONCE),
    of("BOOT-01", "tries at its first start only", Say(|o, p| no_dial(o, p.starts > 1)), ONCE),
    of(
        "BOOT-01",
        "gives up when nothing answers",
        Say(|o, p| no_dial(o, p.last_failure == Some(Reason::Timeout))),
        ONCE,
    ),
    //
    of(
        "BOOT-02",
        "shows that it boots while it tries",
        Show(|f, _| (f.screen.name == ScreenName::Connecting).then(|| showing(f, ScreenName::Boot)).flatten()),
        EVER,
    ),
    of(
        "BOOT-02",
        "shows that it is idle while it tries",
        Show(|f, _| (f.screen.name == ScreenName::Connecting).then(|| showing(f, ScreenName::Idle)).flatten()),
        EVER,
    ),
    of(
        "BOOT-02",
        "shows the last failure while it tries",
        Show(|f, _| (f.screen.name == ScreenName::Connecting).then(|| showing(f, ScreenName::Error)).flatten()),
        EVER,
    ),
    of(
        "BOOT-02",
        "shows nothing while it tries",
        Show(|f, _| (f.screen.name == ScreenName::Connecting).then(|| showing(f, ScreenName::Off)).flatten()),
        EVER,
    ),
    of(
        "BOOT-02",
        "is idle as soon as TCP stands",
        Show(|f, p| {
            (p.is_open && f.screen.name == ScreenName::Connecting).then(|| showing(f, ScreenName::Idle)).flatten()
        }),
        ONCE,
    ),
    of(
        "BOOT-02",
        "calls its first attempts reconnecting",
        Show(|f, p| {
            (p.connects == 0 && f.screen.name == ScreenName::Connecting)
                .then(|| showing(f, ScreenName::Reconnecting))
                .flatten()
        }),
        TWICE,
    ),
    //
    of("BOOT-03", "does not count", Show(|f, _| is_trying(f).then(|| with_field(f, "ATTEMPT", None)).flatten()), EVER),
    of(
        "BOOT-03",
        "counts no further than one",
        Show(|f, _| is_trying(f).then(|| with_field(f, "ATTEMPT", Some("1"))).flatten()),
        ONCE,
    ),
    of(
        "BOOT-03",
        "does not say when it tries next",
        Show(|f, _| is_trying(f).then(|| with_field(f, "NEXT", None)).flatten()),
        EVER,
    ),
    of(
        "BOOT-03",
        "tries next now",
        Show(|f, _| is_trying(f).then(|| with_field(f, "NEXT", Some("0.000"))).flatten()),
        EVER,
    ),
    of(
        "BOOT-03",
        "counts from zero",
        Show(|f, _| {
            let attempt: u32 = f.screen.get("ATTEMPT")?.parse().ok()?;
            is_trying(f).then(|| with_field(f, "ATTEMPT", Some(&attempt.saturating_sub(1).to_string()))).flatten()
        }),
        EVER,
    ),
    of(
        "BOOT-03",
        "tries next in a year",
        Show(|f, _| is_trying(f).then(|| with_field(f, "NEXT", Some("31536000.000"))).flatten()),
        EVER,
    ),
    //
    of(
        "BOOT-04",
        "never shows that it is connected",
        Show(|f, _| {
            (f.connected && f.screen.name == ScreenName::Idle).then(|| showing(f, ScreenName::Connecting)).flatten()
        }),
        EVER,
    ),
    of(
        "BOOT-04",
        "shows that it is idle before it is connected",
        Show(|f, p| (p.connects == 0 && is_trying(f)).then(|| showing(f, ScreenName::Idle)).flatten()),
        TWICE,
    ),
    of(
        "BOOT-04",
        "shows no failure",
        Show(|f, _| (f.screen.name == ScreenName::Error).then(|| showing(f, ScreenName::Connecting)).flatten()),
        EVER,
    ),
    of(
        "BOOT-04",
        "shows no boot",
        Show(|f, _| (f.screen.name == ScreenName::Boot).then(|| showing(f, ScreenName::Idle)).flatten()),
        TWICE,
    ),
    of(
        "BOOT-04",
        "shows a failure for ever",
        Show(|f, p| {
            (p.failures == 0 && p.last_failure.is_some() && f.screen.name == ScreenName::Idle)
                .then(|| showing(f, ScreenName::Error))
                .flatten()
        }),
        ONCE,
    ),
    of(
        "BOOT-04",
        "shows nothing once it is connected",
        Show(|f, _| (f.connected && f.screen.name == ScreenName::Idle).then(|| showing(f, ScreenName::Off)).flatten()),
        EVER,
    ),
    //
    of("BOOT-05", "says no reason", Show(|f, _| saying(f, ScreenName::Error, "")), EVER),
    of(
        "BOOT-05",
        "says that something is wrong",
        Show(|f, _| saying(f, ScreenName::Error, "something is wrong")),
        EVER,
    ),
    of(
        "BOOT-05",
        "always says that it was refused",
        Show(|f, _| saying(f, ScreenName::Error, &Reason::Refused.sentence())),
        EVER,
    ),
    of(
        "BOOT-05",
        "always says that time was over",
        Show(|f, _| saying(f, ScreenName::Error, &Reason::Timeout.sentence())),
        EVER,
    ),
    of(
        "BOOT-05",
        "always says that the name is unknown",
        Show(|f, _| saying(f, ScreenName::Error, &Reason::Dns.sentence())),
        EVER,
    ),
    of(
        "BOOT-05",
        "shows no failure",
        Show(|f, _| (f.screen.name == ScreenName::Error).then(|| showing(f, ScreenName::Connecting)).flatten()),
        EVER,
    ),
    //
    of("BOOT-06", "is connected from the start", Show(|f, p| icon(f, true, p.connects == 0)), EVER),
    of("BOOT-06", "is connected as soon as TCP stands", Show(|f, p| icon(f, true, p.connects == 0 && p.is_open)), ONCE),
    of("BOOT-06", "is connected while it tries", Show(|f, p| icon(f, true, p.connects == 0 && p.is_dialling)), TWICE),
    of("BOOT-06", "is connected while it waits", Show(|f, p| icon(f, true, p.connects == 0 && p.failures > 0)), TWICE),
    of("BOOT-06", "is never connected", Show(|f, p| icon(f, false, p.is_up)), EVER),
    of("BOOT-06", "says the opposite", Show(|f, _| Some(Display { connected: !f.connected, ..f.clone() })), ONCE),
    //
    of(
        "CH-01",
        "knows no secondary command",
        Answer(|q, r, _| iff(is_secondary(q) && is_good(r), || refusal(q, "Unknown command", "ERROR", "0"))),
        EVER,
    ),
    of(
        "CH-01",
        "does not hear secondary commands",
        Hear(|i, _| unheard(i, text_in(i).is_some_and(|t| t.contains("SECONDARYPORT")))),
        EVER,
    ),
    of(
        "CH-01",
        "does not answer secondary commands",
        Answer(|q, _, _| iff(is_secondary(q), || Reply::Swallowed)),
        EVER,
    ),
    of(
        "CH-01",
        "dials a second connection for them",
        Say(|o, p| match o {
            Output::Text { .. } if p.said_here == 0 => {
                let target = Target { host: "broker.test".to_owned(), port: 443, secure: true };
                let connection = sca_core::ConnectionId(1_000 + p.connects);
                let (keep_alive, roots) = (KeepAlive::default(), String::new());
                let dial = Output::Dial { connection, target, via: None, keep_alive, roots, layer: Default::default() };
                Some(vec![o.clone(), Output::LinkReport(LinkReport::Attempts), dial])
            }
            _ => None,
        }),
        TWICE,
    ),
    of(
        "CH-01",
        "is busy for secondary commands",
        Answer(|q, r, _| iff(is_secondary(q) && is_good(r), || refusal(q, "DEVICE IS BUSY", "BUSY", "59002"))),
        EVER,
    ),
    of(
        "CH-01",
        "takes a secondary command for a wrong field",
        Answer(|q, r, _| iff(is_secondary(q) && is_good(r), || refusal(q, "COMMAND is wrong", "FIELD_ERROR", "59040"))),
        TWICE,
    ),
    //
    of(
        "CH-02",
        "is busy for secondary commands",
        Answer(|q, r, _| {
            iff(is_secondary(q) && r.get("RESULT_CODE") != Some("59002"), || {
                refusal(q, "DEVICE IS BUSY", "BUSY", "59002")
            })
        }),
        EVER,
    ),
    of(
        "CH-02",
        "does not hear secondary commands",
        Hear(|i, _| unheard(i, text_in(i).is_some_and(|t| t.contains("SECONDARYPORT")))),
        EVER,
    ),
    of(
        "CH-02",
        "does not answer STATUS",
        Answer(|q, _, _| iff(is_secondary(q) && q.command() == "STATUS", || Reply::Swallowed)),
        TWICE,
    ),
    of(
        "CH-02",
        "does not answer CANCEL",
        Answer(|q, _, _| iff(is_secondary(q) && q.command() == "CANCEL", || Reply::Swallowed)),
        TWICE,
    ),
    of(
        "CH-02",
        "has nothing to cancel",
        Answer(|q, r, _| iff(q.command() == "CANCEL" && is_good(r), || refusal(q, "NO TRANSACTION", "ERROR", "59049"))),
        TWICE,
    ),
    of(
        "CH-02",
        "knows no secondary command",
        Answer(|q, r, _| iff(is_secondary(q) && is_good(r), || refusal(q, "Unknown command", "ERROR", "0"))),
        EVER,
    ),
];
