//! The data of a trace page: rows, lifelines, moments, screen pictures, and the failure.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sca_core::Display;
use sca_files::Loaded;
use sca_judge::mask::told;
use sca_judge::trace::{End, Kind, Moment, Trace};
use sca_judge::verdict::{Failure, Verdict};
use sca_model::{Scenario, shown_values};
use sca_protocol::models::Model;
use sca_protocol::settings::{Settings, TerminalSettings};
use sca_world::played::Played;
use serde::Serialize;

use crate::diagnostics::{Painter, failure, where_is};
use crate::error::WriteError;

/// Maximum number of pictures on one page; later displays are not drawn.
const PICTURES_MAX: usize = 400;

/// Maximum number of moments of one row that a page shows.
const MOMENTS_MAX: usize = 4_000;

#[derive(Serialize)]
pub(super) struct Page {
    title: String,
    path: String,
    tool: &'static str,
    replay: String,
    clauses: Vec<String>,
    source: Vec<String>,
    all_rows: usize,
    rows: Vec<Row>,
    /// Pictures as data URLs; screens refer to them by index.
    pictures: Vec<String>,
}

#[derive(Serialize)]
struct Row {
    name: String,
    verdict: &'static str,
    lasted: u64,
    /// Number of moments left out before the first that is shown.
    left_out: usize,
    lifelines: Vec<Lifeline>,
    moments: Vec<Shown>,
    screens: Vec<Screen>,
    failure: Option<Failed>,
    assumptions: Vec<&'static str>,
}

#[derive(Serialize)]
struct Lifeline {
    name: String,
    terminal: Option<usize>,
}

#[derive(Serialize)]
struct Shown {
    at: u64,
    kind: &'static str,
    from: usize,
    to: Option<usize>,
    text: String,
    document: Option<String>,
    fields: Vec<(String, String)>,
    frames: Vec<(String, String)>,
    line: Option<String>,
    read_by: Vec<String>,
    failed: bool,
    /// Whether this moment starts a new display. An icon that changes together with its screen does not.
    shows: bool,
}

#[derive(Serialize)]
struct Screen {
    at: u64,
    terminal: usize,
    name: String,
    text: String,
    connected: bool,
    picture: Option<usize>,
}

#[derive(Serialize)]
struct Failed {
    headline: String,
    place: String,
    expected: String,
    label: String,
    seen: Option<String>,
    seen_at: Option<usize>,
    notes: Vec<String>,
    shown: String,
}

pub(super) fn page(
    loaded: &Loaded,
    scenario: &Scenario,
    rows: &[(usize, &Played)],
    all_rows: usize,
    replay: &str,
) -> Result<Page, WriteError> {
    let mut pictures = Pictures::default();
    let mut shown = Vec::with_capacity(rows.len());
    for (_, played) in rows {
        shown.push(row(loaded, played, replay, &mut pictures)?);
    }
    Ok(Page {
        title: scenario.title.clone(),
        path: loaded.path.display().to_string(),
        tool: concat!("sca-sim ", env!("CARGO_PKG_VERSION")),
        replay: replay.to_owned(),
        clauses: scenario.covers().into_iter().collect(),
        source: loaded.texts[0].1.lines().map(|line| told(line).into_owned()).collect(),
        all_rows,
        rows: shown,
        pictures: pictures.urls,
    })
}

fn row(loaded: &Loaded, played: &Played, replay: &str, pictures: &mut Pictures) -> Result<Row, WriteError> {
    let nothing = Trace {
        terminals: Vec::new(),
        models: Vec::new(),
        pos: Vec::new(),
        moments: Vec::new(),
        lasted: Duration::ZERO,
    };
    let trace = played.trace.as_ref().unwrap_or(&nothing);
    let ends = lifelines(trace);
    let place = |end: End| ends.iter().position(|other| *other == end).unwrap_or(0);
    let failed = match &played.verdict {
        Verdict::Fail(failed) | Verdict::ExpectedFail(failed) => Some(&**failed),
        _ => None,
    };
    let seen = failed.and_then(|failed| failed.seen);
    // The last moments say most about why a long run failed.
    let left_out = trace.moments.len().saturating_sub(MOMENTS_MAX);
    // Screen and icon of one display change share a sequence number.
    let mut last: BTreeMap<End, u64> = BTreeMap::new();
    let mut is_new = |moment: &Moment| {
        moment.kind == Kind::Display && last.insert(moment.from, moment.sequence) != Some(moment.sequence)
    };
    let shows: Vec<bool> = trace.moments.iter().map(&mut is_new).collect();
    let is_seen = |moment: &Moment| seen.is_some_and(|seen| seen == moment.sequence);
    let moments: Vec<Shown> = (trace.moments.iter().zip(shows).skip(left_out))
        .map(|(moment, shows)| Shown { shows, ..moment_shown(loaded, moment, &place, is_seen(moment)) })
        .collect();
    Ok(Row {
        name: shown_values(&played.values),
        verdict: played.verdict.word(),
        lasted: millis(played.lasted),
        left_out,
        lifelines: ends.iter().map(|end| lifeline(*end, trace)).collect(),
        screens: screens(trace, &played.displays, pictures)?,
        failure: failed.map(|failed| failed_shown(loaded, failed, &moments, replay)),
        moments,
        assumptions: played.assumed.iter().copied().collect(),
    })
}

/// The lifelines on which something happens, in the order messages pass them.
fn lifelines(trace: &Trace) -> Vec<End> {
    let mut ends: Vec<End> = vec![End::Pos(0), End::Broker];
    ends.extend((0..trace.terminals.len()).map(End::Terminal));
    ends.extend(trace.moments.iter().flat_map(|moment| std::iter::once(moment.from).chain(moment.to)));
    let order = |end: &End| match end {
        End::Pos(which) => (0, *which),
        End::Broker => (1, 0),
        End::Proxy => (2, 0),
        End::Terminal(which) => (3, *which),
        End::Host => (4, 0),
        End::Estate => (5, 0),
    };
    ends.sort_by_key(order);
    ends.dedup();
    ends
}

fn lifeline(end: End, trace: &Trace) -> Lifeline {
    let (name, terminal) = match end {
        End::Pos(which) => (trace.pos.get(which).cloned().unwrap_or_default(), None),
        End::Broker => ("broker".to_owned(), None),
        End::Proxy => ("proxy".to_owned(), None),
        End::Terminal(which) => (trace.terminals.get(which).cloned().unwrap_or_default(), Some(which)),
        End::Host => ("host".to_owned(), None),
        End::Estate => ("vhq".to_owned(), None),
    };
    Lifeline { name, terminal }
}

fn moment_shown(loaded: &Loaded, moment: &Moment, place: &dyn Fn(End) -> usize, failed: bool) -> Shown {
    let read_by = moment.read_by.iter().map(|by| match &by.label {
        Some(label) => format!("{} ({label})", where_is(loaded, by.span)),
        None => where_is(loaded, by.span),
    });
    Shown {
        at: millis(moment.at),
        kind: match moment.kind {
            Kind::Message => "message",
            Kind::Control => "control",
            Kind::Link => "link",
            Kind::Display => "face",
            Kind::Fault => "fault",
            Kind::Act => "act",
            Kind::Remark => "remark",
        },
        from: place(moment.from),
        to: moment.to.map(place),
        text: moment.text.clone(),
        document: moment.document.clone(),
        fields: moment.fields.clone(),
        frames: moment.frames.iter().map(|frame| (frame.about.clone(), frame.dump.clone())).collect(),
        line: moment.line.map(|span| where_is(loaded, span)),
        read_by: read_by.collect(),
        failed,
        shows: false,
    }
}

fn failed_shown(loaded: &Loaded, failed: &Failure, moments: &[Shown], replay: &str) -> Failed {
    let text = loaded.texts.get(usize::from(failed.span.file)).map_or("", |(_, text)| text.as_str());
    let line = text.lines().nth((failed.span.line as usize).saturating_sub(1)).unwrap_or_default();
    let seen_at = moments.iter().rposition(|moment| moment.failed);
    Failed {
        headline: failed.headline.clone(),
        place: where_is(loaded, failed.span),
        expected: told(line.trim()).into_owned(),
        label: failed.label.clone(),
        seen: seen_at.map(|at| moments[at].text.clone()),
        seen_at,
        notes: failed.notes.clone(),
        shown: failure(Painter { colours: false }, loaded, failed, replay),
    }
}

fn screens(
    trace: &Trace,
    displays: &[(Duration, usize, Display)],
    pictures: &mut Pictures,
) -> Result<Vec<Screen>, WriteError> {
    let mut models = Vec::new();
    for named in &trace.models {
        let mut settings = TerminalSettings::default();
        if let Some(model) = named {
            settings.set("model", model)?;
        }
        models.push(Model::find(&settings.model));
    }
    let mut screens = Vec::with_capacity(displays.len());
    for (at, who, face) in displays {
        let picture = match models.get(*who).copied().flatten() {
            Some(model) => pictures.draw(face, model, *at)?,
            None => None,
        };
        screens.push(Screen {
            at: millis(*at),
            terminal: *who,
            name: face.screen.name.to_string(),
            text: told(&face.screen.text).into_owned(),
            connected: face.connected,
            picture,
        });
    }
    Ok(screens)
}

/// The pictures of a page, each stored once.
#[derive(Default)]
struct Pictures {
    urls: Vec<String>,
    known: BTreeMap<String, usize>,
}

impl Pictures {
    fn draw(&mut self, face: &Display, model: &Model, at: Duration) -> Result<Option<usize>, WriteError> {
        if self.urls.len() >= PICTURES_MAX {
            return Ok(None);
        }
        let png = sca_display::draw(face, model, at).to_png()?;
        let url = format!("data:image/png;base64,{}", STANDARD.encode(png));
        let next = self.urls.len();
        let place = *self.known.entry(url.clone()).or_insert(next);
        if place == next {
            self.urls.push(url);
        }
        Ok(Some(place))
    }
}

fn millis(at: Duration) -> u64 {
    u64::try_from(at.as_millis()).unwrap_or(u64::MAX)
}
