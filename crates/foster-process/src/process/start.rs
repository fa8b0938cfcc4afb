use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use super::command::Command;
use super::running::Running;
use super::source::Source;
use super::stdio::{Input, Output};
use crate::containment::{Containment, ContainmentError, Level, Scope};
use crate::guardian::{Guarded, Guardian, GuardianError};
use crate::identity::{ProcessIdentity, ProcessRef};
use crate::limits::LimitError;
use crate::output::StdStream;
use crate::spawn::{Session, SpawnError, SpawnPlan, SpawnSlot, Spawned, spawn};
use crate::sys;
use crate::tree::{Marks, Tree};

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
    pub running: Running,
    pub stdin: Option<OwnedFd>,
    pub stdout: Option<Arc<Source>>,
    pub stderr: Option<Arc<Source>>,
}

/// One stream: what the child gets, and what stays here.
struct Ends {
    child: Option<OwnedFd>,
    own: Option<OwnedFd>,
}

impl Command {
    /// Starts it.
    pub(crate) fn start(mut self) -> Result<Started, StartError> {
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
        Ok(Started {
            running,
            stdin: stdin.own,
            stdout: source(StdStream::Stdout, out.own, stdout),
            stderr: source(StdStream::Stderr, err.own, stderr),
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
        let mut held = Held::prepare(self.containment, &mark)?;
        if let Some(limits) = &self.limits {
            let limited = held.scope.limit(limits);
            // A leaf that nobody enters is not left behind.
            limited.inspect_err(|_| drop(held.scope.remove()))?;
        }
        let plan = SpawnPlan {
            arg0: self.arg0.as_deref(),
            cwd: self.cwd.as_deref(),
            extra_fds: &extra,
            umask: self.umask,
            nice: self.nice,
            io_priority: self.io_priority,
            session: self.session,
            parent_death: self.parent_death,
            ..SpawnPlan::new(&self.argv, &env, stdio)
        };
        let guard = Guard::set(self.guardian.as_ref(), &cookie, &held.scope)?;
        let spawned = spawn(&plan, &mut held.scope, &SpawnSlot::default());
        let Spawned { leader, .. } = match spawned {
            Ok(spawned) => spawned,
            Err(error) => {
                guard.lift();
                // A leaf that stays behind is empty and costs a directory entry.
                let _ = held.scope.remove();
                return Err(error.into());
            }
        };
        let grouped = self.session != Session::Inherit;
        let identity = leader.identity();
        let running = held.run(name, leader, grouped, cookie, self.on_drop);
        // If the guardian is lost now, what was started is ended as its handle is dropped.
        guard.complete(identity)?;
        Ok(running.guarded(guard))
    }
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

/// Returns a variable that no other tree has, and its value: this process is told from all others of
/// this boot by its number and its start, and its trees are counted.
fn mark() -> (String, String) {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    // Asked for once; but who is forked is another process, and inherits the answer.
    static OWN: OnceLock<(u32, u64)> = OnceLock::new();
    let own = std::process::id();
    let ask = || {
        let identity = ProcessRef::open(own as i32).map(|own| own.identity());
        let start = identity.ok().and_then(|identity| identity.start_time);
        (own, start.unwrap_or(0))
    };
    let known = OWN.get_or_init(ask);
    let (_, start) = if known.0 == own { *known } else { ask() };
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    (
        format!("{COOKIE}{own}_{count}"),
        format!("{start:016x}{count:016x}"),
    )
}

/// The guardian's hand over a tree, if it has a guardian.
#[derive(Debug, Default)]
pub(super) struct Guard(Option<(Arc<Guardian>, Guarded)>);

impl Guard {
    fn set(
        guardian: Option<&Arc<Guardian>>,
        cookie: &str,
        scope: &Scope,
    ) -> Result<Self, GuardianError> {
        let Some(guardian) = guardian else {
            return Ok(Self(None));
        };
        let guarded = guardian.register(cookie, scope.cgroup_path())?;
        Ok(Self(Some((Arc::clone(guardian), guarded))))
    }

    fn complete(&self, leader: ProcessIdentity) -> Result<(), GuardianError> {
        let Some((guardian, guarded)) = &self.0 else {
            return Ok(());
        };
        guardian.complete(guarded, leader)
    }

    /// Says that nobody is left to be guarded.
    pub(super) fn lift(self) {
        if let Some((guardian, guarded)) = self.0 {
            // A guardian that is lost guards nobody.
            let _ = guardian.unregister(guarded);
        }
    }
}

/// Where a tree will live, and how its members will be known.
struct Held {
    scope: Scope,
    dedicated: Option<Dedicated>,
}

impl Held {
    fn prepare(wanted: Containment, name: &str) -> Result<Self, StartError> {
        let (scope, dedicated) = match wanted {
            Containment::Subreaper => {
                let dedicated = Dedicated::take()?;
                (Scope::prepare(wanted, name)?, Some(dedicated))
            }
            Containment::Group => (Scope::own(), None),
            Containment::Auto | Containment::Cgroup | Containment::PidNamespace => {
                (Scope::prepare(wanted, name)?, None)
            }
        };
        Ok(Self { scope, dedicated })
    }

    fn run(
        self,
        name: String,
        leader: ProcessRef,
        grouped: bool,
        cookie: String,
        on_drop: super::OnDrop,
    ) -> Running {
        let (tree, level) = match (self.scope.level(), &self.dedicated) {
            (level @ (Level::Cgroup | Level::PidNamespace), _) => {
                (Tree::of_scope(self.scope), level)
            }
            (level, Some(dedicated)) => {
                let mut tree = Tree::of_descendants(self.scope);
                for stranger in &dedicated.strangers {
                    tree.exclude(*stranger);
                }
                (tree, level)
            }
            (_, None) => {
                let leader = Some(leader.identity());
                let marks = Marks { cookie, leader };
                (
                    Tree::of_marked(self.scope, marks).born_of_leader(),
                    Level::Group,
                )
            }
        };
        Running::new(name, tree, leader, level, grouped, on_drop, self.dedicated)
    }
}

/// This process as the subreaper of one tree: whatever it has for children from now on is that
/// tree's.
#[derive(Debug)]
pub(super) struct Dedicated {
    strangers: Vec<i32>,
}

static DEDICATED: AtomicBool = AtomicBool::new(false);

impl Dedicated {
    fn take() -> Result<Self, StartError> {
        let refuse = |reason| Err(StartError::Subreaper { reason });
        if !sys::is_subreaper() {
            return refuse("it is not a subreaper; `set_subreaper` makes it one");
        }
        let Ok(strangers) = sys::own_children() else {
            return refuse("its children can't be counted");
        };
        if DEDICATED.swap(true, Ordering::AcqRel) {
            return refuse("it holds another tree so, and could not tell the two apart");
        }
        Ok(Self { strangers })
    }
}

impl Drop for Dedicated {
    fn drop(&mut self) {
        DEDICATED.store(false, Ordering::Release);
    }
}
