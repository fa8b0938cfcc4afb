//! The keeper and the supervisor of one job, and how others reach them.
//!
//! Theory of operation. [`launch`] makes a keeper out of a copy of the launcher (or of the program
//! `foster`, for launchers with threads), and the keeper makes the supervisor. The supervisor
//! executes the command and looks after it: one thread, one loop, in which what the kernel says
//! becomes facts, a pure machine says which effect is due, and the loop carries it out. Its journal
//! is the truth. The keeper sleeps; if the supervisor dies, the kernel gives it the supervisor's
//! children, and it goes on in its place with the pipes, the lock and the socket, which it shares.
//! Whoever is alone copies itself, so that there are two again.
//!
//! Whoever holds a job's lock is the only writer of its files. Everybody else asks over the control
//! socket ([`Client`]), or, where nobody holds the lock any more, takes it and [`recover`]s what
//! can be had.

mod adopted;
mod amending;
mod auto_gc;
mod bell;
mod capture;
mod control;
mod handover;
mod history;
mod identity;
mod input_queue;
mod keeper;
mod launch;
mod leftovers;
mod life;
mod log_file;
mod matching;
mod members;
mod parts;
mod phases;
mod recover;
mod redaction;
mod removal;
mod stdin_pipe;
mod supervisor;
mod telling;

pub use amending::{AmendError, Amended, amend};
pub use control::{Client, ControlError};
pub use foster_notifier::{HandoverError as NotifyHandoverError, notify_handed_over};
pub use handover::{HandoverError, supervise_handed_over};
pub use history::{History, HistoryError};
pub use identity::{Kinship, current_host, depose, kinship, wake};
pub use launch::{Launch, LaunchError, Way, launch};
pub use leftovers::Leftovers;
pub use log_file::LogFile;
pub use matching::check_patterns;
pub use members::Members;
pub use parts::start_failure;
pub use phases::{InvalidPhases, from_specs, to_specs};
pub use recover::{RecoverError, Recovery, recover};
pub use removal::{CollectError, Collected, collect, leftover_processes, over_at};
pub use supervisor::MOST_SUCCESSORS;
pub use telling::{secrets_of, tell_of_the_end};

/// Rooms whose insides are fuzzed (`foster-fuzz`): no part of what this crate offers. It is there in
/// every build, since a feature for it would have each crate above compiled twice.
#[doc(hidden)]
pub mod for_fuzzing {
    pub use crate::control::Connection;
    pub use crate::redaction::Redactor;
}
