//! The verbs of Foster: the one door for its front ends, and for programs that embed it.
//!
//! Theory of operation. A [`Context`] says who calls, from where, and where the jobs are kept. Each
//! verb is a function of a context and a request, in a file of its own, and returns the document
//! that `foster-model` defines for it, or a [`ServiceError`], whose code and hint stand in one
//! table. Nothing here prints, and nothing reads the environment: callers say what they want known.
//!
//! What is configured is merged in [`config`], for every front end in the same way.
//!
//! A program with threads sets [`Context::way`] to [`Way::Exec`] with the path of `foster`; only a
//! program with a single thread may fork the keeper.

mod amend;
mod complete;
pub mod config;
mod context;
mod create;
mod deadline;
mod delete;
mod digest;
mod disk_use;
mod doctor;
mod ending;
mod environment;
mod error;
mod events;
mod exec;
mod found_jobs;
mod gc;
mod grep;
mod hint;
mod holder;
mod install_skill;
mod job_filter;
mod job_request;
mod kill;
mod known_secrets;
mod launch;
mod list;
mod list_changes;
mod lock;
mod logs;
mod name_pattern;
mod notify;
mod notify_settings;
mod observation;
mod outcome;
mod output_search;
mod phases;
mod prepare;
mod recover;
mod redaction;
mod reference;
mod remove;
mod restart;
mod run;
mod run_choice;
mod schema;
mod selection;
mod send;
mod snapshot;
mod start;
mod status;
mod stdin;
mod tag;
mod tail;
mod view;
mod wait;
mod watch;

pub use complete::{Callable, Labels, callable, labels};
pub use context::Context;
pub use create::create;
pub use deadline::{DeadlineRequest, deadline};
pub use delete::{DeleteRequest, DeleteWhich, delete};
pub use doctor::doctor;
pub use environment::EnvSetting;
pub use error::ServiceError;
pub use events::{EventItem, EventsRequest, events};
pub use exec::{ExecRequest, ExecStatus, exec};
pub use foster_model::GcRules;
pub use foster_process::{Containment, Signal, hide_arguments};
pub use foster_store::Stream;
pub use foster_supervisor::{
    HandoverError, NotifyHandoverError, Way, notify_handed_over, supervise_handed_over,
};
pub use gc::{GcRequest, gc};
pub use grep::GrepRequest;
pub use install_skill::{InstallSkillRequest, install_skill};
pub use job_filter::JobFilter;
pub use job_request::JobRequest;
pub use kill::{KillRequest, kill};
pub use list::{ListRequest, SortBy, list};
pub use list_changes::ListChanges;
pub use logs::{LogItem, LogsRequest, Since, logs};
pub use name_pattern::NamePattern;
pub use notify::{NotifyAction, NotifyRequest, notify};
pub use notify_settings::NotifySettings;
pub use observation::{Observation, Observe};
pub use outcome::Outcome;
pub use output_search::{OutputPattern, Wanted};
pub use recover::{RecoverRequest, recover};
pub use reference::Reference;
pub use restart::{RestartRequest, restart};
pub use run::{RunRequest, run};
pub use schema::schema;
pub use selection::Selection;
pub use send::{SendRequest, Sending, send};
pub use start::{StartRequest, start};
pub use status::{StatusRequest, status};
pub use stdin::Stdin;
pub use tag::{TagRequest, tag};
pub use tail::{TailRequest, tail};
pub use wait::{WaitRequest, wait};
