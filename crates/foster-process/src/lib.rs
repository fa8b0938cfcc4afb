//! Starts processes and holds, records, signals and ends the whole tree of each.
//!
//! ```
//! use foster_process::blocking::Process;
//! use foster_process::output::{CollectBytes, Keep};
//! use foster_process::{Command, CompletionOptions, ExitStatus, Output};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let command = Command::new("sh").args(["-c", "echo built; exit 3"]).stdout(Output::captured());
//! let process = Process::start(command)?;
//! let keep = CollectBytes::new(Keep::HeadAndTail { head: 4096, tail: 65536 });
//! let done = process.wait_for_completion(CompletionOptions::new().stdout(keep))?;
//! assert_eq!(done.status(), Some(ExitStatus::Code(3)));
//! assert_eq!(done.stdout.to_vec(), b"built\n");
//! assert!(!done.stdout.truncated());
//! # Ok(())
//! # }
//! ```
//!
//! The [examples](https://github.com/foster-jobs/foster/tree/main/crates/foster-process/examples) show
//! one thing each.
//!
//! # Where to start
//!
//! | for | there is |
//! |---|---|
//! | running a program without a runtime | [`Command`], [`blocking::Process`] |
//! | the same under tokio (feature `tokio`) | [`Command`], `tokio::Process` |
//! | what becomes of output | [`output`] |
//! | how a tree is asked to end | [`GracefulTimeouts`], [`Escalation`] |
//! | the process groups of an owner, also far away | [`groups`] |
//! | trees that must not outlive an owner who is killed | [`Command::guarded_by`], [`guardian`], [`Containment::PidNamespace`] |
//! | a loop of one's own, other children, taking over | [`spawn`], [`Scope`], [`Tree`], [`Poller`] |
//! | single steps for what `std` has started | [`low_level`] |
//!
//! # What a tree is, and how it is held
//!
//! A *tree* is a process that was started, its *leader*, and all that the leader started, directly or
//! not, whatever became of those in between. A process group is less than that: `setsid` leaves it, and
//! so does a shell with job control for each of its jobs. How well a tree is known is its [`Level`]:
//!
//! | level | members are | what escapes |
//! |---|---|---|
//! | [`Level::Cgroup`] | in a leaf of cgroup v2 | who may write to another group and moves there |
//! | [`Level::PidNamespace`] | in a PID namespace of their own | nobody |
//! | [`Level::Subreaper`] | descendants of this process, to which orphans come back | nobody |
//! | [`Level::Group`] | in the leader's group or session, bearers of a mark in the environment, and descendants of those | an orphan that has left the session and cleared its environment |
//!
//! [`Containment::Auto`], the default, takes a control group if one can be made and falls back to
//! `Group` for a [`Command`], to `Subreaper` for a [`Scope`]. The others are demanded, and then had or
//! refused. A PID namespace ends with the *thread* that started it, and a subreaper holds one tree and
//! has no other children: both are for those who know that of themselves. Work that is handed to a
//! process which was there before (`systemd-run`, a container engine, `at`) is in no tree.
//!
//! A member is never signalled by a number that was remembered. On Linux it is opened as a pidfd, then
//! proved to be what it was found as, and then signalled through that.
//!
//! # How a process is born
//!
//! On Linux by `clone3` with this process's memory, lent until exec, while the calling thread sleeps:
//! the cost does not grow with the caller, as it does for a `pre_exec` closure of `std`, and there is no
//! closure to get wrong. Then in this order:
//!
//! 1. it *is* in its control group, from the first instruction on (`CLONE_INTO_CGROUP`), or writes
//!    itself there where only `clone` is to be had; or it is the second process of its PID namespace;
//! 2. session or process group ([`Session`]);
//! 3. nice value and I/O priority;
//! 4. descriptors: those that are passed on get their numbers, all others are closed by exec;
//! 5. resource limits (after the descriptors, whose numbers may be above the new limit);
//! 6. supplementary groups, group, user: what comes after takes no privilege;
//! 7. parent death signal, which a change of user undoes, and a look whether the parent died meanwhile;
//! 8. file mode creation mask, then the working directory, with that user's rights;
//! 9. signal dispositions, and last the signal mask: no handler of the parent's ever runs in it;
//! 10. exec, in each directory of its own `PATH` in turn, never through a shell.
//!
//! Limits that the control group keeps are written before the leader is born. What goes wrong comes back
//! as a variant of [`SpawnError`] with the kernel's reason, and nothing is left running.
//!
//! # Output
//!
//! An output is inherited, thrown away, put into a file or captured: [`Output`]. What is captured lies in
//! a pipe until somebody *pulls*: there is no task and no thread that reads in the background. Whoever
//! waits, for a byte, a line, a pattern or the end of the process, reads the pipe meanwhile, for himself
//! and for everybody else. So
//!
//! - if nobody waits, the pipe fills (64 KiB on Linux) and the process waits: that is the backpressure;
//! - [`wait`](blocking::Process::wait), [`wait_for_completion`](blocking::Process::wait_for_completion)
//!   and [`terminate`](blocking::Process::terminate) read what no subscriber wants, for nobody, so that a
//!   process never waits for a reader that there is not;
//! - a subscriber that has subscribed and does not read holds up the process, if it is to miss nothing.
//!
//! [`output::CaptureSettings`] say the rest. By default there is one consumer at a time; with
//! [`Broadcast`](output::Consumers::Broadcast) any number share one log, each at its own place.
//! [`Reliable`](output::Delivery::Reliable) delivery waits for the slowest, [`Lossy`](output::Delivery::Lossy)
//! drops its oldest bytes and tells it so by a [`Gap`](output::Gap). A [`Replay`](output::Replay) keeps
//! what was there before somebody subscribed, until it is
//! [sealed](Handle::seal_replay): from then on nothing is kept, and who comes later starts
//! with what comes then.
//!
//! Visitors make something of a stream: bounded heads and tails, lines, patterns, a file. Each counts what
//! it leaves out; `truncated` is true if a single byte is missing, for whichever reason. A pattern is also
//! looked for in the line that has no end yet, so a prompt is found.
//!
//! # The end
//!
//! *Leader* and *tree* end apart. `wait` returns when the leader has ended, and `wait_for_completion` when
//! its outputs have too; if somebody else holds one open, that is waited for no longer than [`Drain`] says,
//! and the answer has the status, the bytes, and who holds it. Nothing is thrown away for a deadline:
//! [`Completed`] is what there is.
//!
//! `terminate` returns when the *tree* is empty. An [`Escalation`] goes through its phases, by default of
//! [`GracefulTimeouts`] INT, TERM, KILL: each signal goes to every member, then CONT, so that what is stopped
//! can die of it. The wait is the kernel's, on the members' pidfds and the group's events. After KILL it
//! lasts at most [`AFTER_KILL`]; who is left then is a [`Survivor`] in the report, with the reason.
//!
//! A leader that has ended stays a zombie until its tree is empty. Its number, which is its group's, can so
//! not pass to a stranger while somebody might still signal it, and its status can be asked for again.
//!
//! What that asks of the program around it: nobody else may reap its children (no `waitpid(-1)`), and CHLD
//! must not be ignored, not even by inheritance, or the kernel reaps them at once
//! ([wait(2)](https://man7.org/linux/man-pages/man2/wait.2.html)) and their status is lost. `std` and tokio
//! reap none but their own. No signal handler is installed on Linux.
//!
//! A handle that is dropped ends its tree: [`OnDrop`] says how. It works on any thread, without a runtime. A
//! wait, termination or kill that was `Ok` and left nobody makes it do nothing; an error, a deadline or a
//! future that was dropped halfway leaves it armed. A SIGKILL to *this* process runs no drop:
//! [`Command::parent_death_signal`] reaches the leader then, a PID namespace ends all, and with
//! [`Command::guarded_by`] a [`Guardian`](guardian::Guardian), a small process of its own, ends what it finds
//! by control group and marks.
//!
//! # Two fronts, one machine
//!
//! What is to be done next is decided by machines that do no input or output and are told the time:
//! [`Escalation`], [`output::Hub`], [`output::LineParser`], [`output::Matcher`], and one for the end of a
//! process. [`blocking`] drives them with `poll`, and `tokio` with its reactor; there is no other
//! difference. All methods but `stdin` take `&self`: one thread or task may wait while another signals,
//! writes or ends the tree. Under tokio any runtime will do that drives IO and time, also one with a single
//! thread, and a future may be dropped at any time.
//!
//! # The low level
//!
//! A supervisor with a loop of its own makes a [`Scope`], sets [`Limits`] on it, [`spawn`]s a leader into
//! it, finds and signals the members of a [`Tree`], and drives an [`Escalation`] itself or by [`terminate`].
//! It does by hand what a `Process` does: it keeps the leader a zombie, reaps, removes the scope. Take it for
//! a subreaper of one's own, for trees that outlive their supervisor, for a [`SpawnSlot`] that a second
//! process takes over; otherwise take a `Process`. [`low_level`] has single steps for children that `std`
//! has started; its functions that believe a bare number say so.
//!
//! # Limits and use
//!
//! [`Limits`] are kept by the control group for the tree as a whole, or by `setrlimit` for each process
//! where there is none; [`Scope::limit`] says which, and refuses what can't be kept. [`Ended::usage`] is
//! what the leader and the children that it waited for used; [`Scope::usage`] what a control group counted
//! for all. What is not known is `None`.
//!
//! # Platforms
//!
//! Linux 5.11 or later, x86-64 and ARM64. Other Unix systems have a layer with [`Level::Group`] alone, whose
//! tokio front reads output and can't wait for a process; it is tested on Linux and was never run on macOS. What a system
//! can't do is [`Unsupported`](std::io::ErrorKind::Unsupported) or a variant that says so, never a missing
//! name. Windows is not supported yet, and there are no terminals (PTY) yet.
//! [docs/platforms.md](https://github.com/foster-jobs/foster/blob/main/docs/platforms.md) has the details.
//!
//! The crate knows nothing of jobs and of Foster's files. It prints nothing, and no variable of the
//! environment changes what it does; a [`Command`] passes the environment on. What goes wrong where nobody can
//! be told, in a drop, is an event of `tracing`. All platform code, and all `unsafe`, is in `sys`.

mod batch;
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
mod interrupt;
mod limits;
pub mod low_level;
pub mod output;
mod process;
mod relay;
mod shared_cell;
mod signal;
mod spawn;
mod sys;
mod terminate;
#[cfg(feature = "tokio")]
pub mod tokio;
mod tree;
mod usage;

pub use batch::Batch;
pub use capture::{Moved, discard, move_bytes, pipe, widen_pipe};
pub use containment::{
    Containment, ContainmentError, Level, LevelReport, Scope, UnknownContainment,
};
pub use escalation::{
    AFTER_KILL, Escalation, FailedAttempt, InvalidEscalation, Operation, Phase, PhaseOutcome,
    Report, Step,
};
pub use exit_status::ExitStatus;
pub use foreground::{Foreground, ForegroundEnd, ForegroundError};
pub use graceful::{CtrlBreak, GracefulTimeouts, GracefulTimeoutsBuilder, UnixPhases, Unset};
pub use host::{
    HostIdentity, KernelFeature, free_descriptors, kernel_features, monotonic, system_name, uptime,
};
pub use identity::{ProcessIdentity, ProcessRef, zombie_status};
pub use interrupt::Interrupt;
pub use limits::{InvalidLimits, Limit, LimitApplied, LimitError, LimitedBy, Limits};
pub use process::{
    COOKIE, Command, Completed, CompletionError, CompletionOptions, Drain, Found, Handle, Input,
    OnDrop, Output, OutputError, SignalError, StartError, Target, TerminateError, Terminated,
    WaitedFor,
};
pub use relay::Relay;
pub use shared_cell::SharedCell;
pub use signal::{Signal, UnknownSignal};
pub use spawn::{
    Credential, InvalidIoPriority, InvalidPlan, IoClass, IoPriority, Resource, ResourceLimit,
    Session, SharedSlot, SpawnError, SpawnPlan, SpawnSlot, Spawned, spawn,
};
pub use sys::{
    Forked, Poller, Ready, Received, SignalQueue, close_all_but, exit_now, fork, fork_orphan,
    fork_outside, hide_arguments, own_children, peer_credentials, pipe_holders,
    release_unused_memory, set_process_title, set_subreaper, start_session, wait_any,
};
pub use terminate::terminate;
pub use tree::{Delivery, Marks, Member, MemberDetails, Survivor, Tree};
pub use usage::{Ended, TreeUsage, Usage};
