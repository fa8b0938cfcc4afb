use std::collections::HashSet;
use std::io;

use super::member::{Member, Seen, see};
use super::{Beside, Marks, Tree};
use crate::identity::{ProcessIdentity, ProcessRef};
use crate::sys;

/// How often a tree that keeps forking is looked at before a signal is sent to those who were seen.
const LOOKS: usize = 16;

impl Tree {
    /// Returns the living members, parents before their children. Zombies are not among them.
    ///
    /// # Errors
    /// If there are more than this process may have descriptors, each member being held by one.
    pub fn members(&self) -> io::Result<Vec<Member>> {
        let held = self.look()?.into_iter().map(Seen::hold);
        held.filter_map(Result::transpose).collect()
    }

    /// Returns the numbers and names of the living members, for people to read. However many there
    /// are, it takes a few descriptors.
    ///
    /// # Errors
    /// If the list of processes can't be read.
    pub fn listing(&self) -> io::Result<Vec<(i32, String)>> {
        let listed = self.look()?.into_iter();
        Ok(listed
            .map(|member| (member.identity.pid, member.command))
            .collect())
    }

    /// Returns up to `at_most` living members.
    pub(crate) fn some_members(&self, at_most: usize) -> io::Result<Vec<Member>> {
        let held = self.look()?.into_iter().map(Seen::hold);
        let mut members = Vec::new();
        for member in held.filter_map(Result::transpose).take(at_most) {
            match member {
                Ok(member) => members.push(member),
                // No descriptor is left: those will do.
                Err(_) if !members.is_empty() => break,
                Err(error) => return Err(error),
            }
        }
        Ok(members)
    }

    /// Looks until nobody new is found: an orphan that is handed to us while its parent is looked at
    /// is seen only by the next look.
    pub(super) fn look_well(&self) -> io::Result<Vec<Seen>> {
        let mut members = self.look()?;
        let mut known: HashSet<ProcessIdentity> =
            members.iter().map(|member| member.identity).collect();
        for _ in 0..LOOKS {
            if self.has_only(&members) {
                break;
            }
            let mut fresh = self.look()?;
            fresh.retain(|member| known.insert(member.identity));
            if fresh.is_empty() {
                break;
            }
            members.extend(fresh);
        }
        Ok(members)
    }

    /// Returns whether the control group, if that is the whole tree, names nobody but these: then
    /// none has to be opened again.
    fn has_only(&self, members: &[Seen]) -> bool {
        let known: HashSet<i32> = members.iter().map(|member| member.identity.pid).collect();
        self.whole().is_some_and(|cgroup| {
            let mut pids = cgroup.members().into_iter();
            pids.all(|pid| known.contains(&pid) || self.excluded.contains(&pid))
        })
    }

    pub(super) fn look(&self) -> io::Result<Vec<Seen>> {
        let own = std::process::id() as i32;
        let mut seen = HashSet::from([own]);
        seen.extend(&self.excluded);
        let mut found = Vec::new();
        match &self.beside {
            Beside::Descendants => self.collect_descendants(vec![own], &mut seen, &mut found)?,
            Beside::Marked(marks) => self.collect_marked(marks, &mut seen, &mut found)?,
            Beside::Nobody => {
                let init = self.scope.namespace().map(sys::PidNamespace::init_pid);
                seen.extend(init);
                self.collect_descendants(Vec::from_iter(init), &mut seen, &mut found)?;
            }
        }
        if let Some(cgroup) = self.scope.cgroup() {
            for pid in cgroup.members() {
                if seen.insert(pid) {
                    found.extend(see(pid, |_| cgroup.contains(pid))?);
                }
            }
        }
        Ok(found)
    }

    fn collect_descendants(
        &self,
        mut parents: Vec<i32>,
        seen: &mut HashSet<i32>,
        found: &mut Vec<Seen>,
    ) -> io::Result<()> {
        // The first process of a namespace is none of the tree's: it is deaf to all but what ends them
        // all, which it gets by `kill`.
        let init = self.scope.namespace().map(sys::PidNamespace::init_pid);
        while let Some(parent) = parents.pop() {
            for pid in sys::children_of(parent)? {
                if self.excluded.contains(&pid) || !seen.insert(pid) {
                    continue;
                }
                parents.push(pid);
                if Some(pid) == init {
                    continue;
                }
                // A number read a moment ago may be another's by now; a parent of ours proves it.
                found.extend(see(pid, |stat| sys::belongs(stat, seen))?);
            }
        }
        Ok(())
    }

    fn collect_marked(
        &self,
        marks: &Marks,
        seen: &mut HashSet<i32>,
        found: &mut Vec<Seen>,
    ) -> io::Result<()> {
        let leader = marks
            .leader
            .filter(|leader| ProcessRef::find(leader).is_ok());
        let born = marks.leader.and_then(|leader| leader.start_time);
        let born = born.filter(|_| self.born_of_leader);
        let is_marked = |stat: &sys::ProcessStat| {
            let numbers = [stat.pid, stat.group, stat.session];
            leader.is_some_and(|leader| numbers.contains(&leader.pid))
                || sys::environment_has(stat.pid, marks.cookie.as_bytes())
        };
        for pid in sys::all_processes()? {
            // Almost all are strangers, and that is seen without opening them.
            let may_be = |stat: &sys::ProcessStat| {
                let older = born
                    .zip(stat.start_time)
                    .is_some_and(|(born, own)| own < born);
                !older && !stat.is_dead() && is_marked(stat)
            };
            if seen.contains(&pid) || sys::process_stat(pid).is_ok_and(|stat| !may_be(&stat)) {
                continue;
            }
            if let Some(member) = see(pid, is_marked)? {
                seen.insert(pid);
                found.push(member);
            }
        }
        let roots = found.iter().map(|member| member.identity.pid).collect();
        self.collect_descendants(roots, seen, found)
    }
}
