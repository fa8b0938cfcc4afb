use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ConfigFileView;
use crate::{ErrorBody, JobId, State};

/// The answer of `doctor`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DoctorAnswer {
    /// Foster's own version.
    pub version: String,
    /// The system, such as `Linux 6.18.44 x86_64`.
    pub system: String,
    /// The containment that `auto` chooses here.
    pub containment: String,
    /// Each level, whether it is to be had, and why not.
    pub levels: Vec<DoctorCheck>,
    /// What the kernel offers that Foster uses.
    pub kernel: Vec<DoctorCheck>,
    /// The root's health.
    pub root: DoctorRoot,
    /// The configuration file; `null` if the caller has none to tell of.
    pub config: Option<ConfigFileView>,
    /// Whether everything that Foster relies on is well.
    pub healthy: bool,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DoctorCheck {
    /// What.
    pub name: String,
    /// Whether it is to be had.
    pub available: bool,
    /// What was seen, or why it is not to be had.
    pub detail: String,
}

/// The root's health.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DoctorRoot {
    /// Where it is.
    pub path: String,
    /// What is wrong with it, if anything.
    pub problem: Option<ErrorBody>,
    /// How many jobs it holds.
    pub jobs: u64,
    /// How many of them are running.
    pub running: u64,
    /// The bytes free on its file system; `null` if unknown.
    pub free_bytes: Option<u64>,
    /// The file system's type, such as `ext4`; `null` if unknown.
    pub filesystem: Option<String>,
    /// What its jobs take on disk; `null` if it can't be looked through.
    pub disk: Option<DiskUse>,
}

/// What the jobs of a root take on disk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DiskUse {
    /// The bytes of the folders that were measured.
    pub bytes: u64,
    /// Whether all folders were measured: the time for it is bounded, and the newest come first.
    pub complete: bool,
    /// How many jobs there are in each state, as the index has it.
    pub states: BTreeMap<String, u64>,
    /// The biggest of those that were measured, five at most.
    pub biggest: Vec<JobUse>,
    /// Folders that are being made, or whose makers died. `foster recover` removes the latter.
    pub drafts: u64,
    /// Folders that are being removed, or whose removal was cut short. `foster gc` removes them.
    pub gone: u64,
}

/// What one job takes on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JobUse {
    /// The job.
    pub job_id: JobId,
    /// Where it stands, as the index has it.
    pub state: State,
    /// The bytes of its folder.
    pub bytes: u64,
}
