//! Plain TCP of a terminal on real sockets: its connections to hosts, and the classic ports that POS connect to.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use sca_core::CallId;
use sca_network::{
    Bounds, CallLimits, CallOrder, DialOutcome, Dialer, EventQueue, Listener, MemoryBudget, Route, Side, SocketDialer,
    Tag, run_call, run_called,
};
use sca_protocol::Line;
use sca_protocol::settings::{TerminalSettings, parse_host_port};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::limits::{Limits, SHORTAGE_PAUSE, Shortage};

/// Maximum number of orders queued for one connection before it is given up; more than one read can cause.
const OUTBOX: usize = 2_048;

/// The plain TCP connections of one terminal, and its open ports.
pub(super) struct Calls {
    mailbox: EventQueue,
    open: Rc<RefCell<BTreeMap<CallId, mpsc::Sender<CallOrder>>>>,
    ports: Vec<JoinHandle<()>>,
    listen_on: IpAddr,
    limits: Limits,
    budget: MemoryBudget,
    /// Receives status lines about the ports; an error means that a port could not be opened.
    said: mpsc::Sender<Result<String, String>>,
}

impl Calls {
    pub(super) fn new(
        mailbox: EventQueue,
        listen_on: IpAddr,
        limits: Limits,
        said: mpsc::Sender<Result<String, String>>,
    ) -> Self {
        let budget = MemoryBudget::new(limits.memory);
        Self { mailbox, open: Rc::default(), ports: Vec::new(), listen_on, limits, budget, said }
    }

    fn limits(settings: &TerminalSettings) -> CallLimits {
        CallLimits {
            document_size_max: usize::try_from(settings.document_size_max).unwrap_or(usize::MAX),
            document_time_max: settings.classic.document_timeout,
            bounds: None,
            may_be_quiet: true,
        }
    }

    /// Connects to a host, or to the POS that receives notices.
    pub(super) fn call(&mut self, settings: &TerminalSettings, call: CallId, address: Option<(String, u16)>) {
        let named = match call.line {
            Line::Estate => &settings.estate_host,
            _ => &settings.payment_host,
        };
        let of_host = || parse_host_port(named);
        let (sender, orders) = mpsc::channel(OUTBOX);
        self.open.borrow_mut().insert(call, sender);
        // A host without an address cannot be reached.
        let route = match address.or_else(of_host) {
            Some((host, port)) => Route::direct(host, port),
            None => Route { outcome: DialOutcome::Refuse, ..Route::direct(String::new(), 0) },
        };
        let tag = Tag { terminal: 0, line: Some(call.line), connection: call.number };
        let dialer = Dialer::Socket(SocketDialer::default());
        let limits = Self::limits(settings);
        tokio::task::spawn_local(run_call(dialer, route, Side::Near, limits, tag, self.mailbox.clone(), orders));
    }

    pub(super) fn say(&mut self, call: CallId, text: String) {
        let said = self.open.borrow().get(&call).is_some_and(|orders| orders.try_send(CallOrder::Say(text)).is_ok());
        if !said {
            self.forget(call);
        }
    }

    /// Forgets a connection that is over.
    pub(super) fn forget(&mut self, call: CallId) {
        self.open.borrow_mut().remove(&call);
    }

    /// Drops all connections and closes the ports, as when power is lost.
    pub(super) fn lose_all(&mut self) {
        self.open.borrow_mut().clear();
        self.ports.drain(..).for_each(|port| port.abort());
    }

    pub(super) fn hang_up(&mut self, call: CallId) {
        if let Some(orders) = self.open.borrow_mut().remove(&call) {
            drop(orders.try_send(CallOrder::HangUp));
        }
    }

    /// Opens the classic ports, or closes them.
    pub(super) fn listen(&mut self, settings: &TerminalSettings, on: bool) {
        self.ports.drain(..).for_each(|port| port.abort());
        if !on {
            return;
        }
        for (line, port) in [(Line::Primary, settings.classic.primary), (Line::Secondary, settings.classic.secondary)] {
            let address = SocketAddr::new(self.listen_on, u16::try_from(port).unwrap_or(0));
            let (mailbox, open, said) = (self.mailbox.clone(), self.open.clone(), self.said.clone());
            let (limits, allowed, budget) = (Self::limits(settings), self.limits, self.budget.clone());
            let serve = async move {
                let listener = match Listener::bind(address) {
                    Ok(listener) => listener,
                    Err(error) => return drop(said.send(Err(format!("{address}: {error}"))).await),
                };
                if let Ok(address) = listener.address() {
                    drop(said.send(Ok(format!("listens on {address}, the {line:?} port").to_lowercase())).await);
                }
                let (mut number, mut shortage) = (0, Shortage::default());
                loop {
                    let (stream, from) = match listener.accept().await {
                        Ok((stream, from, _)) => (stream, from),
                        Err(error) => {
                            if let Some(text) = shortage.of(&error) {
                                drop(said.send(Ok(text)).await);
                            }
                            tokio::time::sleep(SHORTAGE_PAUSE).await;
                            continue;
                        }
                    };
                    shortage.is_over();
                    if open.borrow().len() >= allowed.connections {
                        drop(said.send(Ok(format!("turns {from} away: {} are connected", allowed.connections))).await);
                        continue;
                    }
                    number += 1;
                    let (sender, orders) = mpsc::channel(OUTBOX);
                    open.borrow_mut().insert(CallId { line, number }, sender);
                    let tag = Tag { terminal: 0, line: Some(line), connection: number };
                    let bounds = Bounds { share: budget.share(), patience: allowed.patience };
                    let limits = CallLimits { bounds: Some(bounds), ..limits.clone() };
                    tokio::task::spawn_local(run_called(stream, Side::Near, limits, tag, mailbox.clone(), orders));
                }
            };
            self.ports.push(tokio::task::spawn_local(serve));
        }
    }
}
