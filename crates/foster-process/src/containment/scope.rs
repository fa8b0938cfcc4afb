use std::io;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Containment, ContainmentError, Level};
use crate::spawn::ResourceLimit;
use crate::sys;
use crate::usage::TreeUsage;

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

    /// Returns the scope that a process in this one's place has prepared under this name, and then died
    /// before it told anybody where.
    pub fn find(name: &str) -> Self {
        Self {
            cgroup: sys::Cgroup::find(name).ok(),
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
