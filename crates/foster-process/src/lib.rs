//! Spawns, contains, captures, signals and ends whole process trees.
//!
//! Theory of operation. A [`Scope`] is where a tree will live: a control group, a PID
//! namespace, or simply the descendants of this process, which must then be their subreaper.
//! [`Limits`] are set on it, and what its tree used is asked of it. [`spawn`] starts a leader in
//! it without copying this process's memory. A [`Tree`] finds the scope's members, signals each
//! through a pidfd (never through a number), and says when none is left. An [`Escalation`] is the
//! pure machine that decides which signal is due and when; [`terminate`] drives it to its end, and
//! a program with a loop of its own ([`Poller`]) drives it itself. What the tree writes is handed
//! out, cut into lines, kept and searched by the machines of [`output`], which do no reading.
//!
//! Beside these: [`GracefulTimeouts`] names the phases for every platform; [`groups`] keeps the process
//! groups of an owner; [`guardian`] ends an owner's trees when the owner itself is gone; [`low_level`]
//! has single steps for whoever spawns by other means.
//!
//! ```
//! use std::os::fd::AsFd as _;
//! use std::time::Duration;
//!
//! use foster_process::{
//!     Containment, Escalation, Phase, Scope, Session, Signal, SpawnPlan, SpawnSlot, Tree,
//! };
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Orphans among our descendants come back to us. This process has no other children.
//! foster_process::set_subreaper()?;
//! let null = std::fs::File::options().read(true).write(true).open("/dev/null")?;
//! let mut scope = Scope::prepare(Containment::Auto, &format!("example-{}", std::process::id()))?;
//! let started = foster_process::spawn(
//!     &SpawnPlan {
//!         session: Session::New,
//!         ..SpawnPlan::new(
//!             // A script that leaves a daemon behind.
//!             &["sh", "-c", "(sleep 300 &); exec sleep 300"].map(Into::into),
//!             &[("PATH".into(), "/usr/bin:/bin".into())],
//!             [null.as_fd(), null.as_fd(), null.as_fd()],
//!         )
//!     },
//!     &mut scope,
//!     &SpawnSlot::default(),
//! )?;
//!
//! let tree = Tree::of_descendants(scope);
//! let term = Phase { signal: Signal::TERM, grace: Duration::from_secs(5) };
//! let escalation = Escalation::new(vec![term], Duration::from_secs(5))?;
//! let report = foster_process::terminate(&tree, Some(&started.leader), escalation)?;
//! assert!(report.empty && report.survivors.is_empty());
//! assert_eq!(started.leader.reap()?.and_then(|status| status.signal()), Some(Signal::TERM));
//! tree.scope().remove()?;
//! # Ok(())
//! # }
//! ```
//!
//! A program that can't be started is told by what was wrong with it:
//!
//! ```
//! # use std::os::fd::AsFd as _;
//! # use foster_process::{Containment, Scope, SpawnError, SpawnPlan, SpawnSlot};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let null = std::fs::File::options().read(true).write(true).open("/dev/null")?;
//! # let mut scope = Scope::prepare(Containment::Auto, &format!("missing-{}", std::process::id()))?;
//! let argv = ["no-such-program".into()];
//! let plan = SpawnPlan::new(&argv, &[], [null.as_fd(), null.as_fd(), null.as_fd()]);
//! let refused = foster_process::spawn(&plan, &mut scope, &SpawnSlot::default());
//! assert!(matches!(refused, Err(SpawnError::NotFound { .. })));
//! # scope.remove()?;
//! # Ok(())
//! # }
//! ```
//!
//! The crate knows nothing of jobs and of Foster's files. It never prints and reads no variable of
//! the environment. All platform code, and all `unsafe`, is in `sys`.

pub mod blocking;
mod capture;
mod containment;
mod escalation;
mod exit_status;
mod foreground;
mod graceful;
pub mod groups;
pub mod guardian;
mod host;
mod identity;
mod limits;
pub mod low_level;
pub mod output;
mod process;
mod signal;
mod spawn;
mod sys;
mod terminate;
#[cfg(feature = "tokio")]
pub mod tokio;
mod tree;
mod usage;

pub use capture::{Moved, discard, move_bytes, pipe};
pub use containment::{
    Containment, ContainmentError, Level, LevelReport, Scope, UnknownContainment,
};
pub use escalation::{
    AFTER_KILL, Escalation, InvalidEscalation, Phase, PhaseOutcome, Report, Step,
};
pub use exit_status::ExitStatus;
pub use foreground::{Foreground, ForegroundEnd, ForegroundError};
pub use graceful::{CtrlBreak, GracefulTimeouts, GracefulTimeoutsBuilder, UnixPhases, Unset};
pub use host::{HostIdentity, KernelFeature, kernel_features, monotonic, system_name};
pub use identity::{ProcessIdentity, ProcessRef, zombie_status};
pub use limits::{InvalidLimits, Limit, LimitApplied, LimitError, LimitedBy, Limits};
pub use process::{
    COOKIE, Command, Completed, CompletionError, CompletionOptions, Drain, Found, Input, OnDrop,
    Output, OutputError, SignalError, StartError, Target, TerminateError, Terminated, WaitedFor,
};
pub use signal::{Signal, UnknownSignal};
pub use spawn::{
    InvalidIoPriority, InvalidPlan, IoClass, IoPriority, Resource, ResourceLimit, Session,
    SharedSlot, SpawnError, SpawnPlan, SpawnSlot, Spawned, spawn,
};
pub use sys::{
    Forked, Poller, Ready, Received, SignalQueue, close_all_but, exit_now, fork, hide_arguments,
    own_children, peer_credentials, pipe_holders, set_process_title, set_subreaper, start_session,
    wait_any,
};
pub use terminate::terminate;
pub use tree::{Delivery, Marks, Member, Survivor, Tree};
pub use usage::{Ended, TreeUsage, Usage};
