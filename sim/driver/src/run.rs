//! The door of the driver: what a run is made of, and what it leaves behind.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use sca_core::{Display, Terminal};
use sca_environment::broker_under_test::ExternalBroker;
use sca_environment::clock::DeviceClock;
use sca_environment::device::Beside;
use sca_faults::probe::injection::Injection;
use sca_faults::probe::survey::Survey;
use sca_judge::evidence::Evidence;
use sca_judge::inapplicable::FIRST_LINE;
use sca_judge::record::Record;
use sca_judge::script::Reading;
use sca_judge::verdict::{Failure, Verdict};
use sca_model::Row;
use sca_network::{Dialer, EventQueue, MemoryNetwork, Stream, Tag};
use sca_protocol::settings::{BrokerSettings, EstateSettings, HostSettings};

use crate::broker_state::ExternalBrokerRun;
use crate::brokers::{BrokerSite, Brokers};
use crate::config::{Starting, WorldConfig};
use crate::connections::Connections;
use crate::link_ends::{PreparedEnd, acceptor};
use crate::parties::Parties;
use crate::state::World;
use crate::stop::Stop;
use crate::terminal_state::ExternalDevices;

/// The parties of a run.
pub struct Cast<C> {
    /// The terminals.
    pub terminals: Vec<Starting<C>>,
    /// The brokers with their clocks; the one called `broker` comes first.
    pub brokers: Vec<(BrokerSettings, DeviceClock)>,
    /// The payment host.
    pub host: HostSettings,
    /// The estate host.
    pub vhq: EstateSettings,
    /// What takes the place of a party of ours.
    pub under_test: UnderTest,
}

/// What of a run is not ours.
pub enum UnderTest {
    /// Nothing.
    Nothing,
    /// The terminals.
    Devices(Box<Beside>),
    /// The broker.
    Broker(ExternalBroker),
}

/// The broker's ends of connections that are prepared and not accepted yet.
#[derive(Default)]
pub struct Prepared(Rc<RefCell<BTreeMap<Tag, PreparedEnd>>>);

impl Prepared {
    /// The function that accepts connections and starts what was prepared for each.
    #[must_use]
    pub fn acceptor(&self, queue: EventQueue) -> Rc<dyn Fn(Stream, Tag)> {
        acceptor(self.0.clone(), queue)
    }
}

/// What carries the connections of a run.
pub struct Network {
    /// The queue of everything that connections post.
    pub queue: EventQueue,
    /// How connections are made.
    pub dialer: Dialer,
    /// The memory network; none on real sockets.
    pub memory: Option<MemoryNetwork>,
    /// The prepared ends.
    pub prepared: Prepared,
}

/// What a run does besides playing its scenario.
pub enum Task {
    /// Nothing.
    None,
    /// It checks only the laws; the scenario's expectations are ignored.
    Free,
    /// It records every place where a fault can be injected.
    Survey(Box<Survey>),
    /// It injects a fault; from then on only the expectations that still apply after it are checked.
    Injection(Injection),
}

/// What a run leaves behind.
pub struct Outcome {
    /// The verdict, before `expect-fail` is applied.
    pub verdict: Verdict,
    /// Everything that was seen, in its order.
    pub record: Record,
    /// Which line of the scenario read which observation.
    pub readings: Vec<Reading>,
    /// What the run was evidence for.
    pub evidence: Evidence,
    /// Plaintext frames, if they are kept.
    pub frames: String,
    /// The displays with their time and terminal, if they are kept.
    pub displays: Vec<(Duration, usize, Display)>,
    /// The assumptions that answers rested on.
    pub assumed: BTreeSet<&'static str>,
    /// Size in bytes of the last message in which a fault counted bytes.
    pub carrier_size: Option<usize>,
    /// Whether the injection has struck.
    pub has_struck: bool,
    /// The survey, if there was one.
    pub survey: Option<Box<Survey>>,
}

/// Runs a row to its end, on the runtime that is entered.
pub async fn run<C: Terminal>(
    config: WorldConfig<'_>,
    cast: Cast<C>,
    network: Network,
    row: &Row,
    task: Task,
) -> Outcome {
    let slack = config.slack;
    let knows_its_address = matches!(cast.under_test, UnderTest::Nothing);
    let sites = cast.brokers.into_iter().map(|(settings, clock)| BrokerSite::new(settings, clock, knows_its_address));
    let parties = Parties::new(cast.terminals, Brokers::new(sites.collect()), (cast.host, cast.vhq), slack);
    let connections = Connections::new(network.queue, (network.dialer, network.memory), network.prepared.0);
    let mut world = World::new(config, parties, connections, &row.steps);
    match task {
        Task::None => {}
        Task::Free => world.relax(),
        Task::Survey(survey) => world.sweeping.survey = Some(*survey),
        Task::Injection(injection) => world.sweeping.injection = Some(injection),
    }
    match cast.under_test {
        UnderTest::Nothing => {}
        UnderTest::Devices(beside) => world.set_external_devices(ExternalDevices::new(*beside)),
        UnderTest::Broker(external) => world.set_external_broker(ExternalBrokerRun::new(external)),
    }
    let verdict = match world.run(&row.powered()).await {
        Ok(()) => Verdict::Pass,
        Err(Stop::Failed(failure)) => Verdict::Fail(world.with_broken_law(world.with_unforwarded_messages(failure))),
        Err(Stop::Error(why)) => Verdict::Error(why),
        Err(Stop::CannotRun(why)) => Verdict::CannotRun(why),
        Err(Stop::Unsupported(why)) => {
            let failure = Failure::at(FIRST_LINE, format!("the core does not support this: {why}"));
            Verdict::Inapplicable(Box::new(failure))
        }
    };
    Outcome {
        verdict,
        carrier_size: world.faults.armed.carrier_size,
        has_struck: world.sweeping.has_struck(),
        survey: world.sweeping.survey.map(Box::new),
        record: world.book.record,
        readings: world.script.readings,
        evidence: world.book.evidence,
        frames: world.book.frames,
        displays: world.book.displays,
        assumed: world.book.assumed,
    }
}
