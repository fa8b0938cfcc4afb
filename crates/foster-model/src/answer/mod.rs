//! The documents that Foster answers with, one file for each verb. Each derives its JSON Schema;
//! unknown is `null`.

mod create;
mod doctor;
mod events;
mod job;
mod kill;
mod list;
mod logs;
mod recover;
mod run;
mod schema;
mod snapshot;
mod status;
mod tag;
mod tail;
mod wait;

pub use create::CreateAnswer;
pub use doctor::{DoctorAnswer, DoctorCheck, DoctorRoot};
pub use events::JobEvent;
pub use job::{JobView, LeftOut};
pub use kill::{KillAnswer, KillResult, PhaseReport, SentSignal, StopReport};
pub use list::{ListAnswer, ListRow};
pub use logs::{LogLine, LogPosition, LogsAnswer};
pub use recover::{RecoverAnswer, RecoveredJob};
pub use run::{EnvironmentSource, RunAnswer};
pub use schema::SchemaAnswer;
pub use snapshot::{Excerpt, Snapshot};
pub use status::StatusAnswer;
pub use tag::TagAnswer;
pub use tail::TailAnswer;
pub use wait::{JobResult, OutputMatch, WaitAnswer, WaitReason};
