//! Sorts the lines of all files of a log by time.

use std::borrow::Cow;

use super::Imported;
use super::lines::{Line, When};
use super::times::{Clock, DateOrder, Epoch, Moment, days_of, is_end_of_summer_time, read};

/// A line with its time in seconds since 1970 or since midnight, if it or an earlier line has one.
pub(super) type Timed<'a> = (Option<f64>, Line<'a>);

/// How to read times: the order of day and month, and whether `--time` was given.
pub(super) struct Told {
    pub(super) days: DateOrder,
    /// Whether `--time` was given.
    pub(super) is_asked: bool,
}

/// Sorts the lines of several files, and adds remarks on irregular times.
pub(super) fn sort_by_time<'a>(
    files: Vec<(String, Vec<Line<'a>>)>,
    told: &Told,
    imported: &mut Imported,
) -> Vec<Timed<'a>> {
    let days = days(&files, told, imported);
    let is_alone = files.len() == 1;
    let mut all: Vec<Vec<Timed<'a>>> = Vec::new();
    let mut has_times = false;
    for (name, lines) in files {
        let of = |line: usize| if is_alone { format!("line {line}") } else { format!("{name}, line {line}") };
        let mut unread = None;
        let mut moments: Vec<(Option<Moment>, Line<'a>)> = Vec::with_capacity(lines.len());
        for line in lines {
            let moment = time(&line).and_then(|text| {
                let moment = read(&text, days);
                if moment.is_none() && unread.is_none() {
                    unread = Some((line.number, text.chars().take(40).collect::<String>()));
                }
                moment
            });
            moments.push((moment, line));
        }
        if let Some((line, text)) = unread.filter(|_| told.is_asked) {
            imported.unread(of(line), format!("unknown time format `{text}`"));
        }
        has_times |= moments.iter().any(|(moment, _)| moment.is_some());
        if is_newest_first(&moments) {
            let whose = if is_alone { String::new() } else { format!("{name}: ") };
            imported.remark(format!("{whose}newest lines first; read in reverse order"));
            moments = turned(moments);
        }
        all.push(timed(moments, &of, imported));
    }
    if !has_times && !told.is_asked {
        imported.remark("no times found in the log, so everything happens at once; use --time to match them");
    }
    woven(all, imported)
}

/// The time of a line as text.
fn time<'l>(line: &'l Line<'_>) -> Option<Cow<'l, str>> {
    match &line.when {
        When::Untold => None,
        When::Here(range) => line.text.get(range.clone()).map(Cow::Borrowed),
        When::Round(text) => Some(Cow::Borrowed(text)),
    }
}

/// The order of day and month in numeric dates, detected from the files.
fn days(files: &[(String, Vec<Line<'_>>)], told: &Told, imported: &mut Imported) -> DateOrder {
    if told.days != DateOrder::Unknown {
        return told.days;
    }
    let mut open: Option<(usize, String)> = None;
    let mut is_many = false;
    for (_, lines) in files {
        for line in lines {
            let Some(text) = time(line) else { continue };
            match days_of(&text) {
                Some(DateOrder::Unknown) => {
                    let date = text.split([' ', ',', 'T']).next().unwrap_or_default().to_owned();
                    is_many |= open.as_ref().is_some_and(|(_, before)| *before != date);
                    open.get_or_insert((line.number, date));
                }
                Some(known) => return known,
                None => {}
            }
        }
    }
    if let Some((line, date)) = open.filter(|_| is_many) {
        imported.remark(format!("line {line}: {date} is read as month/day; use --format log4j for day/month"));
    }
    DateOrder::Second
}

/// Whether a file has its newest lines first.
fn is_newest_first(lines: &[(Option<Moment>, Line<'_>)]) -> bool {
    let times: Vec<Moment> = lines.iter().filter_map(|(moment, _)| *moment).collect();
    let mut steps = [0_usize; 2];
    for pair in times.windows(2) {
        let step = pair[1].at - pair[0].at;
        // The start of a new day or year is not a step back.
        let is_anew = pair[0].of != Epoch::World && (step < -43_200.0 || is_end_of_summer_time(-step));
        if step != 0.0 && pair[0].of == pair[1].of && !is_anew {
            steps[usize::from(step < 0.0)] += 1;
        }
    }
    steps[1] > steps[0] * 2
}

/// Reverses the order of entries. Lines without a time stay with the line before them.
fn turned<'a>(lines: Vec<(Option<Moment>, Line<'a>)>) -> Vec<(Option<Moment>, Line<'a>)> {
    let mut entries: Vec<Vec<(Option<Moment>, Line<'a>)>> = Vec::new();
    for line in lines {
        // Lines of one string value, and lines without a time, belong to the line before them.
        let goes_on = |entry: &Vec<(Option<Moment>, Line<'a>)>| {
            let last = entry.last().map(|(_, last)| last.alone);
            line.0.is_none() || (line.1.alone != 0 && last == Some(line.1.alone))
        };
        match entries.last_mut() {
            Some(entry) if goes_on(entry) => entry.push(line),
            _ => entries.push(vec![line]),
        }
    }
    entries.into_iter().rev().flatten().collect()
}

/// Assigns times to the lines of one file.
fn timed<'a>(
    lines: Vec<(Option<Moment>, Line<'a>)>,
    of: &dyn Fn(usize) -> String,
    imported: &mut Imported,
) -> Vec<Timed<'a>> {
    let (mut clock, mut now) = (Clock::default(), None);
    let mut all = Vec::with_capacity(lines.len());
    for (moment, line) in lines {
        let at = moment.map(|moment| clock.next(moment, line.number));
        now = at.map_or(now, |at| Some(now.map_or(at, |now: f64| now.max(at))));
        all.push((now, line));
    }
    if clock.twice > 0 {
        imported.remark("one hour occurs twice: taken as the end of daylight saving time");
    }
    if let Some(line) = clock.first_back {
        let (place, count) = (of(line), clock.back);
        let times = if count == 1 { "once".to_owned() } else { format!("{count} times") };
        imported.remark(format!("{place}: time runs backwards here ({times} in all); the order of the lines is kept"));
    }
    all
}

/// How many lines at the end of a file are repeated at the start of the next, with identical times and bytes.
fn repeated_lines(before: &[Timed<'_>], next: &[Timed<'_>]) -> usize {
    const LINES_MAX: usize = 2_000;
    let most = before.len().min(next.len()).min(LINES_MAX);
    let same = |count: &usize| {
        let end = &before[before.len() - count..];
        end.iter()
            .zip(next)
            .all(|((a, one), (b, other))| a.is_some() && a == b && one.text == other.text && one.whole == other.whole)
    };
    (1..=most).rev().find(same).unwrap_or(0)
}

/// Merges several files into one: in the order of their first times, or line by line if they overlap.
fn woven<'a>(mut files: Vec<Vec<Timed<'a>>>, imported: &mut Imported) -> Vec<Timed<'a>> {
    let first = |file: &Vec<Timed<'_>>| file.iter().find_map(|(at, _)| *at).unwrap_or(f64::MIN);
    let last = |file: &Vec<Timed<'_>>| file.last().and_then(|(at, _)| *at).unwrap_or(f64::MIN);
    files.sort_by(|a, b| first(a).total_cmp(&first(b)));
    for at in 1..files.len() {
        let twice = repeated_lines(&files[at - 1], &files[at]);
        if twice > 0 {
            imported.remark(format!(
                "{} repeated from the end of one file at the start of the next: read once",
                if twice == 1 { "1 line".to_owned() } else { format!("{twice} lines") }
            ));
            files[at].drain(..twice);
        }
    }
    let overlap = files.windows(2).any(|pair| first(&pair[1]) < last(&pair[0]));
    let mut all: Vec<Timed<'_>> = files.into_iter().flatten().collect();
    if overlap {
        all.iter_mut().for_each(|(_, line)| line.writer = line.file);
        // Lines of one file keep their order: their times never decrease.
        all.sort_by(|a, b| a.0.unwrap_or(f64::MIN).total_cmp(&b.0.unwrap_or(f64::MIN)));
    }
    all
}
