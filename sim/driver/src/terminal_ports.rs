//! The ports of a simulated terminal in a world: what its outputs do to the network, its hosts and the record.

use sca_core::{CallId, ConnectionId, FlashChange, LinkReport, Output, Passage, Terminal};
use sca_judge::record::Entry;
use sca_network::{ClientOrder, Route};
use sca_protocol::UnixTime;

use crate::state::World;
use crate::stop::Stop;
use sca_environment::ports::{Dialled, Ports, carry_out};

/// The ports of one terminal of a world.
struct TerminalPorts<'w, 'a, C> {
    world: &'w mut World<'a, C>,
    who: usize,
}

impl<C: Terminal> Ports for TerminalPorts<'_, '_, C> {
    type Stop = Stop;

    fn dial(&mut self, connection: ConnectionId, route: Route, dialled: &Dialled) -> Result<(), Stop> {
        self.world.dial(self.who, connection, route, dialled)
    }

    fn document(&mut self, connection: ConnectionId, passage: Passage, text: Option<String>) -> Result<(), Stop> {
        self.world.document_passes(self.who, connection, passage, text);
        Ok(())
    }

    fn order(&mut self, connection: ConnectionId, order: ClientOrder) -> Result<(), Stop> {
        self.world.sends(self.who, connection, order)
    }

    fn drop_connection(&mut self, connection: ConnectionId) -> Result<(), Stop> {
        self.world.over(World::<C>::tag(self.who, connection.0));
        Ok(())
    }

    fn report(&mut self, report: LinkReport) -> Result<(), Stop> {
        self.world.link_reported(self.who, report)
    }

    fn call(&mut self, call: CallId, _: Option<(String, u16)>) -> Result<(), Stop> {
        self.world.call(self.who, call)
    }

    fn say(&mut self, call: CallId, text: String) -> Result<(), Stop> {
        self.world.parties.terminals[self.who].asked.answered |= !call.line.is_opened_by_terminal();
        self.world.say(self.who, call, text)
    }

    fn hang_up(&mut self, call: CallId) -> Result<(), Stop> {
        self.world.hang_up(self.who, call)
    }

    fn listen(&mut self, on: bool) -> Result<(), Stop> {
        self.world.parties.terminals[self.who].device.listens = on;
        Ok(())
    }

    /// The flash of a simulated device is its own; nothing outside keeps it.
    fn flash(&mut self, _: FlashChange) -> Result<(), Stop> {
        Ok(())
    }

    fn set_clock(&mut self, at: UnixTime) -> Result<(), Stop> {
        self.world.parties.terminals[self.who].clock.set(at);
        Ok(())
    }

    fn power_lost(&mut self) -> Result<(), Stop> {
        self.world.lose_power(self.who);
        let now = self.world.now();
        self.world.book.record.push(now, Entry::Comment("power failure during a write to the flash".to_owned()));
        Ok(())
    }

    fn assumed(&mut self, id: &'static str) -> Result<(), Stop> {
        self.world.book.assumed.insert(id);
        Ok(())
    }
}

impl<C: Terminal> World<'_, C> {
    /// Carries out one output of a terminal.
    pub(super) fn carry_out(&mut self, who: usize, output: Output) -> Result<(), Stop> {
        carry_out(&mut TerminalPorts { world: self, who }, output)
    }
}
