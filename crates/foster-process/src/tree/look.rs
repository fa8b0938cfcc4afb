use std::collections::HashSet;
use std::io;
use std::time::Duration;

use super::descent::Parent;
use super::member::{Member, Seen, see};
use super::{Beside, Born, Marks, Tree};
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

    /// Returns up to `at_most` living members, and leaves some descriptors to whoever waits for them.
    ///
    /// # Errors
    /// If the tree can't be looked at, or no descriptor is left to hold one of its members.
    pub fn some_members(&self, at_most: usize) -> io::Result<Vec<Member>> {
        let held = self.look()?.into_iter().map(Seen::hold);
        let mut members = Vec::new();
        for member in held.filter_map(Result::transpose).take(at_most) {
            match member {
                Ok(member) => members.push(member),
                // No descriptor is left. Half of those will do: to wait, to reap and to look again
                // takes descriptors too.
                Err(_) if members.len() > 1 => {
                    members.truncate(members.len() / 2);
                    break;
                }
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
        self.look_beside(&HashSet::new())
    }

    /// The same, without those who have these numbers, and what only they lead to.
    pub(super) fn look_beside(&self, known: &HashSet<i32>) -> io::Result<Vec<Seen>> {
        let own = std::process::id() as i32;
        let mut seen = known.clone();
        seen.insert(own);
        seen.extend(&self.excluded);
        let mut found = Vec::new();
        match &self.beside {
            Beside::Descendants => {
                self.collect_descendants(vec![Parent::Own], &mut seen, &mut found)?;
            }
            Beside::DescendantsOf(parent) => {
                seen.insert(parent.pid());
                self.collect_descendants(vec![Parent::Held(parent)], &mut seen, &mut found)?;
                still_there(parent)?;
            }
            Beside::Marked(_) | Beside::Born(_) => self.collect_marked(&mut seen, &mut found)?,
            Beside::Nobody => {
                let init = self.scope.namespace().map(Parent::Init);
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

    fn collect_marked(&self, seen: &mut HashSet<i32>, found: &mut Vec<Seen>) -> io::Result<()> {
        let Some(wanted) = self.wanted() else {
            return Ok(());
        };
        self.each_candidate(&mut |pid| {
            // Almost all are strangers, and that is seen without opening them.
            let stranger = |stat: sys::ProcessStat| {
                wanted.is_older(&stat) || stat.is_dead() || !wanted.fits(&stat)
            };
            if seen.contains(&pid) || sys::process_stat(pid).is_ok_and(stranger) {
                return Ok(());
            }
            if let Some(member) = see(pid, |stat| wanted.fits(stat))? {
                seen.insert(pid);
                found.push(member);
            }
            Ok(())
        })?;
        let roots = found.iter().map(|member| Parent::Member(member.identity));
        let roots = roots.collect();
        self.collect_descendants(roots, seen, found)
    }

    /// Returns by what members are known, if they bear marks.
    fn wanted(&self) -> Option<Wanted<'_>> {
        match &self.beside {
            Beside::Marked(Marks { cookie, leader }) => {
                let leader = leader.filter(|leader| ProcessRef::find(leader).is_ok());
                Some(Wanted {
                    cookie,
                    leader: leader.map(|leader| leader.pid),
                    born: None,
                })
            }
            Beside::Born(born) => Some(Wanted {
                cookie: &born.cookie,
                leader: born.leader.is_there().then(|| born.leader.pid()),
                born: born.leader.identity().start_time,
            }),
            Beside::Descendants | Beside::DescendantsOf(_) | Beside::Nobody => None,
        }
    }

    /// Shows the number of each process that may bear the marks: of all that there are, or of those that
    /// were born since the leader was.
    ///
    /// Who is born while the numbers are gone through has a higher one and comes later, as he does in a
    /// walk through `/proc`: it is over when nobody was born since the last look at the newest number.
    fn each_candidate(&self, show: &mut dyn FnMut(i32) -> io::Result<()>) -> io::Result<()> {
        if let Beside::Born(Born { leader, since, .. }) = &self.beside {
            let mut next = leader.pid();
            while let Some(newest) = sys::newest_since(leader.pid(), *since) {
                if newest < next {
                    return Ok(());
                }
                (next..=newest).try_for_each(&mut *show)?;
                next = newest + 1;
            }
        }
        sys::all_processes()?.into_iter().try_for_each(show)
    }
}

/// Proves that what was seen of this process's children was seen of it, and of no later one.
///
/// # Errors
/// `ESRCH` if it is gone: its descendants have another parent by now.
pub(super) fn still_there(parent: &ProcessRef) -> io::Result<()> {
    let ended = parent.wait_ended(Some(Duration::ZERO))?;
    if ended {
        return Err(io::Error::from_raw_os_error(libc::ESRCH));
    }
    Ok(())
}

/// By what a member is known.
struct Wanted<'a> {
    cookie: &'a str,
    /// The leader's number, if the leader is there itself.
    leader: Option<i32>,
    /// When the leader was born, if nobody is older.
    born: Option<u64>,
}

impl Wanted<'_> {
    fn is_older(&self, stat: &sys::ProcessStat) -> bool {
        let times = self.born.zip(stat.start_time);
        times.is_some_and(|(born, own)| own < born)
    }

    fn fits(&self, stat: &sys::ProcessStat) -> bool {
        let numbers = [stat.pid, stat.group, stat.session];
        let led = self.leader.is_some_and(|pid| numbers.contains(&pid));
        led || sys::environment_has(stat.pid, self.cookie.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::os::fd::AsFd as _;
    use std::sync::Arc;
    use std::time::Instant;

    use super::*;
    use crate::containment::Scope;
    use crate::spawn::{Session, SpawnPlan, SpawnSlot, spawn};

    /// Ended also if a test fails.
    struct Held(Tree, Arc<ProcessRef>);

    impl Drop for Held {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.1.wait_ended(None);
            let _ = self.1.reap();
        }
    }

    fn start(script: &str, cookie: &str) -> (Arc<ProcessRef>, Instant) {
        let mut both = std::fs::File::options();
        let null = both.read(true).write(true).open("/dev/null").unwrap();
        let (mut told, tell) = io::pipe().unwrap();
        let (name, value) = cookie.split_once('=').unwrap();
        let env = [
            ("PATH".into(), "/usr/bin:/bin".into()),
            (name.into(), value.into()),
        ];
        let argv = ["sh", "-c", script].map(Into::into);
        let plan = SpawnPlan {
            session: Session::Group,
            ..SpawnPlan::new(&argv, &env, [null.as_fd(), tell.as_fd(), null.as_fd()])
        };
        let since = Instant::now();
        let slot = SpawnSlot::default();
        let leader = spawn(&plan, &mut Scope::own(), &slot).unwrap().leader;
        told.read_exact(&mut [0]).unwrap();
        (Arc::new(leader), since)
    }

    #[test]
    fn the_young_are_found_as_by_a_walk_over_all() {
        let cookie = format!("FOSTER_TEST_{}=young", std::process::id());
        // One in the group, one that has only its mark, one that has only its parent.
        let script = "exec 3>&1 >/dev/null; sleep 300 & setsid sleep 300 & \
            setsid sh -c 'env -i setsid /bin/sleep 300 & echo ready >&3; wait' & wait";
        let (leader, since) = start(script, &cookie);
        let tree = |since| {
            let leader = Arc::clone(&leader);
            Tree::of_born(Scope::own(), cookie.clone(), leader, since)
        };
        let Some(long_ago) = since.checked_sub(Duration::from_hours(24 * 365)) else {
            return;
        };
        let walking = Held(tree(long_ago), Arc::clone(&leader));
        assert_eq!(sys::newest_since(leader.pid(), long_ago), None);
        let young = tree(since);
        let pids = |tree: &Tree| {
            let members = tree.look().unwrap().into_iter();
            members
                .map(|member| member.identity.pid)
                .collect::<HashSet<_>>()
        };
        let all = pids(&walking.0);
        assert!(all.len() >= 5 && all.contains(&leader.pid()), "{all:?}");
        assert_eq!(pids(&young), all);
        leader.signal(crate::Signal::KILL).unwrap();
        leader.wait_ended(None).unwrap();
        let left = pids(&walking.0);
        assert!(left.len() >= 4 && !left.contains(&leader.pid()), "{left:?}");
        assert_eq!(pids(&young), left);
        assert!(!young.is_empty(Some(&leader)).unwrap());
    }
}
