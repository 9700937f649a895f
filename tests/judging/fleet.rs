//! Test of a reconnect storm: a thousand terminals and one broker that restarts. Over the whole fleet the pauses
//! grow, the jitter spreads the attempts, no terminal retries faster than the rules allow, and all reconnect.

use std::collections::BTreeMap;

use sca_environment::Authorities;
use sca_judge::Verdict;
use sca_terminal::simulated;
use sca_world::{Options, play};

const TERMINALS: usize = 1_000;
/// How long the broker is down, in seconds.
const AWAY: usize = 30;

/// When the storm begins, in milliseconds; all terminals are connected by 1.008 s.
const STORM: u64 = 5_008;

/// The instants at which each terminal did something, in milliseconds, by its name.
type Instants<'a> = BTreeMap<&'a str, Vec<u64>>;

fn storm() -> String {
    let each = |line: &dyn Fn(usize) -> String| (1..=TERMINALS).map(line).collect::<String>();
    [
        "scenario \"A broker restarts under a thousand terminals\"\n\n".to_owned(),
        each(&|n| format!("terminal Lane{n} M400\n  pinpad-id {n}\n")),
        "broker\n  url ws://broker.test:80\n\nany order\n".to_owned(),
        each(&|n| format!("  Lane{n} connects\n")),
        "wait 4s\n".to_owned(),
        each(&|n| format!("Lane{n}: fault refuse for {AWAY}s\n")),
        each(&|n| format!("Lane{n}: fault reset\n")),
        "any order\n".to_owned(),
        each(&|n| format!("  Lane{n} connects  after failures  within 3m  covers REC-01\n")),
    ]
    .concat()
}

/// The instants of the transcript lines that begin with `what`, after the storm has begun.
fn instants<'a>(transcript: &'a str, what: &str) -> Instants<'a> {
    let mut all = Instants::new();
    for line in transcript.lines().filter_map(|line| line.strip_prefix('+')) {
        let Some((at, (name, rest))) = line.split_once(' ').and_then(|(at, rest)| Some((at, rest.split_once(' ')?)))
        else {
            continue;
        };
        let ms: u64 = at.replace('.', "").parse().unwrap_or_default();
        if rest.starts_with(what) && ms > STORM {
            all.entry(name).or_default().push(ms);
        }
    }
    all
}

#[test]
fn a_thousand_terminals_come_back_with_growing_patience_and_not_all_at_once() {
    let scenario = sca_scenario::parse(&storm()).unwrap_or_else(|problems| panic!("{problems:?}"));
    let identities = Authorities::new().expect("an authority can be made").memory;
    let played = play(&scenario, &Options::default(), &identities, &simulated).remove(0);
    assert_eq!(played.verdict, Verdict::Pass);
    let (attempts, back) = (instants(&played.transcript, "attempts"), instants(&played.transcript, "connects"));
    assert_eq!((attempts.len(), back.len()), (TERMINALS, TERMINALS));

    for (name, at) in &attempts {
        // The first pause is counted from the loss of the link, two milliseconds later.
        let pauses: Vec<u64> = std::iter::once(STORM + 2).chain(at.iter().copied()).collect();
        let pauses: Vec<u64> = pauses.windows(2).map(|pair| pair[1] - pair[0]).collect();
        for (level, pause) in pauses.iter().enumerate() {
            // 1 s, doubled each time, plus up to the same again as jitter; a refusal takes some milliseconds.
            let least = 1_000_u64 << level;
            assert!((least..=2 * least + 20).contains(pause), "{name}: pause {level} is {pause} ms");
        }
        assert!(pauses.len() <= 6, "{name} tried {} times in {AWAY} s", pauses.len());
    }
    // The jitter spreads each round of attempts over its whole length: no tenth of it has more than twice its share.
    for round in 0..3 {
        let at: Vec<u64> = attempts.values().filter_map(|at| at.get(round).copied()).collect();
        let (first, last) = (at.iter().min().copied().unwrap_or(0), at.iter().max().copied().unwrap_or(0));
        let tenth = (last - first) / 10 + 1;
        let mut shares = [0_usize; 10];
        at.iter().for_each(|ms| shares[usize::try_from((ms - first) / tenth).unwrap_or(9)] += 1);
        assert!(shares.iter().all(|share| *share < 2 * TERMINALS / 10), "round {round}: {shares:?}");
    }
    let mut busiest: BTreeMap<u64, usize> = BTreeMap::new();
    back.values().flatten().for_each(|ms| *busiest.entry(ms / 1_000).or_default() += 1);
    let most = busiest.values().max().copied().unwrap_or_default();
    assert!(most < TERMINALS / 8, "{most} terminals came back within one second");
}
