//! `calibrate`: finds the settings that make the simulated terminal answer like the device in a capture.

use std::path::PathBuf;

use clap::Args;
use sca_capture::calibrate::calibrate;
use sca_capture::diff::Comparer;
use sca_terminal::simulated;

use crate::console::{authorities, complain, painter, put};
use crate::exit::Exit;
use crate::import::{Reading, lost, name_of, named, shown};

#[derive(Debug, Args)]
#[command(after_help = "Prints the `terminal` block of a scenario. Put it into the scenarios of this device, so that \
    `diff` shows bugs instead of properties of the model. The number of differences before and after goes to \
    standard error.")]
pub(crate) struct Arguments {
    /// An HTTP archive (HAR), packets (pcap, pcapng), or a log, possibly in several files
    #[arg(value_name = "CAPTURE", required = true)]
    captures: Vec<PathBuf>,
    #[command(flatten)]
    reading: Reading,
}

pub(crate) fn run(arguments: &Arguments) -> Exit {
    let imported = match arguments.reading.read(&arguments.captures) {
        Ok(imported) => imported,
        Err(exit) => return exit,
    };
    let name = arguments.captures.first().map(|file| name_of(file)).unwrap_or_default();
    if imported.sessions.is_empty() {
        complain!("error: {name}: contains nothing to compare");
        return Exit::CannotRun;
    }
    let lost = lost(&imported, &shown(&arguments.captures));
    let identities = match authorities() {
        Ok(identities) => identities.memory,
        Err(exit) => return exit,
    };
    let texts: Vec<String> = named(&imported, &name).into_iter().map(|(_, text)| text).collect();
    match calibrate(&Comparer::new(&simulated, &identities), &texts, &imported.sessions) {
        Ok(calibrated) => {
            complain!("{} fields and lines differed; {} with these settings", calibrated.before, calibrated.after);
            if calibrated.settings.is_empty() {
                complain!("no setting brings the simulated terminal closer to the device");
            } else {
                put!("{}", calibrated.block().trim_end());
            }
            if lost > 0 { Exit::Failed } else { Exit::Good }
        }
        Err(problems) => {
            for problem in &problems {
                complain!("{}\n", sca_report::problem(painter(), &[(PathBuf::from(&name), texts.concat())], problem));
            }
            Exit::Invalid
        }
    }
}
