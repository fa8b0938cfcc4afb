use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{DeliveryResult, JobId, MatchCount, Notifications, State};

/// Whom a job tells of itself, and how that went; concealed as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NotificationView {
    /// Whether somebody will be told of something that is still to come in this run.
    pub armed: bool,
    /// How many different sinks there are, those of patterns included.
    pub sinks: u32,
    /// Who is told, and of what.
    #[serde(flatten)]
    pub notifications: Notifications,
    /// Whether the sinks of the newest run's end were all tried; `null` if that is not over, or if
    /// there are none.
    pub delivered: Option<bool>,
    /// How telling each of them ended.
    pub delivery_results: Vec<DeliveryResult>,
    /// How often what is looked for in the output was met in the newest run; complete at its end.
    pub output_matches: Vec<MatchCount>,
}

/// The answer of `notify`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NotifyAnswer {
    /// The job.
    pub job_id: JobId,
    /// Where it stands.
    pub state: State,
    /// Whether the job was over already when sinks were set: they are told at once.
    pub already_finished: bool,
    /// Whom it tells now.
    pub notifications: NotificationView,
    /// What to do next.
    pub hint: Option<String>,
}
