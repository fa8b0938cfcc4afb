//! The process that tells others of a job: its **notifier**.
//!
//! Theory of operation. Whoever holds a job's lock writes down what is to be told, and wakes a
//! notifier: a process of its own, outside of the job's containment and of its supervisor's tree,
//! that lives for one run. It takes the run's notifier lock, so that there is one; reads the events
//! of the output as they are appended, and the end of the run; tells the sinks side by side, each
//! within its time, and again where that may help; and writes down how that went. What it tells and whom, it reads from the job's
//! files: its arguments hold nothing.
//!
//! No sink can hold up the job, its supervisor, or another sink. A notifier that is killed leaves
//! its results unwritten; `recover` makes another, so each sink is told at least once, and once if
//! nobody kills the notifier.
//!
//! This is the only crate that speaks to a network.

mod attempts;
mod bounds;
mod closing;
mod command;
mod delivery;
mod errand;
mod file;
mod handover;
mod http;
mod lane;
mod notifier;
mod refusal;
mod start;

pub use bounds::{AFTER_THE_END, ATTEMPTS, COMMAND_TIMEOUT};
pub use errand::Errand;
pub use handover::{HandoverError, notify_handed_over};
pub use start::{StartError, start, start_outside};
