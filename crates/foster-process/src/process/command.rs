use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::fd::{OwnedFd, RawFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::on_drop::OnDrop;
use super::stdio::{Input, Output};
use crate::containment::Containment;
use crate::guardian::Guardian;
use crate::limits::Limits;
use crate::signal::Signal;
use crate::spawn::{IoPriority, Session, names_alone};

/// A process to be started: with [`blocking::Process::start`](crate::blocking::Process::start) or,
/// under tokio, with `tokio::Process::start`.
///
/// By default it inherits the environment, the directory and both outputs, reads nothing, leads a
/// process group of its own, is held by a control group where one is to be had and by its marks
/// elsewhere ([`Containment`]), has every signal at its default and none blocked, holds no descriptor
/// but its streams, and dies with its handle.
#[must_use = "it describes a process and starts none"]
pub struct Command {
    pub(super) argv: Vec<OsString>,
    pub(super) arg0: Option<OsString>,
    pub(super) name: Option<String>,
    pub(super) inherits_env: bool,
    pub(super) env: Vec<(OsString, Option<OsString>)>,
    pub(super) cwd: Option<PathBuf>,
    pub(super) stdin: Input,
    pub(super) stdout: Output,
    pub(super) stderr: Output,
    pub(super) containment: Containment,
    pub(super) session: Session,
    pub(super) limits: Option<Limits>,
    pub(super) accounted: bool,
    pub(super) nice: Option<i32>,
    pub(super) io_priority: Option<IoPriority>,
    pub(super) umask: Option<u32>,
    pub(super) uid: Option<u32>,
    pub(super) gid: Option<u32>,
    pub(super) groups: Option<Vec<u32>>,
    pub(super) descriptors: Vec<(RawFd, OwnedFd)>,
    pub(super) parent_death: Option<Signal>,
    pub(super) on_drop: OnDrop,
    pub(super) guardian: Option<Arc<Guardian>>,
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.env.iter().map(|(name, _)| name.as_os_str());
        f.debug_struct("Command")
            .field("program", &self.argv.first())
            .field("env", &names_alone(names))
            .field("cwd", &self.cwd)
            .field("containment", &self.containment)
            .finish_non_exhaustive()
    }
}

impl Command {
    /// Returns the plan to run this program, looked up in `PATH` of the environment that it will
    /// have if it holds no slash. No shell is asked.
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            argv: vec![program.into()],
            arg0: None,
            name: None,
            inherits_env: true,
            env: Vec::new(),
            cwd: None,
            stdin: Input::default(),
            stdout: Output::default(),
            stderr: Output::default(),
            containment: Containment::default(),
            session: Session::Group,
            limits: None,
            accounted: false,
            nice: None,
            io_priority: None,
            umask: None,
            uid: None,
            gid: None,
            groups: None,
            descriptors: Vec::new(),
            parent_death: None,
            on_drop: OnDrop::default(),
            guardian: None,
        }
    }

    /// Adds an argument.
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.argv.push(arg.into());
        self
    }

    /// Adds arguments.
    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.argv.extend(args.into_iter().map(Into::into));
        self
    }

    /// What the program is told as its own name, instead of what it was found by.
    pub fn arg0(mut self, name: impl Into<OsString>) -> Self {
        self.arg0 = Some(name.into());
        self
    }

    /// What the process is called in errors and in the log. The program alone by default: its
    /// arguments and its environment may hold secrets.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets a variable of its environment.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), Some(value.into())));
        self
    }

    /// Takes a variable out of its environment.
    pub fn env_remove(mut self, name: impl Into<OsString>) -> Self {
        self.env.push((name.into(), None));
        self
    }

    /// Starts from an empty environment, without what was set so far. The cookie by which its tree
    /// is known is in it all the same: see [`COOKIE`](crate::COOKIE).
    pub fn env_clear(mut self) -> Self {
        self.inherits_env = false;
        self.env.clear();
        self
    }

    /// Its working directory; this process's by default.
    pub fn current_dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.cwd = Some(dir.as_ref().to_owned());
        self
    }

    /// What it reads; nothing by default.
    pub fn stdin(mut self, input: Input) -> Self {
        self.stdin = input;
        self
    }

    /// Where its standard output goes; where this process's goes by default.
    pub fn stdout(mut self, output: Output) -> Self {
        self.stdout = output;
        self
    }

    /// Where its standard error goes; where this process's goes by default.
    pub fn stderr(mut self, output: Output) -> Self {
        self.stderr = output;
        self
    }

    /// How its tree is held; [`Containment::Auto`] by default, and
    /// [`Handle::level`](crate::Handle::level) tells what came of it.
    ///
    /// [`Containment::Subreaper`] wants this process to be a subreaper
    /// ([`set_subreaper`](crate::set_subreaper)) and to start nothing else while the handle lives.
    /// [`Containment::PidNamespace`] ties the tree to the *thread* that starts it: not to be started from
    /// a thread that a pool may end.
    pub fn containment(mut self, containment: Containment) -> Self {
        self.containment = containment;
        self
    }

    /// What it leads: a process group of its own by default.
    pub fn session(mut self, session: Session) -> Self {
        self.session = session;
        self
    }

    /// What its tree may use; by what each limit is kept, or why it is refused, is as for
    /// [`Scope::limit`](crate::Scope::limit).
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = Some(limits);
        self
    }

    /// Keeps what the whole tree used for [`Handle::tree_usage`](crate::Handle::tree_usage) when its
    /// control group is removed. That costs a few reads at its end.
    pub fn accounted(mut self) -> Self {
        self.accounted = true;
        self
    }

    /// Its niceness, from -20 (first) to 19 (last); this process's by default. To lower it takes
    /// privilege.
    pub fn nice(mut self, nice: i32) -> Self {
        self.nice = Some(nice);
        self
    }

    /// Its priority for the disk; this process's by default. Linux only: elsewhere it can't be started.
    pub fn io_priority(mut self, priority: IoPriority) -> Self {
        self.io_priority = Some(priority);
        self
    }

    /// Its file mode creation mask; this process's by default.
    pub fn umask(mut self, mask: u32) -> Self {
        self.umask = Some(mask);
        self
    }

    /// The user it becomes; this process's by default. Another takes privilege
    /// ([setuid(2)](https://man7.org/linux/man-pages/man2/setuid.2.html)): without, starting it is refused with
    /// [`SpawnError::CredentialRefused`](crate::SpawnError::CredentialRefused). It enters its working directory
    /// and finds its program with that user's rights. Its group stays, unless [`Command::gid`] says
    /// otherwise; root's supplementary groups are dropped, unless [`Command::groups`] names others.
    pub fn uid(mut self, uid: u32) -> Self {
        self.uid = Some(uid);
        self
    }

    /// The group it becomes; this process's by default. Another takes privilege, likewise.
    pub fn gid(mut self, gid: u32) -> Self {
        self.gid = Some(gid);
        self
    }

    /// Its supplementary groups, instead of this process's
    /// ([setgroups(2)](https://man7.org/linux/man-pages/man2/setgroups.2.html)). It takes privilege to set them.
    pub fn groups(mut self, groups: impl Into<Vec<u32>>) -> Self {
        self.groups = Some(groups.into());
        self
    }

    /// Passes a descriptor on under this number, which is 3 or more. All that is not passed on is
    /// closed, also what was not marked to be.
    pub fn descriptor(mut self, number: RawFd, descriptor: impl Into<OwnedFd>) -> Self {
        self.descriptors.push((number, descriptor.into()));
        self
    }

    /// Has the kernel send its leader this signal when the *thread* that starts it ends: start it
    /// from a thread that lives as long as it is to live. It tells the leader alone, and a program
    /// that is set-uid forgets it. Linux only; elsewhere it has no effect
    /// ([PR_SET_PDEATHSIG](https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html)).
    /// Of the whole tree, and of SIGKILL, [`Command::guarded_by`] or a PID namespace takes care.
    pub fn parent_death_signal(mut self, signal: Signal) -> Self {
        self.parent_death = Some(signal);
        self
    }

    /// Has a guardian end its tree when this process ends, by whatever means, SIGKILL included: also
    /// a tree that its handle has let go. It is registered before the process starts, and no more
    /// once the tree is seen to be empty.
    pub fn guarded_by(mut self, guardian: Arc<Guardian>) -> Self {
        self.guardian = Some(guardian);
        self
    }

    /// What becomes of its tree when its handle is dropped.
    pub fn on_drop(mut self, on_drop: OnDrop) -> Self {
        self.on_drop = on_drop;
        self
    }

    /// Returns the environment that it will have.
    pub(super) fn environment(&self) -> Vec<(OsString, OsString)> {
        let inherited = self.inherits_env.then(std::env::vars_os);
        let mut variables: Vec<_> = inherited.into_iter().flatten().collect();
        for (name, value) in &self.env {
            variables.retain(|(known, _)| known != name);
            variables.extend(value.clone().map(|value| (name.clone(), value)));
        }
        variables
    }

    /// Returns what it is called.
    pub(super) fn display_name(&self) -> String {
        let program = self
            .argv
            .first()
            .map_or(OsStr::new(""), OsString::as_os_str);
        self.name
            .clone()
            .unwrap_or_else(|| program.to_string_lossy().into_owned())
    }
}
