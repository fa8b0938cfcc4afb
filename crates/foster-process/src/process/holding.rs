use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::start::StartError;
use crate::containment::{Containment, Level, Scope};
use crate::identity::ProcessRef;
use crate::sys;
use crate::tree::Tree;

/// Where a tree will live, and how its members will be known.
#[derive(Debug)]
pub(super) struct Place {
    pub scope: Scope,
    dedicated: Option<Dedicated>,
}

/// How a tree is held.
#[derive(Debug)]
pub(super) struct Holding {
    pub tree: Tree,
    pub level: Level,
    pub dedicated: Option<Dedicated>,
}

impl Place {
    pub(super) fn prepare(wanted: Containment, name: &str) -> Result<Self, StartError> {
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

    /// Leaves nothing of it behind: nobody lives there.
    pub(super) fn give_up(self) {
        // A leaf that stays all the same is empty and costs a directory entry.
        let _ = self.scope.remove();
    }

    /// Returns how the tree of this leader is held, who was started here.
    pub(super) fn hold(self, leader: &Arc<ProcessRef>, cookie: String, since: Instant) -> Holding {
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
                let leader = Arc::clone(leader);
                let tree = Tree::of_born(self.scope, cookie, leader, since);
                (tree, Level::Group)
            }
        };
        Holding {
            tree,
            level,
            dedicated: self.dedicated,
        }
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
