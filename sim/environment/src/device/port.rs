//! The port that devices connect to: open, shut so that dials are refused, or deaf so that dials get no answer.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use sca_model::fault_table::FaultKind;
use sca_model::{Action, Awaited, LinkObservation, Step, Trigger};
use sca_network::{BoundPort, EventQueue, Listener, Stream};
use tokio::sync::Notify;

/// The state of the port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Door {
    /// Dials are accepted.
    #[default]
    Open,
    /// Dials are refused.
    Shut,
    /// Dials get no answer.
    Deaf,
}

/// The requested state of the port, with a notification when it changes.
#[derive(Debug, Clone, Default)]
pub struct Wanted(Rc<(Cell<Door>, Notify)>);

impl Wanted {
    /// Requests a state of the port.
    pub fn stands(&self, door: Door) {
        if self.0.0.replace(door) != door {
            self.0.1.notify_one();
        }
    }
}

/// Accepted connections that the world has not taken yet.
#[derive(Clone, Default)]
pub struct Callers {
    /// Accepted connections that no terminal has taken yet.
    pub waiting: Rc<RefCell<VecDeque<Stream>>>,
    /// The queue of the world, which a new connection wakes.
    pub mailbox: EventQueue,
    /// The requested state of the port they come by.
    pub wanted: Wanted,
}

impl Callers {
    /// Takes the next one.
    pub fn next(&self) -> Option<Stream> {
        self.waiting.borrow_mut().pop_front()
    }
}

enum At {
    Open(Listener),
    Shut(BoundPort),
}

/// Accepts connections while the port is open, and changes the state of the port as requested.
pub async fn accept(listener: Listener, callers: Callers) {
    let mut at = At::Open(listener);
    loop {
        let accepted = async {
            match &at {
                At::Open(listener) => listener.accept().await,
                At::Shut(_) => std::future::pending().await,
            }
        };
        let accepted = tokio::select! {
            biased;
            () = callers.wanted.0.1.notified() => None,
            accepted = accepted => Some(accepted),
        };
        match accepted {
            None => match turned(at, callers.wanted.0.0.get()) {
                Ok(other) => at = other,
                // Another program has taken the port; the run gets no more connections from its device.
                Err(_) => return,
            },
            Some(Ok((stream, _, _))) => {
                callers.waiting.borrow_mut().push_back(stream);
                callers.mailbox.nudge();
            }
            // Without a pause, a lasting error would make this loop spin.
            Some(Err(_)) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

fn turned(at: At, door: Door) -> std::io::Result<At> {
    let mut listener = match (at, door) {
        (At::Open(listener), Door::Shut) => return Ok(At::Shut(listener.shut()?)),
        (At::Shut(shut), Door::Shut) => return Ok(At::Shut(shut)),
        (At::Shut(shut), _) => shut.open()?,
        (At::Open(listener), _) => listener,
    };
    listener.deafen(door == Door::Deaf)?;
    Ok(At::Open(listener))
}

/// Whether a scenario expects or counts refused attempts. A port that is really shut would hide them, so it must stay
/// open.
pub fn shows_refusals(steps: &[Step]) -> bool {
    steps.iter().any(|step| match &step.action {
        Action::Expect(expect) => {
            matches!(&expect.awaited, Awaited::Link(LinkObservation::Fails(kind, _)) if kind == "refused")
        }
        Action::Fault(fault) => fault.kind == FaultKind::Refuse && matches!(fault.arm, Some(Trigger::On(_))),
        other => other.blocks().into_iter().any(shows_refusals),
    })
}
