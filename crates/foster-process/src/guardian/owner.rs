use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::protocol::{self, HELLO, Request};
use crate::containment::Scope;
use crate::escalation::{AFTER_KILL, Escalation, Phase};
use crate::graceful::GracefulTimeouts;
use crate::groups::{Asked, LocalSignaller, drive};
use crate::identity::{ProcessIdentity, ProcessRef};
use crate::signal::Signal;
use crate::spawn::{SpawnError, SpawnPlan, SpawnSlot, names_alone, spawn};

/// How a guardian is started.
#[derive(Clone)]
pub struct GuardianPlan<'a> {
    /// A program that calls [`super::serve_if_asked`] first, with [`super::ARGUMENT`] as its first
    /// argument. As a rule the caller's own.
    pub argv: &'a [OsString],
    /// The guardian's whole environment. It must not hold the cookie of a tree.
    pub env: &'a [(OsString, OsString)],
    /// How trees are ended once the owner is gone.
    pub timeouts: &'a GracefulTimeouts,
    /// How long the guardian may take to answer, at its start and later.
    pub answer_within: Duration,
}

impl fmt::Debug for GuardianPlan<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.env.iter().map(|(name, _)| name.as_os_str());
        f.debug_struct("GuardianPlan")
            .field("program", &self.argv.first())
            .field("env", &names_alone(names))
            .field("timeouts", &self.timeouts)
            .field("answer_within", &self.answer_within)
            .finish()
    }
}

/// An owner's guardian. Dropping this means the same as the owner's end: what is registered is
/// ended, without anybody waiting for it, and the guardian stays a zombie until its parent reaps it or
/// ends. [`Guardian::dismiss`] is the other way out.
#[derive(Debug)]
pub struct Guardian {
    process: ProcessRef,
    link: Mutex<Link>,
}

/// The way to the guardian.
#[derive(Debug)]
struct Link {
    socket: UnixStream,
    next: u64,
    /// Whether an answer was missed. The socket stays open all the same: closing it says that the
    /// owner is gone.
    broken: bool,
}

/// A tree that is registered with a guardian. It is guarded until it is unregistered: dropping this
/// changes nothing, so that no way out by an error leaves a tree unguarded.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Guarded(u64);

/// Why a guardian could not be started, or told something.
#[derive(Debug, thiserror::Error)]
pub enum GuardianError {
    /// Its program could not be started.
    #[error("the guardian could not be started")]
    Spawn(#[from] SpawnError),
    /// The way to it could not be made.
    #[error("the way to the guardian could not be made")]
    Setup(#[source] io::Error),
    /// What was started did not answer as a guardian does, and was ended. It may not know the
    /// argument, or be of another version.
    #[error("what was started as a guardian is none")]
    NotAGuardian(#[source] io::Error),
    /// The guardian is gone or does not answer. What it was told before it may still guard.
    #[error("the guardian is lost")]
    Lost(#[source] io::Error),
    /// It refused: the mark would fit processes of others.
    #[error("the guardian refused: {0}")]
    Refused(String),
}

impl Guardian {
    /// Starts a guardian, and returns once it guards.
    ///
    /// # Errors
    /// See [`GuardianError`]. Nothing is left running then.
    pub fn start(plan: &GuardianPlan<'_>) -> Result<Self, GuardianError> {
        let (socket, its) = UnixStream::pair().map_err(GuardianError::Setup)?;
        let limit = Some(plan.answer_within.max(Duration::from_millis(1)));
        socket
            .set_read_timeout(limit)
            .and_then(|()| socket.set_write_timeout(limit))
            .map_err(GuardianError::Setup)?;
        let process = execute(plan, &its)?;
        drop(its);
        let link = Mutex::new(Link {
            socket,
            next: 0,
            broken: false,
        });
        let guardian = Self { process, link };
        match guardian.greet(plan.timeouts) {
            Ok(()) => Ok(guardian),
            Err(error) => {
                guardian.abandon();
                Err(error)
            }
        }
    }

    /// Registers a tree that is about to be started, by the `NAME=value` that each of its members
    /// will have in its environment, and its control group if it has one. Once this has returned, the
    /// tree may be started.
    ///
    /// # Errors
    /// [`GuardianError::Refused`] if the cookie's value is shorter than 16 bytes, or the owner or the
    /// guardian bears it itself.
    pub fn register(
        &self,
        cookie: &str,
        cgroup: Option<PathBuf>,
    ) -> Result<Guarded, GuardianError> {
        let mut link = self.link();
        let id = link.next;
        let cookie = cookie.to_owned();
        link.ask(&Request::Register { id, cookie, cgroup })?;
        link.next += 1;
        Ok(Guarded(id))
    }

    /// Tells who the tree's leader is, now that it was started: its group and session are found by
    /// it too.
    ///
    /// # Errors
    /// If the guardian is lost.
    pub fn complete(&self, tree: &Guarded, leader: ProcessIdentity) -> Result<(), GuardianError> {
        let id = tree.0;
        self.link().ask(&Request::Complete { id, leader })
    }

    /// Tells that the tree is over. What of it lives on is guarded no more.
    ///
    /// # Errors
    /// If the guardian is lost.
    pub fn unregister(&self, tree: Guarded) -> Result<(), GuardianError> {
        self.link().ask(&Request::Unregister { id: tree.0 })
    }

    /// Ends the guardian and nothing else, waits for it, and reaps it.
    ///
    /// # Errors
    /// If the guardian is lost.
    pub fn dismiss(self) -> Result<(), GuardianError> {
        self.link().ask(&Request::Dismiss)?;
        let over = self.process.wait_ended(Some(AFTER_KILL));
        over.and_then(|_| self.process.reap())
            .map_err(GuardianError::Lost)?;
        Ok(())
    }

    /// Returns the guardian itself, to be watched, and left out of trees.
    pub fn process(&self) -> &ProcessRef {
        &self.process
    }

    fn link(&self) -> std::sync::MutexGuard<'_, Link> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn greet(&self, timeouts: &GracefulTimeouts) -> Result<(), GuardianError> {
        let mut link = self.link();
        let mut hello = [0; HELLO.len()];
        link.socket
            .read_exact(&mut hello)
            .map_err(GuardianError::NotAGuardian)?;
        if hello != *HELLO {
            return Err(GuardianError::NotAGuardian(
                io::ErrorKind::InvalidData.into(),
            ));
        }
        let phases = timeouts.phases().to_vec();
        link.ask(&Request::Begin { phases })
    }

    /// Kills what was started, with its whole group, and waits until all of it is gone. What is no
    /// guardian can't be expected to end because the socket does.
    fn abandon(self) {
        if let Ok(leader) = self.process.try_clone() {
            let mut asked = [Asked::new(leader.into())];
            let kill = Escalation::of_checked(vec![Phase {
                signal: Signal::KILL,
                grace: AFTER_KILL,
            }]);
            drive(&mut asked, &LocalSignaller, kill);
        } else {
            // No descriptor is left for the group's sake; the process itself is held.
            drop(self.process.signal(Signal::KILL));
        }
        if matches!(self.process.wait_ended(Some(AFTER_KILL)), Ok(true)) {
            drop(self.process.reap());
        }
    }
}

fn execute(plan: &GuardianPlan<'_>, its: &UnixStream) -> Result<ProcessRef, GuardianError> {
    let null = File::options().read(true).write(true).open("/dev/null");
    let null = null.map_err(GuardianError::Setup)?;
    let spawned = spawn(
        &SpawnPlan::new(
            plan.argv,
            plan.env,
            [its.as_fd(), null.as_fd(), null.as_fd()],
        ),
        &mut Scope::own(),
        &SpawnSlot::default(),
    )?;
    Ok(spawned.leader)
}

impl Link {
    fn ask(&mut self, request: &Request) -> Result<(), GuardianError> {
        if self.broken {
            return Err(GuardianError::Lost(io::ErrorKind::NotConnected.into()));
        }
        let answer = protocol::send(&self.socket, &request.encode())
            .and_then(|()| protocol::receive(&self.socket))
            .and_then(|body| body.ok_or_else(|| io::ErrorKind::UnexpectedEof.into()));
        let answer = answer.and_then(|body| {
            let answer = protocol::decode_answer(&body);
            answer.ok_or_else(|| io::ErrorKind::InvalidData.into())
        });
        match answer {
            Ok(answer) => answer.map_err(GuardianError::Refused),
            Err(error) => {
                self.broken = true;
                Err(GuardianError::Lost(error))
            }
        }
    }
}
