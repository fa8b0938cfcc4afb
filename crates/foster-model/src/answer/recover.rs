use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Cause, ProcessInfo, State};

/// The answer of `recover`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecoverAnswer {
    /// The root that was looked through.
    pub root: String,
    /// How many jobs were looked at.
    pub looked_at: u64,
    /// The jobs whose record was changed, or can't be read.
    pub jobs: Vec<RecoveredJob>,
    /// How many folders were removed that were half made or half removed.
    pub swept: u64,
    /// Whether the index was made anew.
    pub index_rebuilt: bool,
}

/// What became of one job in a recovery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecoveredJob {
    /// The job, as its folder is called.
    pub job: String,
    /// Where it stands now; `null` if its files tell nothing.
    pub state: Option<State>,
    /// Why.
    pub cause: Option<Cause>,
    /// What was done, for people.
    pub action: String,
    /// Processes of it that still live.
    pub survivors: Vec<ProcessInfo>,
}
