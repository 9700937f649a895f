//! Runs the terminal's transport through the Autobahn|Testsuite as an echo client, and judges the reports.
//!
//! The transport is the terminal's own; only its limits are raised. On a violation it does what the terminal does: it
//! closes with the code for that violation.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use sca_core::LinkEvent;
use sca_network::{ClientOrder, ClientSetup, Dialer, Event, EventQueue, Route, SocketDialer, Tag, run_client};
use sca_protocol::handshake::Upgrade;
use sca_protocol::{Chance, Line, handshake};
use tokio::sync::mpsc;

/// The agent name under which the suite files its reports.
const AGENT: &str = "sca-sim";
/// Maximum message size in bytes; the largest message of the suite has 16 MiB.
const MESSAGE_SIZE_MAX: usize = 32 << 20;
/// Time limit for one case; the slowest messages take long.
const CASE_TIME_MAX: Duration = Duration::from_secs(120);

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let told = (arguments.next(), arguments.next(), arguments.next());
    let (Some(port), Some(reports), Some(ledger)) = told else {
        eprintln!("usage: autobahn PORT REPORTS LEDGER");
        return ExitCode::from(2);
    };
    let outcome = port.parse().map_err(|_| format!("no port: {port}")).and_then(|port| {
        drive(port)?;
        let reports = std::fs::read_to_string(&reports).map_err(|error| format!("{reports}: {error}"))?;
        let ledger = std::fs::read_to_string(&ledger).map_err(|error| format!("{ledger}: {error}"))?;
        judge(&reports, &ledger)
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs all cases of the suite, and has it write its reports.
fn drive(port: u16) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let told = talk(port, "/getCaseCount", 0).await?;
        let count: u32 =
            told.and_then(|text| text.parse().ok()).ok_or("the suite does not say how many cases it has")?;
        for case in 1..=count {
            talk(port, &format!("/runCase?case={case}&agent={AGENT}"), case).await?;
            if case % 50 == 0 || case == count {
                println!("{case} of {count} cases");
            }
        }
        talk(port, &format!("/updateReports?agent={AGENT}"), count + 1).await.map(drop)
    })
}

/// Runs one connection from dial to end and echoes everything. Returns the first text.
async fn talk(port: u16, path: &str, number: u32) -> Result<Option<String>, String> {
    let mailbox = EventQueue::default();
    let tag = Tag { terminal: 0, line: None::<Line>, connection: number };
    let (orders, inbox) = mpsc::channel(8);
    let limits = ClientSetup::messages(MESSAGE_SIZE_MAX, None);
    let route = Route::direct("127.0.0.1".to_owned(), port);
    let dialer = Dialer::Socket(SocketDialer::default());
    let running = tokio::task::spawn_local(run_client(dialer, route, limits, tag, mailbox.clone(), inbox));
    let mut echo = Echo { port, path, number, orders: Some(orders), key: String::new(), first: None };
    let mut over = false;
    let whole = async {
        while !over {
            mailbox.posted().await;
            for posted in mailbox.take() {
                if let Event::Client(event) = posted.event {
                    over |= echo.hear(event).await?;
                }
            }
        }
        echo.orders = None;
        running.await.map_err(|error| error.to_string())?;
        Ok(echo.first.take())
    };
    tokio::time::timeout(CASE_TIME_MAX, whole).await.map_err(|_| format!("{path} does not end"))?
}

/// The client core of the suite: an echo.
struct Echo<'a> {
    port: u16,
    path: &'a str,
    number: u32,
    orders: Option<mpsc::Sender<ClientOrder>>,
    key: String,
    first: Option<String>,
}

impl Echo<'_> {
    /// Handles an event. Returns whether the connection is over.
    async fn hear(&mut self, event: LinkEvent) -> Result<bool, String> {
        let mut chance = Chance::new(u64::from(self.number)).stream("autobahn", &[]);
        let order = match event {
            LinkEvent::Opened => {
                self.key = handshake::key(chance.bytes());
                let upgrade = Upgrade {
                    path: self.path.to_owned(),
                    host: format!("127.0.0.1:{}", self.port),
                    secure: false,
                    key: self.key.clone(),
                    pinpad_id: "sca-sim-autobahn".to_owned(),
                    space_before_colon: false,
                };
                ClientOrder::Request(upgrade.to_bytes())
            }
            LinkEvent::Answered(head) => {
                handshake::judge(&head, &self.key, false).map_err(|reason| format!("{}: {reason}", self.path))?;
                ClientOrder::Open
            }
            LinkEvent::Text(text) => {
                self.first.get_or_insert_with(|| text.clone());
                ClientOrder::Text(text)
            }
            LinkEvent::Binary(bytes) => ClientOrder::Binary(bytes),
            LinkEvent::Violation(code) => ClientOrder::Close(code, chance.bytes()),
            LinkEvent::Failed(reason) => return Err(format!("{}: {reason}", self.path)),
            LinkEvent::Secured | LinkEvent::Pong(_) => return Ok(false),
            LinkEvent::Closed | LinkEvent::Lost => return Ok(true),
            // This client asked for a transport with messages.
            LinkEvent::Reached(_) | LinkEvent::Bytes(_) | LinkEvent::Ended | LinkEvent::Reset => return Ok(false),
        };
        let is_last = matches!(order, ClientOrder::Close(..));
        if let Some(orders) = &self.orders {
            // If the connection has ended in the meantime, its own event reports it.
            drop(orders.send(order).await);
        }
        Ok(is_last)
    }
}

/// Compares every verdict of the suite with the ledger of accepted deviations and their reasons.
fn judge(reports: &str, ledger: &str) -> Result<(), String> {
    let reports: serde_json::Value = serde_json::from_str(reports).map_err(|error| error.to_string())?;
    let cases = reports[AGENT].as_object().ok_or("the suite has no report about this client")?;
    let accepted: BTreeMap<&str, &str> = ledger
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
        .map(|line| line.split_once(char::is_whitespace).unwrap_or((line, "")))
        .collect();
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (case, report) in cases {
        let verdicts = ["behavior", "behaviorClose"].map(|part| report[part].as_str().unwrap_or("MISSING"));
        for verdict in verdicts {
            *counts.entry(verdict).or_default() += 1;
        }
        let non_strict = verdicts.contains(&"NON-STRICT");
        let good = |verdict: &&str| ["OK", "NON-STRICT", "INFORMATIONAL"].contains(verdict);
        match accepted.get(case.as_str()) {
            _ if !verdicts.iter().all(good) => {
                wrong.push(format!("case {case}: {}", verdicts.join(", close ")));
            }
            None if non_strict => wrong.push(format!("case {case}: NON-STRICT, and the ledger has no reason for it")),
            Some(reason) if reason.trim().is_empty() => wrong.push(format!("case {case}: the ledger gives no reason")),
            Some(_) if !non_strict => {
                wrong.push(format!("case {case}: strict by now; its line in the ledger is stale"));
            }
            _ => {}
        }
    }
    wrong.extend(
        accepted.keys().filter(|case| !cases.contains_key(**case)).map(|case| format!("case {case}: no such case")),
    );
    let counts: Vec<String> = counts.iter().map(|(verdict, count)| format!("{count} {verdict}")).collect();
    println!("{} cases, behaviour and close: {}", cases.len(), counts.join(", "));
    if wrong.is_empty() { Ok(()) } else { Err(format!("the suite found\n  {}", wrong.join("\n  "))) }
}
