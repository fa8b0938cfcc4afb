use std::time::Duration;

use clap::Args;
use foster_service::{GcRules, Observation, Observe};

use super::common::SnapshotArgs;
use super::value;

/// How long a verb that starts a job stays with it, and what it shows: the same for `run`, `start`
/// and `restart`.
#[derive(Debug, Args)]
pub struct ObservationArgs {
    /// Stay with the job this long; 0s is --no-wait
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "10s",
        value_parser = value::duration,
        conflicts_with_all = ["no_wait", "wait"]
    )]
    pub snapshot_after: Duration,
    /// Return as soon as the command is being executed
    #[arg(long, conflicts_with = "wait")]
    pub no_wait: bool,
    /// Stay with the job until it is over
    #[arg(long)]
    pub wait: bool,
    #[command(flatten)]
    pub snapshot: SnapshotArgs,
    /// Delete no old jobs when this one is over
    #[arg(long)]
    pub no_auto_gc: bool,
}

impl ObservationArgs {
    /// Returns the rules by which old jobs are deleted when this one is over, if they are to be.
    pub fn auto_gc(&self, rules: Option<GcRules>) -> Option<GcRules> {
        rules.filter(|_| !self.no_auto_gc)
    }

    /// Returns what the service is asked for.
    pub fn observation(&self) -> Observation {
        let observe = match self.snapshot_after {
            _ if self.wait => Observe::ToTheEnd,
            _ if self.no_wait => Observe::NoWait,
            Duration::ZERO => Observe::NoWait,
            time => Observe::Until(time),
        };
        Observation {
            observe,
            tail_lines: self.snapshot.tail_lines,
            max_bytes: self.snapshot.max_bytes,
            digest: self.snapshot.digest,
        }
    }
}
