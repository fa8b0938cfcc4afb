use std::time::Duration;

use foster_model::Stragglers;
use foster_process::{Drain, Phase};

/// How a job is to be led to its end.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How long the leader may run.
    pub timeout: Option<Duration>,
    /// How long it may print nothing.
    pub idle_timeout: Option<Duration>,
    /// How often is to be written down that it still runs.
    pub progress_every: Option<Duration>,
    /// How the tree is ended.
    pub phases: Vec<Phase>,
    /// How long the wait after KILL may last.
    pub after_kill: Duration,
    /// What happens to what the leader leaves behind.
    pub stragglers: Stragglers,
    /// How long output is read after the leader's exit while somebody holds it.
    pub drain: Drain,
}
