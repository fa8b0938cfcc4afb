//! The verbs of Foster: the one door for its front ends, and for programs that embed it.
//!
//! Theory of operation. A [`Context`] says who calls, from where, and where the jobs are kept. Each
//! verb is a function of a context and a request, in a file of its own, and returns the document
//! that `foster-model` defines for it, or a [`ServiceError`], whose code and hint stand in one
//! table. Nothing here prints, and nothing reads the environment: callers say what they want known.
//!
//! What is configured is merged in [`config`], for every front end in the same way.
//!
//! A verb that waits does so in its caller's thread. Whoever may want it back sooner gives an
//! [`Interrupt`] in the [`Context`] and uses it from elsewhere: the verb returns at once with
//! [`ServiceError::Interrupted`], and the job is left alone.
//!
//! A program with threads sets [`Context::way`] to [`Way::Exec`] with the path of `foster`; only a
//! program with a single thread may fork the keeper.

mod choosing;
mod complete;
pub mod config;
mod context;
mod create;
mod deadline;
mod defining;
mod delete;
mod doctor;
mod error;
mod events;
mod exec;
mod gc;
mod install_skill;
mod kill;

mod launching;
mod list;
mod list_changes;
mod logs;
mod notify;
mod outcome;
mod processes;
mod reaching;
mod recover;
mod remove;
mod restart;
mod run;
mod run_clock;
mod schema;
mod searching;
mod send;
mod showing;
mod size_limit;
mod start;
mod status;
mod steps;
mod tag;
mod tail;
mod wait;

pub use choosing::job_filter::JobFilter;
pub use choosing::name_pattern::NamePattern;
pub use choosing::reference::Reference;
pub use choosing::selection::Selection;
pub use complete::{Callable, Labels, callable, labels};
pub use context::Context;
pub use create::create;
pub use deadline::{DeadlineRequest, deadline};
pub use defining::environment::EnvSetting;
pub use defining::job_request::JobRequest;
pub use defining::notify_settings::NotifySettings;
pub use defining::stdin::Stdin;
pub use delete::{DeleteRequest, DeleteWhich, delete};
pub use doctor::doctor;
pub use error::ServiceError;
pub use events::{EventItem, EventsRequest, events};
pub use exec::{ExecRequest, ExecStatus, exec};
pub use foster_model::GcRules;
pub use foster_process::{Containment, Interrupt, Signal, hide_arguments};
pub use foster_store::Stream;
pub use foster_supervisor::{
    HandoverError, NotifyHandoverError, Way, notify_handed_over, supervise_handed_over,
};
pub use gc::{GcRequest, gc};
pub use install_skill::{InstallSkillRequest, install_skill};
pub use kill::{KillRequest, kill};
pub use launching::observation::{Observation, Observe};
pub use list::{ListRequest, SortBy, list};
pub use list_changes::ListChanges;
pub use logs::{LogItem, LogsRequest, OutputItem, Since, logs, output};
pub use notify::{NotifyAction, NotifyRequest, notify};
pub use outcome::Outcome;
pub use processes::{ProcessesRequest, processes};
pub use recover::{RecoverRequest, recover};
pub use restart::{RestartRequest, restart};
pub use run::{RunRequest, run};
pub use schema::schema;
pub use searching::grep::GrepRequest;
pub use searching::output_search::{OutputPattern, Wanted};
pub use send::{SendRequest, Sending, send};
pub use size_limit::survive_size_limit;
pub use start::{StartRequest, start};
pub use status::{StatusRequest, status};
pub use steps::{OnStep, Steps};
pub use tag::{TagRequest, tag};
pub use tail::{TailRequest, tail};
pub use wait::{WaitRequest, wait};

/// Rooms whose insides are fuzzed (`foster-fuzz`): no part of what this crate offers. It is there in
/// every build, since a feature for it would have each crate above compiled twice.
#[doc(hidden)]
pub mod for_fuzzing;
