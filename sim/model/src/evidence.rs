//! Evidence for clauses: which kinds of lines can show which clause. A screen is shown by `screen`, a request by
//! `http`.

use std::collections::BTreeSet;

use crate::Span;
use crate::{Action, Awaited, Message, Scenario, Show, Source, Step};

impl Scenario {
    /// Returns each covered clause with the position of the line that covers it, and whether that line shows a refusal
    /// or an absence. A line counts only if its kind of observation fits the clause.
    #[must_use]
    pub fn evidence(&self) -> BTreeSet<(String, Span, bool)> {
        fn walk(steps: &[Step], found: &mut BTreeSet<(String, Span, bool)>) {
            for step in steps {
                let (covers, negative): (&[String], bool) = match &step.action {
                    Action::Expect(expect) => (&expect.suffix.covers, expect.awaited.is_negative()),
                    Action::Throughout(_, _, covers, _) | Action::Without(_, _, covers, _) => (covers, true),
                    Action::Either(covers, _) => (covers, false),
                    _ => (&[], false),
                };
                let shown = covers.iter().filter(|id| can_be_evidence(step, id));
                found.extend(shown.map(|id| (id.clone(), step.span, negative)));
                step.action.blocks().into_iter().for_each(|block| walk(block, found));
            }
        }
        let mut found = BTreeSet::new();
        self.rows.iter().for_each(|row| walk(&row.steps, &mut found));
        found
    }

    /// The clauses that some line is evidence for.
    #[must_use]
    pub fn covers(&self) -> BTreeSet<String> {
        self.evidence().into_iter().map(|(id, _, _)| id).collect()
    }
}

/// The kind of observation a line makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ObservationKind {
    /// A message to a POS.
    Message,
    /// The upgrade request.
    Http,
    /// The request to a proxy.
    Proxy,
    /// A frame that is no message.
    Control,
    /// A document for a host.
    Host,
    /// An event of the link.
    Link,
    /// A screen.
    Screen,
    /// The connection icon.
    Icon,
}

impl ObservationKind {
    /// The statement of the language that makes this observation.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Message => "terminal -> pos",
            Self::Http => "terminal -> broker http",
            Self::Proxy => "terminal -> proxy http",
            Self::Control => "terminal -> broker",
            Self::Host => "terminal -> host",
            Self::Link => "terminal connects|fails|loses",
            Self::Screen => "screen",
            Self::Icon => "icon",
        }
    }
}

/// The kinds of observations that can be evidence for a clause; empty for unknown clauses, which any kind can show.
#[must_use]
pub fn kinds_of(clause: &str) -> &'static [ObservationKind] {
    use ObservationKind::{Control, Host, Http, Icon, Link, Message, Proxy, Screen};
    match clause {
        "HS-08" | "WS-05" => &[Link],
        "WS-04" => &[Http],
        "WS-01" | "WS-02" => &[Link, Http],
        "WS-03" => &[Link, Proxy],
        "WS-06" => &[Message, Control],
        "CON-01" => &[Link, Http, Proxy],
        "CON-02" => &[Message, Http],
        "CON-03" => &[Host, Message, Link, Screen],
        "CFG-01" => &[Link],
        "CFG-03" => &[Link, Http, Proxy, Control, Screen],
        "DEV-01" => &[Link, Screen],
        "BOOT-01" | "REC-01" => &[Link],
        "BOOT-06" | "REC-02" => &[Icon],
        "REC-05" => &[Message, Screen, Host],
        "CH-01" => &[Message, Link],
        _ if clause.starts_with("HS-") => &[Http],
        _ if clause.starts_with("ICON-") => &[Icon],
        _ if clause.starts_with("BOOT-") || clause.starts_with("REC-") => &[Screen],
        _ if ["MSG-", "CON-", "CFG-", "CH-", "AUTH-", "CNT-"].iter().any(|theme| clause.starts_with(theme)) => {
            &[Message]
        }
        _ => &[],
    }
}

/// The kind of observation a line with `covers` makes; none for `either`, whose branches observe.
pub fn kind_of(step: &Step) -> Option<ObservationKind> {
    match &step.action {
        Action::Expect(expect) => Some(match &expect.awaited {
            Awaited::ToPos(_) => ObservationKind::Message,
            Awaited::ToBroker(Message::Http(_)) => ObservationKind::Http,
            Awaited::ToBroker(_) => ObservationKind::Control,
            Awaited::ToProxy(_) => ObservationKind::Proxy,
            Awaited::ToHost(..) => ObservationKind::Host,
            Awaited::Link(_) => ObservationKind::Link,
            Awaited::Show(show) => of_show(show),
        }),
        Action::Throughout(_, show, ..) => Some(of_show(show)),
        Action::Without(source, pattern, ..) => Some(match source {
            Source::ToPos(_) => ObservationKind::Message,
            Source::ToBroker(_) if matches!(pattern.0, Some(Message::Http(_))) => ObservationKind::Http,
            Source::ToBroker(_) => ObservationKind::Control,
            Source::ToHost(..) => ObservationKind::Host,
            Source::Link(..) => ObservationKind::Link,
        }),
        _ => None,
    }
}

fn of_show(show: &Show) -> ObservationKind {
    match show {
        Show::Icon { .. } => ObservationKind::Icon,
        Show::Screen { .. } => ObservationKind::Screen,
    }
}

/// Whether a line can be evidence for a clause, judging by the kind of its observation.
pub fn can_be_evidence(step: &Step, clause: &str) -> bool {
    let kinds = kinds_of(clause);
    kinds.is_empty() || kind_of(step).is_none_or(|kind| kinds.contains(&kind))
}
