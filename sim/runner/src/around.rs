//! What is around the harness in a run: nothing that is real, real terminals, or a real broker.

use std::sync::Arc;
use std::time::Duration;

use sca_network::Mailbox;
use sca_scenario::model::{Row, Scenario};
use tokio::runtime::Builder;
use tokio::task::LocalSet;

use crate::beyond::Beyond;
use crate::clock::Clock;
use crate::core::{Core, Making};
use crate::identities::Identities;
use crate::outside::{Absent, Beside};
use crate::play::{Options, Place, failed_to_start, play_here};
use crate::verdict::Played;
use crate::world::World;
use crate::world::beyond::Abroad;
use crate::world::outside::Yonder;

/// What of a world is not ours.
pub(crate) enum Around {
    /// Nothing.
    Ours,
    /// The terminals.
    Devices(Box<Beside>),
    /// The broker.
    Broker(Beyond),
}

/// On the wire a handshake or a delivery may take this long, whatever the scale.
const WIRE_FLOOR: Duration = Duration::from_millis(250);

impl Around {
    /// What deadlines are stretched by, in scenario time.
    pub(crate) fn slack(&self, place: Place, clock: Clock) -> Duration {
        match (self, place) {
            (Self::Devices(beside), _) => beside.outside.slack,
            (Self::Broker(beyond), _) => beyond.slack,
            (Self::Ours, Place::Memory) => Duration::ZERO,
            (Self::Ours, Place::Wire { .. }) => clock.scaled(WIRE_FLOOR),
        }
    }

    /// The queue of the world: where devices come from outside, the one that hears of them.
    pub(crate) fn mailbox(&self) -> Mailbox {
        match self {
            Self::Devices(beside) => beside.mailbox.clone(),
            Self::Ours | Self::Broker(_) => Mailbox::default(),
        }
    }

    /// What is real takes its place in a world.
    pub(crate) fn joins<C: Core>(self, world: &mut World<'_, C>) {
        match self {
            Self::Ours => {}
            Self::Devices(beside) => world.is_of(Yonder::new(beside.outside, beside.callers, beside.devices)),
            Self::Broker(beyond) => world.is_at(Abroad::new(beyond)),
        }
    }
}

/// Plays a row against a device.
pub(crate) async fn play_beside(
    scenario: &Scenario,
    row: &Row,
    options: &Options,
    identities: &Arc<Identities>,
    beside: Beside,
) -> Played {
    let options = Options { place: Place::Wire { scale: 1 }, ..options.clone() };
    play_here(scenario, row, &options, identities, &|_| Absent::default(), Around::Devices(Box::new(beside))).await
}

/// Plays a row with a real broker.
pub(crate) fn play_at<C: Core>(
    scenario: &Scenario,
    row: &Row,
    options: &Options,
    identities: &Arc<Identities>,
    make: &dyn Fn(Making) -> C,
    beyond: Beyond,
) -> Played {
    let around = Around::Broker(beyond);
    match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => LocalSet::new().block_on(&runtime, play_here(scenario, row, options, identities, make, around)),
        Err(error) => failed_to_start(row, error.to_string()),
    }
}
