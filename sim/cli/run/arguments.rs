//! The options of `run`, and what they say of a run.

use std::path::{Path, PathBuf};

use clap::Args;
use sca_environment::shell;
use sca_protocol::UnixTime;
use sca_report::Kind;
use sca_suite::Suite;
use sca_suite::filter::Filter;
use sca_suite::origin::{Origin, digest};
use sca_suite::shard::Shard;

use super::external::Device;
use crate::console::date;
use crate::core_option::{CoreOption, PlayedTerminal};
use crate::report::parse_report;

/// What `run` is told.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Scenario files, or folders with scenario files
    #[arg(required = true, value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Play on loopback sockets in scaled real time, and compare each lane with the run in memory
    #[arg(long, conflicts_with_all = ["terminal", "broker"])]
    pub(super) wire: bool,
    /// Scenario seconds per real second, with --wire
    #[arg(long, value_name = "N", default_value_t = 50, requires = "wire", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(super) time_scale: u32,
    /// Write the snapshots instead of comparing with them
    #[arg(long, conflicts_with_all = ["wire", "seed", "terminal", "broker", "core"])]
    pub(super) update: bool,
    /// Rewrite failing expectations in place so that they expect what was observed; comments and layout stay
    #[arg(long, conflicts_with_all = ["wire", "update", "watch", "report", "terminal", "broker", "core"])]
    pub(super) update_lines: bool,
    /// The seed of every random choice; snapshots belong to the scenario's own seed
    #[arg(long, value_name = "N", conflicts_with_all = ["terminal", "broker"])]
    pub(super) seed: Option<u64>,
    /// Number of scenarios played in parallel; default: the number of cores
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(super) jobs: Option<u16>,
    /// Only scenarios that match: path(GLOB), tag(WORD), clause(ID), verdict(WORD) of the last run in this folder,
    /// combined with `not`, `and`, `or` and parentheses; for example 'clause(REC-*) and not tag(slow)', or
    /// 'verdict(fail)'
    #[arg(long, value_name = "EXPRESSION", value_parser = |text: &str| Filter::read(text).map(|filter| (text.to_owned(), filter)))]
    pub(super) filter: Option<(String, Filter)>,
    /// Only the rows of an `each` with this value; repeatable, all values must match
    #[arg(long, value_name = "NAME=VALUE", value_parser = row)]
    pub(super) row: Vec<(String, String)>,
    /// Start no further scenario after the first failure
    #[arg(long)]
    pub(super) fail_fast: bool,
    /// Only the i-th of n parts, as i/n; `auto/n` or `auto` read the index, and the count, from the scheduler's
    /// environment (Slurm arrays, GitLab, indexed jobs of Kubernetes)
    #[arg(long, value_name = "i/n", value_parser = |text: &str| Shard::read(text, |name| std::env::var(name).ok()))]
    pub(super) shard: Option<Shard>,
    /// Play again whenever a file is saved
    #[arg(long)]
    pub(super) watch: bool,
    /// Play everything twice, with different threads and start orders, and compare event by event
    #[arg(long, conflicts_with_all = ["wire", "update", "update_lines", "watch", "report", "terminal", "broker"])]
    pub(super) audit: bool,
    /// Known failures as CSV (scenario,until,reason); stale entries fail the run
    #[arg(long, value_name = "FILE.csv")]
    pub(super) ledger: Option<PathBuf>,
    /// Today's date as YYYY-MM-DD, against which `until` in headers and in the ledger is checked; default: the system
    /// date
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub(super) today: Option<UnixTime>,
    /// Identifies this run, so that only parts of one run are merged; default: the run id set by GitHub, GitLab or
    /// Jenkins
    #[arg(long, value_name = "NAME")]
    pub(super) run_id: Option<String>,
    /// Reports to write, separated by commas: junit, json, jsonl, github, markdown or tap, each as KIND=FILE, or KIND=-
    /// for standard output
    #[arg(long, value_name = "KIND=FILE", value_delimiter = ',', value_parser = parse_report)]
    pub(super) report: Vec<(Kind, PathBuf)>,
    /// Folder for the evidence of failures: transcript, frames, replay command
    #[arg(long, value_name = "DIR", default_value = "failures")]
    pub(super) failures: PathBuf,
    /// Print the transcripts
    #[arg(long, short)]
    pub(super) transcript: bool,
    /// Print beside each action and observation the scenario line and label that played or matched it
    #[arg(long)]
    pub(super) explain: bool,
    /// Write the run of one scenario as an HTML page: ladder, messages, screens, failures on top
    #[arg(long, value_name = "FILE.html")]
    pub(super) trace: Option<PathBuf>,
    #[command(flatten)]
    pub(super) core: CoreOption,
    #[command(flatten)]
    pub(super) device: Device,
}

fn row(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE, with a variable of an `each`")?;
    Ok((name.to_owned(), value.to_owned()))
}

impl Arguments {
    /// The shard to play; `1/1` counts as the whole run, so none.
    pub(super) fn shard(&self) -> Option<Shard> {
        self.shard.filter(|shard| shard.count > 1)
    }
}

/// Environment variables in which CI systems name a run; the value is the same for all parts, reruns included.
const RUN_NAMES: &[&str] = &["GITHUB_RUN_ID", "CI_PIPELINE_ID", "BUILD_TAG"];

/// The run that reports belong to.
pub(super) fn origin_of(arguments: &Arguments, list: &[PathBuf]) -> Origin {
    let is_json = arguments.report.iter().any(|(kind, _)| *kind == Kind::Json);
    let mut options = arguments.device.verdict_options();
    let longest = arguments.device.wire_time_max().as_secs();
    options.extend(arguments.wire.then(|| format!("--time-scale {} --longest {longest}", arguments.time_scale)));
    options.extend(arguments.update.then(|| "--update".to_owned()));
    options.extend(arguments.filter.iter().map(|(text, _)| format!("--filter {text}")));
    options.extend(arguments.row.iter().map(|(name, value)| format!("--row {name}={value}")));
    Origin {
        run: arguments.run_id.clone().or_else(|| RUN_NAMES.iter().find_map(|name| std::env::var(name).ok())),
        list: if is_json { digest(list) } else { String::new() },
        files: list.len(),
        is_all: arguments.filter.is_none() && arguments.row.is_empty(),
        options,
    }
}

/// A suite with the chosen client core.
pub(super) type Terminals<'a> = Suite<'a, PlayedTerminal>;

/// The command that plays a file again as it was played.
pub(super) fn replay(arguments: &Arguments, path: &Path) -> String {
    let wire = if arguments.wire { format!(" --wire --time-scale {}", arguments.time_scale) } else { String::new() };
    let seed = arguments.seed.map(|seed| format!(" --seed {seed}")).unwrap_or_default();
    let today = arguments.today.map(|today| format!(" --today {}", today.day())).unwrap_or_default();
    format!("sca-sim run {}{wire}{seed}{today}{}{}", shell::last(path), arguments.core.said(), arguments.device.said())
}

/// The name of the world in which the scenarios are played, as it appears in reports.
pub(super) fn world(arguments: &Arguments) -> &'static str {
    arguments.device.world().unwrap_or(if arguments.wire { "wire" } else { "memory" })
}
