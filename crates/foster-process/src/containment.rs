use std::io;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use crate::spawn::ResourceLimit;
use crate::sys;
use crate::usage::TreeUsage;

/// How a caller wants a tree to be held.
///
/// It means the same to [`Scope::prepare`] and to [`Command`](crate::Command), but for what is left
/// when there is no control group: a scope is then this process's own descendants
/// ([`Level::Subreaper`]), since its user has said that this process is theirs; a `Command` takes
/// [`Level::Group`], since its user may have other children, and other trees.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Containment {
    /// The strongest that is to be had.
    #[default]
    Auto,
    /// A control group or nothing.
    Cgroup,
    /// Descendants of a subreaper, also where a control group is to be had. Linux only. A
    /// [`Command`](crate::Command) takes it if this process is a subreaper and holds no other such
    /// tree.
    Subreaper,
    /// The leader's process group and session and whoever bears the tree's mark, also where more is
    /// to be had. [`Scope::prepare`] refuses it on Linux.
    Group,
    /// A PID namespace or nothing. Linux only. The tree ends with the *thread* that starts it.
    PidNamespace,
}

/// How a tree is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Level {
    /// A leaf of cgroup v2, entered at the moment of birth. Nothing leaves it by forking; who may write
    /// to another control group may move itself there. Linux only.
    Cgroup,
    /// The descendants of a subreaper, which every orphan among them comes back to
    /// ([PR_SET_CHILD_SUBREAPER](https://man7.org/linux/man-pages/man2/PR_SET_CHILD_SUBREAPER.2const.html)).
    /// Linux only.
    Subreaper,
    /// Marks: the leader's process group and session, a variable in the environment
    /// ([`COOKIE`](crate::COOKIE)), and the descendants of whoever has one of them. What a system without
    /// subreapers offers, and what a [`Command`](crate::Command) has without a control group.
    ///
    /// A process that has cleared its environment, has left the session and has lost its parent is
    /// not found, and the tree is called empty without it.
    Group,
    /// A PID namespace of its own, which the kernel ends with its first process, and that with the
    /// thread that started it. Nothing leaves it, and nobody in it sees anybody outside.
    PidNamespace,
}

/// A level, and whether it is to be had here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LevelReport {
    /// Its name.
    pub name: &'static str,
    /// Whether it is to be had.
    pub available: bool,
    /// What was seen, or why it is not to be had.
    pub detail: String,
}

/// The containment that was demanded is not to be had.
#[derive(Debug, thiserror::Error)]
pub enum ContainmentError {
    /// This machine, or this user on it, doesn't offer it.
    #[error("containment {wanted} is not available here: {reason}")]
    Unavailable {
        /// What was demanded.
        wanted: &'static str,
        /// Why it is not to be had.
        reason: String,
        /// The system's reason, if one was given.
        source: Option<io::Error>,
    },
}

/// Where a tree will live, or lives.
#[derive(Debug)]
pub struct Scope {
    cgroup: Option<sys::Cgroup>,
    /// Whether the tree is to get a PID namespace.
    wants_namespace: bool,
    /// That namespace, once the leader was started in it.
    namespace: Option<Arc<sys::PidNamespace>>,
    may_downgrade: bool,
    /// What limits each process of the tree where a control group can't limit the whole.
    rlimits: Vec<ResourceLimit>,
}

/// The text names no containment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no containment: use auto, cgroup, subreaper, group or pidns")]
pub struct UnknownContainment(pub String);

impl FromStr for Containment {
    type Err = UnknownContainment;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "cgroup" => Ok(Self::Cgroup),
            "subreaper" => Ok(Self::Subreaper),
            "group" => Ok(Self::Group),
            "pidns" => Ok(Self::PidNamespace),
            other => Err(UnknownContainment(other.to_owned())),
        }
    }
}

impl Containment {
    /// Returns the word for it, which [`Containment::from_str`] reads.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Cgroup => "cgroup",
            Self::Subreaper => "subreaper",
            Self::Group => "group",
            Self::PidNamespace => "pidns",
        }
    }
}

impl Level {
    /// Returns the word for it in answers: `cgroup`, `subreaper`, `group` or `pidns`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cgroup => "cgroup",
            Self::Subreaper => "subreaper",
            Self::Group => "group",
            Self::PidNamespace => "pidns",
        }
    }

    /// Returns every level, and whether it is to be had here; a control group and a
    /// PID namespace are found out about by making one and removing it. `probe_name` is what the control
    /// group is called meanwhile.
    pub fn survey(probe_name: &str) -> Vec<LevelReport> {
        let cgroup = match sys::Cgroup::create(probe_name) {
            Ok(cgroup) => {
                let detail = format!("leaves are made beside {}", cgroup.path().display());
                match cgroup.remove() {
                    Ok(()) => Ok(detail),
                    Err(error) => Err(format!("a leaf could be made and not removed: {error}")),
                }
            }
            Err(error) => Err(error.to_string()),
        };
        let report = |name, result: Result<String, String>| LevelReport {
            name,
            available: result.is_ok(),
            detail: result.unwrap_or_else(|reason| reason),
        };
        vec![
            report("cgroup", cgroup),
            report("pidns", survey_namespace()),
            report(
                sys::OWN_LEVEL.as_str(),
                Ok(sys::OWN_LEVEL_DETAIL.to_owned()),
            ),
        ]
    }
}

fn survey_namespace() -> Result<String, String> {
    let detail = "one was made; it ends with the thread that starts its leader";
    sys::PidNamespace::probe()
        .map(|()| detail.to_owned())
        .map_err(|error| error.to_string())
}

impl Scope {
    /// Prepares a place for a tree; `name` tells its control group from others, if it gets one.
    ///
    /// With [`Containment::Auto`] a control group that can't be had, or not be entered, gives way
    /// to the next level; what was demanded by name is had or refused.
    ///
    /// # Errors
    /// [`ContainmentError::Unavailable`] for what was demanded by name. Never for
    /// [`Containment::Auto`].
    pub fn prepare(wanted: Containment, name: &str) -> Result<Self, ContainmentError> {
        let plain = Self::own();
        let refuse = |wanted, reason: &str, source| {
            Err(ContainmentError::Unavailable {
                wanted,
                reason: reason.to_owned(),
                source,
            })
        };
        match (wanted, sys::OWN_LEVEL) {
            (Containment::Auto, _) => Ok(Self {
                cgroup: sys::Cgroup::create(name).ok(),
                may_downgrade: true,
                ..plain
            }),
            (Containment::Cgroup, _) => match sys::Cgroup::create(name) {
                Ok(cgroup) => Ok(Self {
                    cgroup: Some(cgroup),
                    ..plain
                }),
                Err(error) => refuse("cgroup", &error.to_string(), Some(error)),
            },
            (Containment::Subreaper, Level::Subreaper) | (Containment::Group, Level::Group) => {
                Ok(plain)
            }
            (Containment::Subreaper, _) => refuse("subreaper", "this system has none", None),
            (Containment::Group, _) => refuse(
                "group",
                "here a subreaper is always to be had, and is stronger",
                None,
            ),
            (Containment::PidNamespace, _) => match sys::PidNamespace::probe() {
                Ok(()) => Ok(Self {
                    wants_namespace: true,
                    ..plain
                }),
                Err(error) => refuse("pidns", &error.to_string(), Some(error)),
            },
        }
    }

    /// Returns the scope that is made of this process's own descendants, and of nothing else.
    pub fn own() -> Self {
        Self {
            cgroup: None,
            wants_namespace: false,
            namespace: None,
            may_downgrade: false,
            rlimits: Vec::new(),
        }
    }

    /// Returns the scope of a tree that was started before under this name, with its control group if
    /// it had one. A path that is no control group of that name is not believed.
    pub fn reopen(name: &str, cgroup: Option<&Path>) -> Self {
        let named = cgroup.filter(|path| path.file_name().is_some_and(|last| last == name));
        Self {
            cgroup: named.and_then(|path| sys::Cgroup::open(path).ok()),
            ..Self::own()
        }
    }

    /// Returns how strongly the tree is held.
    pub fn level(&self) -> Level {
        if self.wants_namespace {
            Level::PidNamespace
        } else if self.cgroup.is_some() {
            Level::Cgroup
        } else {
            sys::OWN_LEVEL
        }
    }

    /// Returns the directory of the control group, if there is one.
    pub fn cgroup_path(&self) -> Option<PathBuf> {
        self.cgroup.as_ref().map(|cgroup| cgroup.path().to_owned())
    }

    /// Returns a descriptor that has something urgent to say ([`crate::Ready::urgent`]) whenever
    /// the control group becomes empty or ceases to be so.
    pub fn events_fd(&self) -> Option<BorrowedFd<'_>> {
        self.cgroup.as_ref().and_then(sys::Cgroup::events_fd)
    }

    /// Takes note of what [`Scope::events_fd`] had to say. Until it is noted the descriptor stays
    /// urgent, and a loop that only waits would spin.
    ///
    /// # Errors
    /// If the control group can't be read, for instance because somebody removed it.
    pub fn heed_events(&self) -> io::Result<()> {
        let populated = self.cgroup.as_ref().map(sys::Cgroup::populated);
        populated.transpose().map(drop)
    }

    /// Returns whether the kernel has killed a member for want of memory, where that is counted.
    pub fn oom_killed(&self) -> bool {
        self.cgroup.as_ref().is_some_and(sys::Cgroup::oom_killed)
    }

    /// Removes the control group, if there is one. It must be empty.
    ///
    /// # Errors
    /// `EBUSY` while somebody is in it. That there is none, or none any more, is no error.
    pub fn remove(&self) -> io::Result<()> {
        self.cgroup.as_ref().map_or(Ok(()), sys::Cgroup::remove)
    }

    /// Returns what the tree used so far, as far as its control group counts it; nothing is known of a
    /// tree that has none.
    pub fn usage(&self) -> TreeUsage {
        self.cgroup
            .as_ref()
            .map_or_else(TreeUsage::default, sys::Cgroup::usage)
    }

    /// Keeps these for what will be started. A tree that its control group limits must not be started
    /// without it.
    pub(crate) fn keep_limits(&mut self, rlimits: Vec<ResourceLimit>, by_cgroup: bool) {
        self.rlimits = rlimits;
        self.may_downgrade &= !by_cgroup;
    }

    pub(crate) fn rlimits(&self) -> &[ResourceLimit] {
        &self.rlimits
    }

    pub(crate) fn wants_namespace(&self) -> bool {
        self.wants_namespace
    }

    pub(crate) fn set_namespace(&mut self, namespace: Arc<sys::PidNamespace>) {
        self.namespace = Some(namespace);
    }

    pub(crate) fn namespace(&self) -> Option<&sys::PidNamespace> {
        self.namespace.as_deref()
    }

    pub(crate) fn cgroup(&self) -> Option<&sys::Cgroup> {
        self.cgroup.as_ref()
    }

    /// Gives up the control group if the caller left the choice to us. Returns whether it did.
    pub(crate) fn downgrade(&mut self) -> bool {
        match self.cgroup.take() {
            Some(cgroup) if self.may_downgrade => {
                // It is ours, new and empty; one that stays behind costs a directory entry.
                drop(cgroup.remove());
                true
            }
            kept => {
                self.cgroup = kept;
                false
            }
        }
    }
}
