//! Spawns, contains, captures, signals and ends whole process trees.
//!
//! Theory of operation. A [`Scope`] is where a tree will live: a control group, or simply the
//! descendants of this process, which must then be their subreaper. [`spawn`] starts a leader in
//! it without copying this process's memory. A [`Tree`] finds the scope's members, signals each
//! through a pidfd (never through a number), and says when none is left. An [`Escalation`] is the
//! pure machine that decides which signal is due and when; [`terminate`] drives it to its end, and
//! a program with a loop of its own ([`Poller`]) drives it itself.
//!
//! The crate knows nothing of jobs and of Foster's files. It never prints and reads no variable of
//! the environment. All platform code, and all `unsafe`, is in `sys`.

mod capture;
mod containment;
mod escalation;
mod exit_status;
mod foreground;
mod host;
mod identity;
mod signal;
mod spawn;
mod sys;
mod terminate;
mod tree;

pub use capture::{Moved, discard, move_bytes, pipe};
pub use containment::{Containment, ContainmentError, Level, LevelReport, Scope};
pub use escalation::{Escalation, InvalidEscalation, Phase, PhaseOutcome, Report, Step};
pub use exit_status::ExitStatus;
pub use foreground::{Foreground, ForegroundEnd, ForegroundError};
pub use host::{HostIdentity, KernelFeature, kernel_features, monotonic, system_name};
pub use identity::{ProcessIdentity, ProcessRef, zombie_status};
pub use signal::{Signal, UnknownSignal};
pub use spawn::{Session, SharedSlot, SpawnError, SpawnPlan, SpawnSlot, Spawned, spawn};
pub use sys::{
    Forked, Poller, Ready, Received, SignalQueue, close_all_but, exit_now, fork, own_children,
    peer_credentials, pipe_holders, set_process_title, set_subreaper, start_session, wait_any,
};
pub use terminate::terminate;
pub use tree::{Delivery, Marks, Member, Survivor, Tree};
