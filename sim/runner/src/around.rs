//! What is around the harness in a run: nothing that is real, real terminals, or a real broker.

use std::sync::Arc;

use sca_scenario::model::{Row, Scenario};
use tokio::runtime::Builder;
use tokio::task::LocalSet;

use crate::beyond::Beyond;
use crate::core::{Core, Making};
use crate::identities::Identities;
use crate::outside::{Absent, Beside};
use crate::play::{Options, Place, failed_to_start, play_here};
use crate::verdict::Played;

/// What of a world is not ours.
pub(crate) enum Around {
    /// Nothing.
    Ours,
    /// The terminals.
    Devices(Box<Beside>),
    /// The broker.
    Broker(Beyond),
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
