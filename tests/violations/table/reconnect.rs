//! Violations of the clauses of reconnecting and the icon (REC, ICON).

use sca_core::{Input, LinkEvent};
use sca_protocol::screens::ScreenName;

use super::changes::{icon, iff, is_good, no_dial, no_picture, picture, refused};
use super::{EVER, ONCE, TWICE, Violation, of};
use crate::wrapper::Does::{Hear, Reply as Answer, Say, Show};
use crate::wrapper::{Reply, refusal, showing, success, with, with_field};

pub(super) const VIOLATIONS: &[Violation] = &[
    of("REC-01", "never comes back", Say(|o, p| no_dial(o, p.losses > 0)), ONCE),
    of("REC-01", "comes back once", Say(|o, p| no_dial(o, p.losses > 1)), ONCE),
    of("REC-01", "comes back twice", Say(|o, p| no_dial(o, p.losses > 2)), ONCE),
    of(
        "REC-01",
        "does not notice a reset",
        Hear(|i, _| matches!(i, Input::Link { event: LinkEvent::Lost, .. }).then(Vec::new)),
        TWICE,
    ),
    of("REC-01", "takes a close for the end", Say(|o, p| no_dial(o, p.losses > 0 && p.last_failure.is_none())), ONCE),
    of("REC-01", "gives up when it fails after a loss", Say(|o, p| no_dial(o, p.losses > 0 && p.failures > 1)), ONCE),
    of(
        "REC-01",
        "does not notice a close",
        Hear(|i, _| matches!(i, Input::Link { event: LinkEvent::Closed, .. }).then(Vec::new)),
        TWICE,
    ),
    of("REC-01", "refuses the second connection", Hear(|i, p| refused(i, p.connects > 0)), ONCE),
    //
    of("REC-02", "stays connected", Show(|f, p| icon(f, true, p.losses > 0 && !p.is_up)), EVER),
    of("REC-02", "stays disconnected", Show(|f, p| icon(f, false, p.losses > 0 && p.is_up)), EVER),
    of("REC-02", "is connected while it dials", Show(|f, p| icon(f, true, p.losses > 0 && p.is_dialling)), TWICE),
    of(
        "REC-02",
        "is connected as soon as TCP stands",
        Show(|f, p| icon(f, true, p.losses > 0 && p.is_open && !p.is_up)),
        TWICE,
    ),
    of(
        "REC-02",
        "changes outside a session only",
        Show(|f, p| icon(f, true, p.losses > 0 && f.screen.name == ScreenName::Session)),
        ONCE,
    ),
    of(
        "REC-02",
        "changes with the first failure only",
        Show(|f, p| icon(f, true, p.losses > 0 && !p.is_up && p.failures == 0)),
        TWICE,
    ),
    //
    of(
        "REC-03",
        "shows that it is idle",
        Show(|f, _| (f.screen.name == ScreenName::Reconnecting).then(|| showing(f, ScreenName::Idle)).flatten()),
        EVER,
    ),
    of(
        "REC-03",
        "shows that it connects",
        Show(|f, _| (f.screen.name == ScreenName::Reconnecting).then(|| showing(f, ScreenName::Connecting)).flatten()),
        EVER,
    ),
    of(
        "REC-03",
        "shows an error",
        Show(|f, _| (f.screen.name == ScreenName::Reconnecting).then(|| showing(f, ScreenName::Error)).flatten()),
        EVER,
    ),
    of(
        "REC-03",
        "shows it until the first attempt only",
        Show(|f, p| {
            (f.screen.name == ScreenName::Reconnecting && p.is_dialling).then(|| showing(f, ScreenName::Idle)).flatten()
        }),
        TWICE,
    ),
    of(
        "REC-03",
        "never stops showing it",
        Show(|f, p| {
            (p.losses > 0 && f.screen.name == ScreenName::Idle).then(|| showing(f, ScreenName::Reconnecting)).flatten()
        }),
        TWICE,
    ),
    of(
        "REC-03",
        "does not say when it tries next",
        Show(|f, _| (f.screen.name == ScreenName::Reconnecting).then(|| with_field(f, "NEXT", None)).flatten()),
        TWICE,
    ),
    of(
        "REC-03",
        "does not count",
        Show(|f, _| (f.screen.name == ScreenName::Reconnecting).then(|| with_field(f, "ATTEMPT", Some("0"))).flatten()),
        TWICE,
    ),
    //
    of(
        "REC-04",
        "shows that it reconnects",
        Show(|f, p| {
            (f.screen.name == ScreenName::Session && !p.is_up).then(|| showing(f, ScreenName::Reconnecting)).flatten()
        }),
        EVER,
    ),
    of(
        "REC-04",
        "shows that it is idle",
        Show(|f, p| (f.screen.name == ScreenName::Session && !p.is_up).then(|| showing(f, ScreenName::Idle)).flatten()),
        EVER,
    ),
    of(
        "REC-04",
        "shows it while it dials",
        Show(|f, p| {
            (f.screen.name == ScreenName::Session && p.losses > 0 && p.is_dialling)
                .then(|| showing(f, ScreenName::Connecting))
                .flatten()
        }),
        TWICE,
    ),
    of(
        "REC-04",
        "forgets its invoice",
        Show(|f, p| {
            (f.screen.name == ScreenName::Session && p.losses > 0).then(|| with_field(f, "INVOICE", None)).flatten()
        }),
        TWICE,
    ),
    of(
        "REC-04",
        "shows an error after a failure",
        Show(|f, p| {
            (f.screen.name == ScreenName::Session && !p.is_up && p.failures > 0)
                .then(|| showing(f, ScreenName::Error))
                .flatten()
        }),
        TWICE,
    ),
    of(
        "REC-04",
        "is idle once it is back",
        Show(|f, p| {
            (f.screen.name == ScreenName::Session && p.losses > 0 && p.is_up)
                .then(|| showing(f, ScreenName::Idle))
                .flatten()
        }),
        TWICE,
    ),
    //
    of(
        "REC-05",
        "has no session any more",
        Answer(|q, r, p| {
            iff(p.losses > 0 && q.command() == "FINISH" && is_good(r), || refusal(q, "No session", "ERROR", "59004"))
        }),
        TWICE,
    ),
    of(
        "REC-05",
        "begins a new one",
        Answer(|q, r, p| iff(p.losses > 0 && q.command() == "START" && !is_good(r), || success(q, "Session Started"))),
        ONCE,
    ),
    of(
        "REC-05",
        "says that it is idle",
        Answer(|q, r, p| {
            iff(p.losses > 0 && q.command() == "STATUS" && r.get("SECONDARY_DATA") == Some("14"), || {
                with(r, "SECONDARY_DATA", "10")
            })
        }),
        TWICE,
    ),
    of(
        "REC-05",
        "refuses a payment",
        Answer(|q, _, p| {
            iff(p.losses > 0 && q.function_type() == "PAYMENT" && q.command() == "CAPTURE", || {
                refusal(q, "No session", "ERROR", "59004")
            })
        }),
        ONCE,
    ),
    of(
        "REC-05",
        "has no items any more",
        Answer(|q, r, p| {
            iff(p.losses > 0 && q.function_type() == "LINE_ITEM" && is_good(r), || {
                refusal(q, "No session", "ERROR", "59004")
            })
        }),
        ONCE,
    ),
    of(
        "REC-05",
        "says nothing once it is back",
        Answer(|q, _, p| iff(p.losses > 0 && q.command() == "FINISH", || Reply::Swallowed)),
        TWICE,
    ),
    //
    of("ICON-01", "has its own picture", Show(|f, p| no_picture(f, !p.is_up)), EVER),
    of("ICON-01", "reads nothing", Show(|f, _| no_picture(f, !f.connected)), TWICE),
    of("ICON-01", "has another picture", Show(|f, p| if p.is_up { None } else { picture(f, b"another") }), EVER),
    of("ICON-01", "has its own picture after a loss", Show(|f, p| no_picture(f, !p.is_up && p.losses > 0)), ONCE),
    of("ICON-01", "has its own picture before the first connection", Show(|f, p| no_picture(f, p.connects == 0)), ONCE),
    of(
        "ICON-01",
        "has its own picture after another start",
        Show(|f, p| no_picture(f, !p.is_up && p.starts > 1)),
        ONCE,
    ),
    //
    of("ICON-02", "has its own picture", Show(|f, p| no_picture(f, p.is_up)), EVER),
    of("ICON-02", "reads nothing", Show(|f, _| no_picture(f, f.connected)), TWICE),
    of("ICON-02", "has another picture", Show(|f, p| if p.is_up { picture(f, b"another") } else { None }), EVER),
    of("ICON-02", "has its own picture after a loss", Show(|f, p| no_picture(f, p.is_up && p.losses > 0)), ONCE),
    of("ICON-02", "has its own picture at the first connection", Show(|f, p| no_picture(f, p.connects == 1)), ONCE),
    of("ICON-02", "has its own picture after another start", Show(|f, p| no_picture(f, p.is_up && p.starts > 1)), ONCE),
    //
    of("ICON-03", "keeps its own picture", Show(|f, _| no_picture(f, true)), EVER),
    of(
        "ICON-03",
        "shows half of it",
        Show(|f, _| f.icon.clone().and_then(|icon| picture(f, &icon[..icon.len() / 2]))),
        EVER,
    ),
    of(
        "ICON-03",
        "is never replaced",
        Hear(|i, _| matches!(i, Input::File { bytes: Some(_), .. }).then(Vec::new)),
        TWICE,
    ),
    of(
        "ICON-03",
        "is never taken away",
        Hear(|i, _| matches!(i, Input::File { bytes: None, .. }).then(Vec::new)),
        ONCE,
    ),
    of("ICON-03", "is replaced once", Show(|f, p| no_picture(f, p.starts > 1)), ONCE),
];
