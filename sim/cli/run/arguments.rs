//! The options of `run`, and what they say of a run.

use std::path::{Path, PathBuf};

use clap::Args;
use sca_protocol::UnixTime;
use sca_runner::filter::Filter;
use sca_runner::origin::{Origin, digest};
use sca_runner::report::Kind;
use sca_runner::shard::Shard;
use sca_runner::shell;
use sca_runner::suite::Suite;

use super::device::Device;
use crate::report::parse_report;
use crate::terms::date;

/// What `run` is told.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Scenario files, or folders with scenario files
    #[arg(required = true, value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Play on loopback sockets in scaled real time, and compare with memory lane by lane
    #[arg(long, conflicts_with_all = ["terminal", "broker"])]
    pub(super) wire: bool,
    /// Seconds of the scenario in one real second, with --wire
    #[arg(long, value_name = "N", default_value_t = 50, requires = "wire", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(super) time_scale: u32,
    /// Write the snapshots instead of comparing with them
    #[arg(long, conflicts_with_all = ["wire", "seed", "terminal", "broker"])]
    pub(super) update: bool,
    /// Rewrite expectations that are not met, in place, so that they demand what came; comments and layout stay
    #[arg(long, conflicts_with_all = ["wire", "update", "watch", "report", "terminal", "broker"])]
    pub(super) update_lines: bool,
    /// The seed that all chance follows from; snapshots are those of the scenario's own seed
    #[arg(long, value_name = "N", conflicts_with_all = ["terminal", "broker"])]
    pub(super) seed: Option<u64>,
    /// Scenarios that play at the same time; as many as there are cores when absent
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(super) jobs: Option<u16>,
    /// Only scenarios that this takes: path(GLOB), tag(WORD), clause(ID), verdict(WORD) it came to when it was last
    /// played here, joined by `not`, `and`, `or` and brackets; for example 'clause(REC-*) and not tag(slow)', or
    /// 'verdict(fail)'
    #[arg(long, value_name = "EXPRESSION", value_parser = |text: &str| Filter::read(text).map(|filter| (text.to_owned(), filter)))]
    pub(super) filter: Option<(String, Filter)>,
    /// Only the rows of an `each` with this value; several have to hold together
    #[arg(long, value_name = "NAME=VALUE", value_parser = row)]
    pub(super) row: Vec<(String, String)>,
    /// Begin no other scenario once one has failed
    #[arg(long)]
    pub(super) fail_fast: bool,
    /// Only the i-th of n parts, as i/n; `auto/n` or `auto` take the index, and the count, that a scheduler has set
    /// (Slurm arrays, GitLab, indexed jobs of Kubernetes)
    #[arg(long, value_name = "i/n", value_parser = |text: &str| Shard::read(text, |name| std::env::var(name).ok()))]
    pub(super) shard: Option<Shard>,
    /// Play again whenever a file is saved
    #[arg(long)]
    pub(super) watch: bool,
    /// Play everything twice, with other threads and other orders of starting, and compare event by event
    #[arg(long, conflicts_with_all = ["wire", "update", "update_lines", "watch", "report", "terminal", "broker"])]
    pub(super) audit: bool,
    /// Known failures, as comma-separated values: scenario,until,reason; entries that are stale fail
    #[arg(long, value_name = "FILE.csv")]
    pub(super) ledger: Option<PathBuf>,
    /// Today's date as YYYY-MM-DD, by which `until` in headers and in the ledger ends; the machine's without it
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub(super) today: Option<UnixTime>,
    /// What names this run where its parts meet again: parts of two runs are not merged. Without it, what GitHub, GitLab
    /// or Jenkins has set
    #[arg(long, value_name = "NAME")]
    pub(super) run_id: Option<String>,
    /// Reports to write, several with commas: junit, json, jsonl, github, markdown or tap, each =FILE, or =- for
    /// standard output
    #[arg(long, value_name = "KIND=FILE", value_delimiter = ',', value_parser = parse_report)]
    pub(super) report: Vec<(Kind, PathBuf)>,
    /// Where the evidence of a failure goes
    #[arg(long, value_name = "DIR", default_value = "failures")]
    pub(super) failures: PathBuf,
    /// Print the transcripts
    #[arg(long, short)]
    pub(super) transcript: bool,
    /// Print beside everything that was done and seen the line and label that played or read it
    #[arg(long)]
    pub(super) explain: bool,
    /// Write the run of one scenario as a page: ladder, messages, screens, and what failed on top
    #[arg(long, value_name = "FILE.html")]
    pub(super) trace: Option<PathBuf>,
    #[command(flatten)]
    pub(super) device: Device,
}

fn row(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE, a name of an `each` and a value of it")?;
    Ok((name.to_owned(), value.to_owned()))
}

impl Arguments {
    /// The part to play; one of one is the whole.
    pub(super) fn shard(&self) -> Option<Shard> {
        self.shard.filter(|shard| shard.count > 1)
    }
}

/// Where systems name a run that all its parts belong to, those too that are run again.
const RUN_NAMES: &[&str] = &["GITHUB_RUN_ID", "CI_PIPELINE_ID", "BUILD_TAG"];

/// The run that reports belong to.
pub(super) fn origin_of(arguments: &Arguments, list: &[PathBuf]) -> Origin {
    let is_json = arguments.report.iter().any(|(kind, _)| *kind == Kind::Json);
    let mut options = arguments.device.bearing();
    let longest = arguments.device.longest_on_wire().as_secs();
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

/// A suite of the simulated terminal.
pub(super) type Terminals<'a> = Suite<'a, sca_terminal::Terminal>;

/// The command that plays a file again as it was played.
pub(super) fn replay(arguments: &Arguments, path: &Path) -> String {
    let wire = if arguments.wire { format!(" --wire --time-scale {}", arguments.time_scale) } else { String::new() };
    let seed = arguments.seed.map(|seed| format!(" --seed {seed}")).unwrap_or_default();
    let today = arguments.today.map(|today| format!(" --today {}", today.day())).unwrap_or_default();
    format!("sca-sim run {}{wire}{seed}{today}{}", shell::last(path), arguments.device.said())
}

/// The world in which is played, as reports name it.
pub(super) fn world(arguments: &Arguments) -> &'static str {
    arguments.device.world().unwrap_or(if arguments.wire { "wire" } else { "memory" })
}
