//! The verbs of Foster: the one door for its front ends, and for programs that embed it.
//!
//! Theory of operation. A [`Context`] says who calls, from where, and where the jobs are kept. Each
//! verb is a function of a context and a request, in a file of its own, and returns the document
//! that `foster-model` defines for it, or a [`ServiceError`], whose code and hint stand in one
//! table. Nothing here prints, and nothing reads the environment: callers say what they want known.
//!
//! A program with threads sets [`Context::way`] to [`Way::Exec`] with the path of `foster`; only a
//! program with a single thread may fork the keeper.

mod amend;
mod context;
mod create;
mod doctor;
mod ending;
mod environment;
mod error;
mod events;
mod exec;
mod grep;
mod hint;
mod holder;
mod job_filter;
mod job_request;
mod kill;
mod launch;
mod list;
mod logs;
mod name_pattern;
mod observation;
mod outcome;
mod output_search;
mod phases;
mod prepare;
mod recover;
mod reference;
mod restart;
mod run;
mod run_choice;
mod schema;
mod selection;
mod snapshot;
mod start;
mod status;
mod tag;
mod tail;
mod view;
mod wait;
mod watch;

pub use context::Context;
pub use create::create;
pub use doctor::doctor;
pub use environment::EnvSetting;
pub use error::ServiceError;
pub use events::{EventItem, EventsRequest, events};
pub use exec::{ExecRequest, ExecStatus, exec};
pub use foster_process::{Containment, Signal, hide_arguments};
pub use foster_store::Stream;
pub use foster_supervisor::{HandoverError, Way, supervise_handed_over};
pub use grep::GrepRequest;
pub use job_filter::JobFilter;
pub use job_request::JobRequest;
pub use kill::{KillRequest, kill};
pub use list::{ListRequest, SortBy, list};
pub use logs::{LogItem, LogsRequest, Since, logs};
pub use name_pattern::NamePattern;
pub use observation::{Observation, Observe};
pub use outcome::Outcome;
pub use output_search::{OutputPattern, Wanted};
pub use recover::{RecoverRequest, recover};
pub use reference::Reference;
pub use restart::{RestartRequest, restart};
pub use run::{RunRequest, run};
pub use schema::schema;
pub use start::{StartRequest, start};
pub use status::{StatusRequest, status};
pub use tag::{TagRequest, tag};
pub use tail::{TailRequest, tail};
pub use wait::{WaitRequest, wait};
