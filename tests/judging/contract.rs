//! The contract of a client core: ours keeps its laws, and a core that breaks one is found by that law.

use std::time::Duration;

use sca_core::{
    Client, ClientCore, ConnectionId, CoreConfig, CoreInput, CoreOutput, CoreSettings, LinkEvent, LinkReport,
    check_core,
};
use sca_protocol::{Now, Reason};

/// Our core with one defect: a function that spoils its outputs.
struct Spoiled {
    inner: Client,
    spoil: fn(&mut u32, &CoreInput, &mut Vec<CoreOutput>),
    /// A number that the defect may use.
    memory: u32,
    deadline: fn(Option<Duration>) -> Option<Duration>,
}

impl ClientCore for Spoiled {
    fn handle(&mut self, now: Now, input: CoreInput) -> Vec<CoreOutput> {
        let mut outputs = self.inner.handle(now, input.clone());
        (self.spoil)(&mut self.memory, &input, &mut outputs);
        outputs
    }

    fn deadline(&self) -> Option<Duration> {
        (self.deadline)(self.inner.deadline())
    }

    fn configure(&mut self, settings: CoreSettings) {
        self.inner.configure(settings);
    }
}

type Spoil = fn(&mut u32, &CoreInput, &mut Vec<CoreOutput>);

fn law_broken_by(spoil: Spoil, deadline: fn(Option<Duration>) -> Option<Duration>) -> &'static str {
    let make = |config: CoreConfig| Spoiled { inner: Client::new(config), spoil, memory: 0, deadline };
    check_core(make).expect_err("the defect is found").law
}

#[test]
fn our_core_keeps_the_contract() {
    check_core(Client::new).unwrap_or_else(|broken| panic!("{broken}"));
}

/// What each defect does, and the law that finds it.
const DEFECTS: &[(&str, Spoil, &str)] = &[
    (
        "reuses_a_number",
        |_, _, out| {
            for one in out.iter_mut() {
                if let CoreOutput::Dial { connection, .. } = one {
                    *connection = ConnectionId(1);
                }
            }
        },
        "a connection has a number of its own",
    ),
    (
        "dials_without_a_report",
        |_, _, out| out.retain(|one| *one != CoreOutput::Report(LinkReport::Attempts)),
        "each output is legal in its phase alone",
    ),
    (
        "reports_an_attempt_twice",
        |_, _, out| {
            if out.first() == Some(&CoreOutput::Report(LinkReport::Attempts)) {
                out.truncate(1);
            }
        },
        "a report comes together with its order",
    ),
    (
        "keeps_a_failed_connection",
        |_, _, out| {
            if out.iter().any(|one| matches!(one, CoreOutput::Report(LinkReport::Fails(Reason::Timeout)))) {
                out.retain(|one| !matches!(one, CoreOutput::Drop { .. }));
            }
        },
        "a connection that does not end by itself is dropped or closed first",
    ),
    (
        "keeps_a_connection_without_power",
        |_, input, out| {
            if *input == CoreInput::Stop {
                out.clear();
            }
        },
        "no connection outlives the power or a restart",
    ),
    (
        "sends_late",
        |_, input, out| {
            if matches!(input, CoreInput::Send(_)) {
                out.clear();
            }
        },
        "a document is sent at once while the link is up",
    ),
    (
        "sends_blindly",
        |_, input, out| {
            if let (CoreInput::Send(text), true) = (input, out.is_empty()) {
                out.push(CoreOutput::Text { connection: ConnectionId(1), text: text.clone() });
            }
        },
        "nothing is sent while the link is down",
    ),
    (
        "loses_a_document",
        |count, _, out| {
            out.retain(|one| {
                *count += u32::from(matches!(one, CoreOutput::Received { .. }));
                !matches!(one, CoreOutput::Received { .. }) || !count.is_multiple_of(5)
            });
        },
        "a document that arrives is passed on as it is",
    ),
    (
        "hears_what_is_gone",
        |_, input, out| {
            if let (CoreInput::Link { event: LinkEvent::Text(text), connection }, true) = (input, out.is_empty()) {
                out.push(CoreOutput::Received { connection: *connection, text: text.clone() });
            } else if let (CoreInput::Link { event: LinkEvent::Lost, .. }, true) = (input, out.is_empty()) {
                out.push(CoreOutput::Assumed("A-01"));
            }
        },
        "events of a connection that was given up are ignored",
    ),
    (
        "takes_any_answer",
        |_, input, out| {
            if let CoreInput::Link { event: LinkEvent::Answered(head), connection } = input
                && head.status == 101
                && !out.is_empty()
            {
                *out = vec![CoreOutput::Open { connection: *connection }, CoreOutput::Report(LinkReport::Connects)];
            }
        },
        "the link is up exactly after the right answer to the upgrade",
    ),
    (
        "does_not_say_that_it_lost",
        |_, input, out| {
            if matches!(input, CoreInput::Link { event: LinkEvent::Lost | LinkEvent::Closed, .. }) {
                out.retain(|one| *one != CoreOutput::Report(LinkReport::Loses));
            }
        },
        "the end of a connection is a loss of the link",
    ),
    (
        "gives_another_reason",
        |_, input, out| {
            if matches!(input, CoreInput::Link { event: LinkEvent::Failed(_), .. }) {
                for one in out.iter_mut() {
                    if let CoreOutput::Report(LinkReport::Fails(reason)) = one {
                        *reason = Reason::Config;
                    }
                }
            }
        },
        "a failed attempt is reported with its reason",
    ),
    (
        "asks_for_no_websocket",
        |_, _, out| {
            for one in out.iter_mut() {
                if let CoreOutput::Request { bytes, .. } = one {
                    *bytes = b"GET / HTTP/1.1\r\n\r\n".to_vec();
                }
            }
        },
        "the upgrade request is one of WebSocket, with a key",
    ),
    (
        "acts_early",
        |count, input, out| {
            if *input == CoreInput::Tick && out.is_empty() {
                *count += 1;
                out.push(CoreOutput::Assumed("A-01"));
            }
        },
        "a tick before the deadline changes nothing",
    ),
    (
        "says_another_timeout",
        |_, input, out| {
            if *input == CoreInput::Tick {
                for one in out.iter_mut() {
                    if let CoreOutput::Report(LinkReport::Fails(reason)) = one {
                        *reason = Reason::Refused;
                    }
                }
            }
        },
        "a step that takes too long fails the attempt with `timeout`",
    ),
    (
        "never_pings",
        |_, _, out| out.retain(|one| !matches!(one, CoreOutput::Ping { .. })),
        "a link that is up is pinged when its time has come",
    ),
    (
        "pings_the_same",
        |pings, _, out| {
            for one in out.iter_mut() {
                match one {
                    CoreOutput::Report(LinkReport::Connects) => *pings = 0,
                    CoreOutput::Ping { payload, .. } => {
                        *pings += 1;
                        let number: u32 = String::from_utf8_lossy(payload).parse().expect("our payload is a number");
                        *payload = (number - u32::from(*pings > 1)).to_string().into_bytes();
                    }
                    _ => {}
                }
            }
        },
        "each ping has a payload of its own",
    ),
    (
        "closes_as_if_all_were_well",
        |_, input, out| {
            if *input == CoreInput::Tick {
                for one in out.iter_mut() {
                    if let CoreOutput::Close { code, .. } = one {
                        *code = 1000;
                    }
                }
            }
        },
        "a link whose ping has no pong within `pong-timeout` is closed with 1001 and lost",
    ),
    (
        "asks_with_the_same_key",
        |_, _, out| {
            for one in out.iter_mut() {
                if let CoreOutput::Request { bytes, .. } = one {
                    let text = String::from_utf8_lossy(bytes).into_owned();
                    let (before, key) = text.split_once("Sec-WebSocket-Key: ").expect("it has a key");
                    let after = key.split_once('\r').expect("the line ends").1;
                    *bytes = format!("{before}Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r{after}").into_bytes();
                }
            }
        },
        "each attempt has a key of its own, drawn from the seed",
    ),
];

#[test]
fn a_defect_is_found_by_its_law() {
    for (name, spoil, law) in DEFECTS {
        assert_eq!(law_broken_by(*spoil, |deadline| deadline), *law, "{name}");
    }
}

/// A wrong timer, and the law that finds it.
type Timer = fn(Option<Duration>) -> Option<Duration>;

const TIMERS: &[(&str, Timer, &str)] = &[
    ("gives_up", |_| None, "it never gives up: a core that waits has a deadline"),
    ("always_runs", |deadline| deadline.or(Some(Duration::MAX)), "without `ping-interval` there is no ping"),
    (
        "looks_back",
        |deadline| deadline.filter(|at| *at < Duration::from_secs(5)).or(deadline.map(|_| Duration::ZERO)),
        "after a tick the deadline lies ahead",
    ),
    (
        "boots_late",
        |deadline| deadline.map(|at| at.max(Duration::from_secs(3))),
        "the first attempt follows `boot-time`",
    ),
];

#[test]
fn a_wrong_timer_is_found() {
    for (name, deadline, law) in TIMERS {
        assert_eq!(law_broken_by(|_, _, _| {}, *deadline), *law, "{name}");
    }
}

/// Our core, whose timers go on without power.
struct GoesOn(Client, Option<Duration>);

impl ClientCore for GoesOn {
    fn handle(&mut self, now: Now, input: CoreInput) -> Vec<CoreOutput> {
        self.1 = (input == CoreInput::Stop).then(|| now.since_start + Duration::from_secs(5));
        self.0.handle(now, input)
    }

    fn deadline(&self) -> Option<Duration> {
        self.0.deadline().or(self.1)
    }

    fn configure(&mut self, settings: CoreSettings) {
        self.0.configure(settings);
    }
}

#[test]
fn a_timer_that_runs_without_power_is_found() {
    let broken = check_core(|config| GoesOn(Client::new(config), None)).expect_err("the defect is found");
    assert_eq!(broken.law, "no timer runs without power");
}

/// Our core with other settings than it was given: what it makes of them is found by the law of that setting.
#[test]
fn a_setting_that_is_not_kept_is_found() {
    type Change = fn(&mut CoreSettings);
    let cases: &[(Change, &str)] = &[
        (|s| s.timeouts.boot *= 2, "the first attempt follows `boot-time`"),
        (|s| s.timeouts.connect *= 2, "TCP has `connect-timeout` to connect"),
        (|s| s.timeouts.tls *= 2, "TLS has `tls-timeout` from the time that TCP is connected"),
        (|s| s.timeouts.upgrade *= 2, "the answer to the upgrade has `upgrade-timeout`"),
        (|s| s.timeouts.pong *= 2, "the wait for a pong has the limit `pong-timeout`"),
        (|s| s.timeouts.pong /= 2, "a link is not given up before `pong-timeout`"),
        (
            |s| s.ping_interval += s.ping_interval.min(1),
            "the first ping follows `ping-interval` after the link came up",
        ),
        (|s| s.ping_interval = s.ping_interval.max(45), "without `ping-interval` there is no ping"),
        (|s| s.retry.first *= 3, "a pause is as long as the settings and Retry-After say"),
        (|s| s.retry.growth = 1, "a pause is as long as the settings and Retry-After say"),
        (|s| s.retry.cap *= 3, "a pause is as long as the settings and Retry-After say"),
        (|s| s.retry.retry_after_max = Duration::ZERO, "a pause is as long as the settings and Retry-After say"),
    ];
    for (at, (change, law)) in cases.iter().enumerate() {
        let make = |mut config: CoreConfig| {
            change(&mut config.settings);
            Client::new(config)
        };
        let broken = check_core(make).err().unwrap_or_else(|| panic!("case {at}: no law is broken"));
        assert_eq!(broken.law, *law, "case {at}: {broken}");
    }
}

/// Chance that does not come from the seed.
#[test]
fn a_core_whose_chance_is_not_that_of_its_seed_is_found() {
    let make = |mut config: CoreConfig| {
        config.chance = sca_protocol::Chance::new(7);
        Client::new(config)
    };
    let broken = check_core(make).expect_err("the defect is found");
    assert_eq!(broken.law, "each attempt has a key of its own, drawn from the seed");
}

#[test]
fn a_core_that_answers_differently_is_found() {
    let made = std::cell::Cell::new(0_u64);
    let make = |mut config: CoreConfig| {
        made.set(made.get() + 1);
        config.index = made.get();
        Client::new(config)
    };
    let broken = check_core(make).expect_err("the defect is found");
    assert_eq!(broken.law, "the same inputs give the same outputs");
    // The report ends with the input that showed it.
    assert!(broken.to_string().lines().count() > 2, "{broken}");
}
