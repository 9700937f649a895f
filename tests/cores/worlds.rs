//! A hundred thousand worlds of one process: neither the core nor what asks it keeps anything of a world that is over.

use std::fs;
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use sca_bridge::lines::Level;
use sca_bridge::{Cores, ForeignCore};
use sca_core::{ClientCore, ConnectionId, CoreConfig, CoreInput, CoreOutput, CoreSettings, LinkEvent};
use sca_protocol::{Chance, Now, Reason, UnixTime};

use super::{ensure, folder};

const WORLDS: u64 = 100_000;
/// After these the memory is what it will be.
const WARM: u64 = 5_000;
/// What a page more here or there may add, in KiB: less than three bytes a world.
const GROWTH_MAX: u64 = 256;

/// The tests of the samples that play so many worlds in seconds.
pub(crate) fn trial(name: &'static str, command: fn() -> Result<String, Failed>, missing: Option<&str>) -> Trial {
    let aside = missing.map(|what| format!(" (not run: no {what} on this machine)")).unwrap_or_default();
    let trial = Trial::test(format!("{name} keeps its memory over a hundred thousand worlds{aside}"), move || {
        stays_flat(name, &command()?)
    });
    trial.with_ignored_flag(missing.is_some())
}

fn stays_flat(name: &str, command: &str) -> Result<(), Failed> {
    let noted = folder(&format!("worlds-{name}")).join("process");
    let command = format!("echo $$ > {}; exec {command}", noted.display());
    let cores = Cores::new(&command, Level::Documents, Duration::from_secs(5));
    let mut warm = 0;
    for world in 0..WORLDS {
        one_world(&cores, world)?;
        if world == WARM {
            warm = memory(&noted)?;
        }
    }
    let end = memory(&noted)?;
    ensure(end <= warm + GROWTH_MAX, || format!("{warm} KiB after {WARM} worlds, {end} KiB after {WORLDS}"))?;
    // One process has played them all.
    ensure(fs::read_to_string(&noted)?.lines().count() == 1, || "more than one process was started".to_owned())
}

/// A start, an attempt that is refused, and the power off.
fn one_world(cores: &Cores, world: u64) -> Result<(), Failed> {
    let config = CoreConfig { settings: CoreSettings::default(), chance: Chance::new(world), index: 0 };
    let mut core = ForeignCore::new(cores, config);
    let tell = |core: &mut ForeignCore, at: Duration, input| {
        core.handle(Now { since_start: at, wall: UnixTime(1_768_467_600) }, input)
    };
    tell(&mut core, Duration::ZERO, CoreInput::Start);
    let due = core.deadline().ok_or_else(|| format!("no attempt is due: {:?}", core.trouble()))?;
    let outputs = tell(&mut core, due, CoreInput::Tick);
    ensure(outputs.iter().any(|one| matches!(one, CoreOutput::Dial { .. })), || format!("{outputs:?}"))?;
    let event = LinkEvent::Failed(Reason::Refused);
    tell(&mut core, due, CoreInput::Link { connection: ConnectionId(1), event });
    tell(&mut core, due, CoreInput::Stop);
    Ok(())
}

/// The resident memory of the process whose number is noted in a file, in KiB.
fn memory(noted: &std::path::Path) -> Result<u64, Failed> {
    let process = fs::read_to_string(noted)?;
    let status = fs::read_to_string(format!("/proc/{}/status", process.trim()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
