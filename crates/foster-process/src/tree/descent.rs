use std::collections::HashSet;
use std::io;

use super::member::{Seen, see};
use super::{Beside, Tree};
use crate::identity::{ProcessIdentity, ProcessRef};
use crate::sys::{self, is_exhaustion};

/// Somebody whose children are members.
pub(super) enum Parent<'a> {
    /// This process.
    Own,
    /// Another one that is held.
    Held(&'a ProcessRef),
    /// The first process of the tree's namespace. It is none of the tree's: it is deaf to all but what
    /// ends them all, which it gets by `kill`.
    Init(&'a sys::PidNamespace),
    /// A member, as it was seen.
    Member(ProcessIdentity),
}

impl Parent<'_> {
    fn pid(&self) -> i32 {
        match self {
            Self::Own => std::process::id() as i32,
            Self::Held(process) => process.pid(),
            Self::Init(namespace) => namespace.init_pid(),
            Self::Member(identity) => identity.pid,
        }
    }

    /// Returns whether it is there still: then its number was nobody else's since it was seen.
    fn is_there(&self) -> io::Result<bool> {
        match self {
            Self::Own => Ok(true),
            Self::Held(process) => Ok(process.is_there()),
            Self::Init(namespace) => Ok(namespace.runs()),
            Self::Member(identity) => match ProcessRef::find(identity) {
                Err(error) if is_exhaustion(&error) => Err(error),
                found => Ok(found.is_ok()),
            },
        }
    }
}

impl Tree {
    /// Adds the children of these parents, their children, and so on.
    ///
    /// A number that was read a moment ago may be another's by now, that of the child and that of the
    /// parent. So a child is believed by what it says of itself once it is held, and a parent if it is
    /// there still when all its children have said so.
    pub(super) fn collect_descendants<'a>(
        &'a self,
        mut parents: Vec<Parent<'a>>,
        seen: &mut HashSet<i32>,
        found: &mut Vec<Seen>,
    ) -> io::Result<()> {
        let adopts = self.subreaper();
        let namespace = self.scope.namespace();
        while let Some(parent) = parents.pop() {
            let mut children = Vec::new();
            for pid in sys::children_of(parent.pid())? {
                if self.excluded.contains(&pid) || !seen.insert(pid) {
                    continue;
                }
                if let Some(init) = namespace.filter(|namespace| namespace.init_pid() == pid) {
                    parents.push(Parent::Init(init));
                    continue;
                }
                // Its parent may have ended since, and another have adopted it.
                let parents = [Some(parent.pid()), adopts];
                children.extend(see(pid, |stat| sys::belongs(stat, parents, seen))?);
            }
            if !children.is_empty() && !parent.is_there()? {
                // Theirs is not known; the next look finds them with whoever has adopted them.
                children.retain(|child| Some(child.parent) == adopts);
            }
            for child in children {
                parents.push(Parent::Member(child.identity));
                found.push(child);
            }
        }
        Ok(())
    }

    /// Returns the number of whoever adopts each orphan of the tree.
    fn subreaper(&self) -> Option<i32> {
        match &self.beside {
            Beside::Descendants => Some(std::process::id() as i32),
            Beside::DescendantsOf(parent) => Some(parent.pid()),
            Beside::Marked(_) | Beside::Born(_) | Beside::Nobody => None,
        }
    }
}
