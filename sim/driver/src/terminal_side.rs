//! The outputs of terminals: dials, orders to their connections, and reports; also the events at their ends.

use sca_core::{ConnectionId, Input, LinkEvent, LinkReport, Target, Terminal};
use sca_judge::observation::Observation;
use sca_model::fault_table::FaultClass;
use sca_network::{
    Arrivals, ByteCut, ClientOrder, ClientSetup, DialOutcome, Route, ServerSetup, ServerTls, Tag, TapHandle, run_client,
};
use sca_peers::RequestId;
use sca_protocol::handshake::Proxy;
use tokio::sync::mpsc;

use crate::fault_state::Sent;
use crate::link_ends::{Carriage, ConnectionState, Ends, OUTBOX, PreparedEnd};
use crate::state::World;
use crate::stop::Stop;
use sca_environment::ports::Dialled;
use sca_faults::armed::AttemptNumber;

impl<C: Terminal> World<'_, C> {
    pub(super) fn tag(who: usize, connection: u32) -> Tag {
        Tag { terminal: u16::try_from(who).unwrap_or(u16::MAX), line: None, connection }
    }

    fn standpoint(&self, who: usize) -> AttemptNumber {
        AttemptNumber {
            who,
            attempt: self.parties.terminals[who].link.attempts,
            connection: self.connections.opened + 1,
        }
    }

    /// Sends what a terminal orders on a connection; a fault may wait for it.
    pub(super) fn sends(&mut self, who: usize, connection: ConnectionId, order: ClientOrder) -> Result<(), Stop> {
        match order {
            ClientOrder::Request(bytes) => {
                self.asks_external_broker(who, &bytes)?;
                let cut = self.cut_what_is_sent(Self::tag(who, connection.0), Sent::Upgrade(bytes.len()));
                cut.map_or(Ok(()), |cut| self.order(who, connection, cut))?;
                self.order(who, connection, ClientOrder::Request(bytes))
            }
            ClientOrder::Text(text) => self.says(who, connection, text),
            ClientOrder::Ping(payload) => {
                let (now, actor) = (self.now(), &mut self.parties.terminals[who]);
                actor.link.laws.pings(now, &payload, &actor.settings);
                self.order(who, connection, ClientOrder::Ping(payload))
            }
            ClientOrder::Close(..) | ClientOrder::End | ClientOrder::Reset => self.close(who, connection, order),
            other => self.order(who, connection, other),
        }
    }

    /// Sends a text from a terminal on its connection.
    fn says(&mut self, who: usize, connection: ConnectionId, text: String) -> Result<(), Stop> {
        self.parties.terminals[who].asked.answered = true;
        let tag = Self::tag(who, connection.0);
        let waits = self.faults.armed.awaits_reply();
        let cut = waits.then(|| Sent::Reply(text.clone())).and_then(|sent| self.cut_what_is_sent(tag, sent));
        cut.map_or(Ok(()), |cut| self.order(who, connection, cut))?;
        self.note_sent_to_broker(tag, &text);
        if let Some(ends) = self.connections.ends.get_mut(&tag) {
            ends.transit.in_flight.push_back(text.clone());
        }
        self.order(who, connection, ClientOrder::Text(text))
    }

    /// Closes a connection from the terminal's side.
    fn close(&mut self, who: usize, connection: ConnectionId, close: ClientOrder) -> Result<(), Stop> {
        let tag = Self::tag(who, connection.0);
        let actor = &self.parties.terminals[who];
        let has_no_pong = actor.link.laws.awaits_pong();
        if let Some(ends) = self.connections.ends.get_mut(&tag) {
            let arrives = ends.carries() && !has_no_pong;
            // A terminal that misses a pong, or that a POS told to REBOOT, closes for a good reason.
            ends.excuse.ours |= has_no_pong || actor.asked.oracle.is_told_to_reboot();
            // Messages sent before the close arrive before it, unless nothing gets through.
            let said =
                ends.transit.in_flight.iter().filter(|_| arrives).filter_map(|text| actor.asked.pos.would_answer(text));
            let said: Vec<RequestId> = said.collect();
            self.parties.terminals[who].asked.last_words.extend(said);
        }
        self.order(who, connection, close)?;
        self.over(tag);
        Ok(())
    }

    fn order(&mut self, who: usize, connection: ConnectionId, order: ClientOrder) -> Result<(), Stop> {
        let ends = self.connections.ends.get(&Self::tag(who, connection.0));
        // The broker has ended the connection: what is still sent on it is of no consequence.
        if ends.is_some_and(|ends| ends.client.is_none() && ends.carriage == Carriage::BytesEndedByBroker) {
            return Ok(());
        }
        let Some(client) = ends.and_then(|ends| ends.client.as_ref().or(ends.half_closed.as_ref())) else {
            let name = self.parties.terminals[who].name.clone();
            self.violate("nothing-after-end", format!("{name} sent data on a connection that was over"));
            return Ok(());
        };
        self.connections.orders += 1;
        match client.try_send(order) {
            Err(mpsc::error::TrySendError::Full(_)) => Err(Stop::Error("an outbox of the terminal is full".to_owned())),
            // The outbox is closed if the connection has ended and its event is still queued.
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => Ok(()),
        }
    }

    /// Records that the terminal is done with a connection: requests on it that are unanswered stay so.
    pub(super) fn over(&mut self, tag: Tag) {
        self.note_cut(tag);
        self.passage_is_over(usize::from(tag.terminal));
        let actor = &mut self.parties.terminals[usize::from(tag.terminal)];
        let Some(ends) = self.connections.ends.get_mut(&tag) else { return };
        self.connections.orders += u64::from(ends.client.take().is_some());
        ends.state = ConnectionState::Over;
        ends.excuse.ours |= !actor.device.powered;
        if !actor.asked.open.is_empty() {
            let on_their_way = ends.transit.in_flight.iter().filter_map(|text| actor.asked.pos.would_answer(text));
            let said: Vec<RequestId> = on_their_way.collect();
            let (open, last) = (&actor.asked.open, &actor.asked.last_words);
            let is_lost = |id: &RequestId| open.get(id) == Some(&Some(tag)) && !last.contains(id);
            actor.asked.pos.forget(|id| is_lost(&id));
            let lost: Vec<RequestId> = open.keys().copied().filter(is_lost).collect();
            // A request that never reached the terminal needs no answer, and an answer already sent may still be in
            // transit.
            let neglected = lost.iter().any(|id| !ends.transit.under_way.contains(id) && !said.contains(id));
            let mine = open.iter().filter(|(_, by)| **by == Some(tag)).map(|(id, _)| *id);
            mine.for_each(|id| actor.asked.oracle.lost(id));
            for id in &lost {
                self.script.lose(usize::from(tag.terminal), *id);
            }
            actor.asked.open.retain(|id, _| !lost.contains(id));
            if neglected && !ends.is_excused() {
                let name = actor.name.clone();
                self.violate("one-answer", format!("{name} ended a connection with an unanswered request on it"));
            }
        }
    }

    /// Records that a cut in the TLS handshake has struck.
    fn note_cut(&mut self, tag: Tag) {
        if let Some(ends) = self.connections.ends.get(&tag)
            && let Some(index) = ends.tls.cut
            && ends.tap.has_struck()
        {
            let who = usize::from(tag.terminal);
            if let Some(kind) = self.faults.armed.has_struck(index) {
                self.record_fault_hit(who, kind.row().class);
                self.record_fault_hit(who, FaultClass::Tls);
            }
        }
    }

    pub(super) fn link_reported(&mut self, who: usize, seen: LinkReport) -> Result<(), Stop> {
        let _now = self.now();
        self.watch_link(who, seen);
        self.goes_on(who, seen);
        match seen {
            LinkReport::Attempts => self.parties.terminals[who].link.attempts += 1,
            LinkReport::Connects => {
                self.parties.terminals[who].link.attempts = 0;
                self.parties.terminals[who].link.is_up = true;
                self.connections.opened += 1;
                let is_up =
                    self.connections.ends.iter().any(|(tag, ends)| usize::from(tag.terminal) == who && ends.is_up());
                if !is_up {
                    self.violate("icon-truth", "the terminal reports a connection while none is up".to_owned());
                }
            }
            LinkReport::Loses => {
                self.parties.terminals[who].link.is_up = false;
                let still =
                    self.connections.ends.iter().any(|(tag, ends)| usize::from(tag.terminal) == who && ends.is_up());
                if still {
                    self.violate("icon-truth", "the terminal reports the loss of a link that is still up".to_owned());
                }
            }
            LinkReport::Fails(_) => {}
        }
        self.observe(who, Observation::Link(seen))?;
        if seen == LinkReport::Connects {
            let at = AttemptNumber { who, attempt: 0, connection: self.connections.opened };
            for fault in self.faults.armed.on_connection(at) {
                self.strike_now(&fault)?;
            }
        }
        Ok(())
    }

    pub(super) fn dial(
        &mut self,
        who: usize,
        connection: ConnectionId,
        route: Route,
        dialled: &Dialled,
    ) -> Result<(), Stop> {
        let tag = Self::tag(who, connection.0);
        let mine = |(t, ends): (&Tag, &Ends)| t.terminal == tag.terminal && ends.client.is_some();
        if self.connections.ends.iter().any(mine) {
            self.violate("one-connection", format!("{} dialled although connected", self.parties.terminals[who].name));
        }
        self.connections.ends.retain(|t, ends| {
            t.terminal != tag.terminal || ends.state != ConnectionState::Over || t.connection + 64 > tag.connection
        });
        let at = self.standpoint(who);
        let armed = self.faults.armed.outcome(at);
        let (site, outcome) = self.found(&dialled.target, route.via.as_ref(), armed);
        if outcome != DialOutcome::Connect {
            self.record_fault_hit(who, FaultClass::Dial);
        }
        let (to_server, orders) = mpsc::channel(OUTBOX);
        let (to_client, client_orders) = mpsc::channel(OUTBOX);
        let muted = self.faults.armed.is_muted(who);
        let (tls, tap, cut, ours) = self.prepare(at, outcome, site.unwrap_or_default(), tag)?;
        let ours = ours && !muted;
        let carries = self.carries(who, dialled)?;
        let usual = || match site {
            Some(_) => "HTTP/1.1 200 Connection established\r\n\r\n".to_owned(),
            None => "HTTP/1.1 502 Bad Gateway\r\n\r\n".to_owned(),
        };
        let proxy = route.via.is_some().then(|| self.faults.armed.answer(true, at).unwrap_or_else(usual));
        // If a scripted proxy answer refuses the tunnel, the scenario caused the failure.
        let ours = ours || proxy.as_ref().is_some_and(|answer| !answer.starts_with("HTTP/1.1 2"));
        let setup = ServerSetup { proxy, tls, tap: tap.clone(), bounds: None };
        self.connections.prepared.borrow_mut().insert(tag, PreparedEnd::Link { setup, orders });
        let message_size_max =
            usize::try_from(self.parties.terminals[who].settings.message_size_max).unwrap_or(usize::MAX);
        let near = self.external_broker.is_some().then(|| tap.clone());
        let setup = ClientSetup { message_size_max, cut: tap.byte_cut().clone(), near, carries };
        let mut ends = Ends { site: site.unwrap_or_default(), ..Ends::new(to_client, to_server, tap) };
        (ends.tls.cut, ends.excuse.ours, ends.excuse.muted) = (cut, ours, muted);
        ends.carriage = Carriage::of(dialled.layer);
        self.connections.ends.insert(tag, ends);
        self.connections.orders += 1;
        let settings = &self.parties.terminals[who].settings;
        let address_timeout = self.setting.clock.real(settings.address_timeout);
        let route = Route { address_timeout, outcome, ..route };
        let task = run_client(
            self.external_broker.as_ref().map_or_else(|| self.connections.dialer.clone(), |state| state.dialer.clone()),
            route,
            setup,
            tag,
            self.connections.mailbox.clone(),
            client_orders,
        );
        if self.setting.start_order == 0 {
            tokio::task::spawn_local(task);
        } else {
            self.connections.starting.push(Box::pin(task));
        }
        Ok(())
    }

    /// The broker an attempt leads to, and the outcome of the dial: an armed fault takes precedence over the network.
    fn found(&self, target: &Target, via: Option<&Proxy>, armed: DialOutcome) -> (Option<usize>, DialOutcome) {
        let (site, outcome) = match self.reaches(target, via.is_some()) {
            Ok(site) => (Some(site), armed),
            Err(outcome) => (None, if armed == DialOutcome::Connect { outcome } else { armed }),
        };
        let via_is_there = via.is_none_or(|via| self.is_proxy(&via.host, via.port));
        (site, if via_is_there { outcome } else { DialOutcome::Dns })
    }

    /// Whether an HTTP proxy exists at this address: one that some terminal is configured to use.
    fn is_proxy(&self, host: &str, port: u16) -> bool {
        let mut all = self.parties.terminals.iter().filter_map(|actor| actor.settings.parsed_proxy());
        self.external_broker.is_some() || all.any(|proxy| proxy.host.eq_ignore_ascii_case(host) && proxy.port == port)
    }

    /// Prepares the broker's end for an attempt. Returns its TLS or what it sends instead, a tap with the faults that
    /// strike there, the index of the armed cut on it, and whether a failure of the attempt is caused by the
    /// scenario.
    pub(super) fn prepare(
        &mut self,
        at: AttemptNumber,
        outcome: DialOutcome,
        site: usize,
        tag: Tag,
    ) -> Result<(ServerTls, TapHandle, Option<usize>, bool), Stop> {
        let noting = |arrivals: &Arrivals| TapHandle::with(ByteCut::recording(arrivals.clone(), tag));
        let tap = self.setting.arrivals.as_ref().map(noting).unwrap_or_default();
        self.shape_tap(at.who, &tap);
        if matches!(outcome, DialOutcome::Refuse | DialOutcome::Dns | DialOutcome::Lost) {
            return Ok((ServerTls::Off, tap, None, true));
        }
        let ends = self.faults.armed.end_on_connect(at);
        if let Some((kind, lasts)) = &ends {
            sca_faults::effects::apply_to_tap(&tap, *kind, *lasts);
            self.record_fault_hit(at.who, kind.row().class);
        }
        if !sca_environment::target::target(&self.parties.brokers.get(site).settings).secure {
            return Ok((ServerTls::Off, tap, None, ends.is_some()));
        }
        let cut = self.faults.armed.tls_cut(at.who).map(|(cut, index)| {
            tap.arm(cut);
            index
        });
        if let Some(cut) = self.injection_in_handshake() {
            tap.arm(cut);
        }
        let tls = match self.faults.armed.instead_of_hello(at) {
            Some(bytes) => ServerTls::Instead(bytes),
            None => self.broker_tls(site)?,
        };
        Ok((tls, tap, cut, ends.is_some()))
    }

    /// Handles an event at a terminal's end of a connection.
    pub(super) fn client_event(&mut self, tag: Tag, event: LinkEvent) -> Result<(), Stop> {
        self.note_cut(tag);
        self.update_phase(tag, &event);
        self.is_ended_by_broker(tag, &event);
        if let LinkEvent::Text(text) = &event {
            if self.external_broker.is_some() {
                self.note_frame(tag, "terminal <-", text.as_bytes());
            }
            self.check_received_by_terminal(usize::from(tag.terminal), text)?;
        }
        if let (LinkEvent::Text(_) | LinkEvent::Binary(_), Some(ends)) = (&event, self.connections.ends.get_mut(&tag)) {
            ends.transit.under_way.pop_front();
        }
        let actor = &mut self.parties.terminals[usize::from(tag.terminal)];
        match &event {
            LinkEvent::Answered(head) => {
                actor.link.laws.answered(super::link_laws::asked_pause(head, actor.clock.shows()));
            }
            LinkEvent::Text(_) => actor.link.laws.carried(),
            LinkEvent::Pong(payload) => actor.link.laws.hears_pong(payload),
            _ => {}
        }
        if let LinkEvent::Answered(head) = &event {
            self.upgrade_accepted(tag, head);
        }
        match event {
            LinkEvent::Failed(_) | LinkEvent::Closed | LinkEvent::Lost => self.over(tag),
            LinkEvent::Ended | LinkEvent::Reset => self.bytes_ended_by_broker(tag, &event),
            _ => {}
        }
        self.tell(usize::from(tag.terminal), Input::Link { connection: ConnectionId(tag.connection), event })
    }
}
