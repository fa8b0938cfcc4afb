mod delivery;
mod descent;
mod details;
mod end;
mod look;
mod member;
mod signals;

use std::sync::Arc;
use std::time::Instant;

pub use delivery::Delivery;
pub use details::MemberDetails;
pub use member::{Member, Survivor};

use crate::containment::Scope;
use crate::identity::{ProcessIdentity, ProcessRef};
use crate::sys;

/// The marks by which members are found when they are not descendants of ours.
#[derive(Debug, Clone)]
pub struct Marks {
    /// A `NAME=value` that every member was started with.
    pub cookie: String,
    /// The leader. Its group and session count as marks only while it is there itself: the number
    /// alone may have passed to a stranger.
    pub leader: Option<ProcessIdentity>,
}

/// A tree of processes: the members of a control group, and the descendants of this process or
/// the bearers of a mark.
///
/// ```
/// use std::os::fd::AsFd as _;
/// use std::time::Duration;
///
/// use foster_process::{
///     Containment, Escalation, Phase, Scope, Session, Signal, SpawnPlan, SpawnSlot, Tree,
/// };
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // Orphans among our descendants come back to us. This process has no other children.
/// foster_process::set_subreaper()?;
/// let null = std::fs::File::options().read(true).write(true).open("/dev/null")?;
/// let mut scope = Scope::prepare(Containment::Auto, &format!("example-{}", std::process::id()))?;
/// let started = foster_process::spawn(
///     &SpawnPlan {
///         session: Session::New,
///         ..SpawnPlan::new(
///             // A script that leaves a daemon behind.
///             &["sh", "-c", "(sleep 300 &); exec sleep 300"].map(Into::into),
///             &[("PATH".into(), "/usr/bin:/bin".into())],
///             [null.as_fd(), null.as_fd(), null.as_fd()],
///         )
///     },
///     &mut scope,
///     &SpawnSlot::default(),
/// )?;
///
/// let tree = Tree::of_descendants(scope);
/// let term = Phase { signal: Signal::TERM, grace: Duration::from_secs(5) };
/// let escalation = Escalation::new(vec![term], Duration::from_secs(5))?;
/// let report = foster_process::terminate(&tree, Some(&started.leader), escalation)?;
/// assert!(report.empty && report.survivors.is_empty());
/// assert_eq!(started.leader.reap()?.and_then(|status| status.signal()), Some(Signal::TERM));
/// tree.scope().remove()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Tree {
    scope: Scope,
    beside: Beside,
    excluded: Vec<i32>,
}

/// Who belongs to a tree beside the members of its control group.
#[derive(Debug)]
enum Beside {
    /// All descendants of this process.
    Descendants,
    /// All descendants of another process but for this one: it is their subreaper, and reaps them.
    DescendantsOf(ProcessRef),
    /// Who bears these marks, and the descendants of those.
    Marked(Marks),
    /// Who descends from this leader and bears its marks, and the descendants of those.
    Born(Born),
    /// Nobody.
    Nobody,
}

/// What is known of a tree from its beginning on.
#[derive(Debug)]
struct Born {
    /// As in [`Marks`].
    cookie: String,
    leader: Arc<ProcessRef>,
    /// When the leader was not there yet.
    since: Instant,
}

impl Tree {
    /// Returns the tree made of all descendants of this process, which must be their subreaper, and
    /// of the scope's members.
    pub fn of_descendants(scope: Scope) -> Self {
        Self {
            scope,
            beside: Beside::Descendants,
            excluded: Vec::new(),
        }
    }

    /// Returns the tree made of all descendants of another process, which is their subreaper and reaps
    /// them, and of the scope's members; without this process, which may be a child of that one.
    ///
    /// That nobody is left is seen when it is looked for; the end of a member wakes its parent alone,
    /// and it is up to that one to pass it on.
    pub fn of_descendants_of(parent: ProcessRef, scope: Scope) -> Self {
        Self {
            scope,
            beside: Beside::DescendantsOf(parent),
            excluded: Vec::new(),
        }
    }

    /// Returns the tree that bears these marks, for one that nobody supervises any more.
    pub fn of_marked(scope: Scope, marks: Marks) -> Self {
        Self {
            scope,
            beside: Beside::Marked(marks),
            excluded: Vec::new(),
        }
    }

    /// Returns the tree of this leader, started just now by this process: then nobody of it is older than
    /// the leader, and the others need not be looked at. It was started no earlier than `since`.
    pub(crate) fn of_born(
        scope: Scope,
        cookie: String,
        leader: Arc<ProcessRef>,
        since: Instant,
    ) -> Self {
        Self {
            scope,
            beside: Beside::Born(Born {
                cookie,
                leader,
                since,
            }),
            excluded: Vec::new(),
        }
    }

    /// Returns the tree made of the members of the scope's control group or PID namespace and of
    /// nobody else: for a process that has other children too, and need not look at every process of
    /// the machine. A scope with neither has no members.
    pub fn of_scope(scope: Scope) -> Self {
        Self {
            scope,
            beside: Beside::Nobody,
            excluded: Vec::new(),
        }
    }

    /// Returns where the tree lives.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Returns where the tree lives, for another view of it.
    pub fn into_scope(self) -> Scope {
        self.scope
    }

    /// Leaves a child of ours (and what it starts) out of the tree from now on.
    pub fn exclude(&mut self, pid: i32) {
        self.excluded.push(pid);
    }

    /// Returns the control group, if its members are the whole tree.
    fn whole(&self) -> Option<&sys::Cgroup> {
        let alone = matches!(self.beside, Beside::Nobody) && self.scope.namespace().is_none();
        self.scope.cgroup().filter(|_| alone)
    }
}
