use std::fs::File;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use super::command::Command;
use super::guard::Guard;
use super::handle::Handle;
use super::holding::Place;
use super::on_drop::OnDrop;
use super::running::Running;
use super::source::Source;
use super::stdio::{Input, Output};
use crate::containment::ContainmentError;
use crate::guardian::GuardianError;
use crate::limits::{LimitApplied, LimitError};
use crate::output::StdStream;
use crate::spawn::{Session, SpawnError, SpawnPlan, SpawnSlot, Spawned, spawn};
use crate::sys;

/// How the variable begins by which the members of a tree are known, where no control group holds
/// them. Each tree has a variable of its own, so that a tree within a tree bears both.
pub const COOKIE: &str = "FOSTER_TREE_";

/// Why a process could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The containment that was demanded is not to be had.
    #[error(transparent)]
    Containment(#[from] ContainmentError),
    /// A limit that was demanded can't be kept.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// The guardian that was to watch over it is lost.
    #[error(transparent)]
    Guardian(#[from] GuardianError),
    /// The process itself could not be started.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// A tree that is held by a subreaper is all that the subreaper starts: this process is none
    /// (see [`set_subreaper`](crate::set_subreaper)), or holds such a tree already.
    #[error("this process can't hold a tree as its subreaper: {reason}")]
    Subreaper {
        /// Why not.
        reason: &'static str,
    },
    /// This process ignores CHLD, so the kernel reaps its children at once and forgets how they ended
    /// ([wait(2)](https://man7.org/linux/man-pages/man2/wait.2.html)). Whoever executed it may have
    /// left it so: give the signal its default disposition, or a handler.
    #[error("this process ignores CHLD, and no child's end would be told")]
    ChildIgnored,
    /// There is no runtime to wait in.
    #[error("there is no runtime to wait in")]
    Runtime(#[source] io::Error),
    /// A stream could not be made ready.
    #[error("{stream} can't be made ready")]
    Stream {
        /// Which: `standard input`, `standard output` or `standard error`.
        stream: &'static str,
        /// The system's reason.
        source: io::Error,
    },
}

/// A process that was started, in parts.
#[derive(Debug)]
pub(crate) struct Started {
    pub handle: Handle,
    pub stdin: Option<OwnedFd>,
}

/// One stream: what the child gets, and what stays here.
struct Ends {
    child: Option<OwnedFd>,
    own: Option<OwnedFd>,
}

impl Command {
    /// Starts it.
    pub(crate) fn start(mut self) -> Result<Started, StartError> {
        if sys::is_child_ignored() {
            return Err(StartError::ChildIgnored);
        }
        let stdin = input(std::mem::take(&mut self.stdin));
        let stdin = stdin.map_err(stream_error("standard input"))?;
        let [stdout, stderr] = [&mut self.stdout, &mut self.stderr].map(std::mem::take);
        let out = output(&stdout).map_err(stream_error("standard output"))?;
        let err = output(&stderr).map_err(stream_error("standard error"))?;
        let running = self.run([&stdin.child, &out.child, &err.child])?;
        let source = |stream, pipe: Option<OwnedFd>, output| match (pipe, output) {
            (Some(pipe), Output::Captured(settings)) => {
                Some(Arc::new(Source::new(stream, pipe, &settings)))
            }
            _ => None,
        };
        let sources = [
            source(StdStream::Stdout, out.own, stdout),
            source(StdStream::Stderr, err.own, stderr),
        ];
        Ok(Started {
            handle: Handle::new(running, sources),
            stdin: stdin.own,
        })
    }

    fn run(self, streams: [&Option<OwnedFd>; 3]) -> Result<Running, StartError> {
        let name = self.display_name();
        let (mark, value) = mark();
        let cookie = format!("{mark}={value}");
        let mut env = self.environment();
        env.push((mark.clone().into(), value.into()));
        let inherited = [
            rustix::stdio::stdin(),
            rustix::stdio::stdout(),
            rustix::stdio::stderr(),
        ];
        let stdio =
            [0, 1, 2].map(|i: usize| streams[i].as_ref().map_or(inherited[i], |fd| fd.as_fd()));
        let extra: Vec<(i32, BorrowedFd<'_>)> = self
            .descriptors
            .iter()
            .map(|(number, fd)| (*number, fd.as_fd()))
            .collect();
        let mut place = Place::prepare(self.containment, &mark)?;
        let limits = self.limits.as_ref().map(|limits| place.scope.limit(limits));
        let guarded = limits
            .transpose()
            .map_err(StartError::from)
            .and_then(|limits| {
                let guard = Guard::set(self.guardian.as_ref(), &cookie, &place.scope)?;
                Ok((limits.unwrap_or_default(), guard))
            });
        let (limits, guard) = match guarded {
            Ok(guarded) => guarded,
            Err(error) => {
                place.give_up();
                return Err(error);
            }
        };
        let plan = SpawnPlan {
            arg0: self.arg0.as_deref(),
            cwd: self.cwd.as_deref(),
            extra_fds: &extra,
            umask: self.umask,
            uid: self.uid,
            gid: self.gid,
            groups: self.groups.as_deref(),
            nice: self.nice,
            io_priority: self.io_priority,
            session: self.session,
            parent_death: self.parent_death,
            ..SpawnPlan::new(&self.argv, &env, stdio)
        };
        let since = Instant::now();
        let spawned = spawn(&plan, &mut place.scope, &SpawnSlot::default());
        let Spawned { leader, .. } = match spawned {
            Ok(spawned) => spawned,
            Err(error) => {
                guard.lift();
                place.give_up();
                return Err(error.into());
            }
        };
        let leader = Arc::new(leader);
        let told = Told {
            name,
            grouped: self.session != Session::Inherit,
            limits,
            accounted: self.accounted,
            on_drop: self.on_drop,
        };
        let held = place.hold(&leader, cookie, since);
        let running = Running::new(held, leader, told);
        // If the guardian is lost now, what was started is ended as its handle is dropped.
        guard.complete(&running.leader)?;
        Ok(running.guarded(guard))
    }
}

/// What was said of a process, and is wanted as long as it runs.
#[derive(Debug)]
pub(super) struct Told {
    pub name: String,
    pub grouped: bool,
    pub limits: Vec<LimitApplied>,
    pub accounted: bool,
    pub on_drop: OnDrop,
}

fn stream_error(stream: &'static str) -> impl Fn(io::Error) -> StartError {
    move |source| StartError::Stream { stream, source }
}

fn input(input: Input) -> io::Result<Ends> {
    let (child, own) = match input {
        Input::Inherit => (None, None),
        Input::Null => (Some(File::open("/dev/null")?.into()), None),
        Input::File(file) => (Some(file.into()), None),
        Input::Piped => {
            let (reader, writer) = io::pipe()?;
            (Some(reader.into()), Some(writer.into()))
        }
    };
    Ok(Ends { child, own })
}

fn output(output: &Output) -> io::Result<Ends> {
    let (child, own) = match output {
        Output::Inherit => (None, None),
        Output::Null => {
            let null = File::options().write(true).open("/dev/null")?;
            (Some(null.into()), None)
        }
        Output::File(file) => (Some(file.try_clone()?.into()), None),
        Output::Captured(_) => {
            let (reader, writer) = sys::pipe()?;
            (Some(writer), Some(reader))
        }
    };
    Ok(Ends { child, own })
}

/// Returns a variable that no other tree has, and its value. The number of this process alone would
/// not do: another has it in another PID namespace, or later.
fn mark() -> (String, String) {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    // Drawn once; but who is forked is another process, and inherits what was drawn.
    static DRAWN: OnceLock<(u32, u64)> = OnceLock::new();
    let own = std::process::id();
    let draw = || (own, RandomState::new().build_hasher().finish());
    let known = DRAWN.get_or_init(draw);
    let (_, drawn) = if known.0 == own { *known } else { draw() };
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    (
        format!("{COOKIE}{own}_{drawn:016x}_{count}"),
        format!("{drawn:016x}{count:016x}"),
    )
}
