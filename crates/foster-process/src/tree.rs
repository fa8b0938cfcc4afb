use std::collections::HashSet;
use std::io;

use crate::containment::Scope;
use crate::identity::{ProcessIdentity, ProcessRef};
use crate::signal::Signal;
use crate::sys::{self, is_exhaustion};

/// How many passes a kill makes at most over a tree that keeps forking. Each finds what the one
/// before could not see; more than a handful are needed only against a fork bomb.
const KILL_PASSES: usize = 256;

/// How often a tree that keeps forking is looked at before a signal is sent to those who were seen.
const LOOKS: usize = 16;

/// A living process of a tree.
#[derive(Debug)]
pub struct Member {
    /// The process, held.
    pub process: ProcessRef,
    /// Its parent's number at the time of looking.
    pub parent: i32,
    /// Its process group.
    pub group: i32,
    /// Its name as the kernel has it. Arguments are left out: they may hold secrets.
    pub command: String,
}

/// A member as it was seen: no descriptor is held, so a tree may have more members than this process
/// may have descriptors. Whoever wants to act on it finds it again by its identity.
#[derive(Debug)]
struct Seen {
    identity: ProcessIdentity,
    parent: i32,
    group: i32,
    command: String,
}

/// What came of sending a signal to a tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delivery {
    /// How many processes it reached.
    pub sent: u32,
    /// What went wrong, process by process. A process that is already gone is no error.
    pub errors: Vec<String>,
}

/// A process that outlived an escalation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survivor {
    /// Its number.
    pub pid: i32,
    /// Its name as the kernel has it.
    pub command: String,
    /// Why it lives, as far as can be told.
    pub reason: String,
}

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
    /// Whether every member descends from the leader, so that none is older.
    born_of_leader: bool,
}

/// Who belongs to a tree beside the members of its control group.
#[derive(Debug)]
enum Beside {
    /// All descendants of this process.
    Descendants,
    /// Who bears these marks, and the descendants of those.
    Marked(Marks),
    /// Nobody.
    Nobody,
}

impl Tree {
    /// Returns the tree made of all descendants of this process, which must be their subreaper, and
    /// of the scope's members.
    pub fn of_descendants(scope: Scope) -> Self {
        Self {
            scope,
            beside: Beside::Descendants,
            excluded: Vec::new(),
            born_of_leader: false,
        }
    }

    /// Returns the tree that bears these marks, for one that nobody supervises any more.
    pub fn of_marked(scope: Scope, marks: Marks) -> Self {
        Self {
            scope,
            beside: Beside::Marked(marks),
            excluded: Vec::new(),
            born_of_leader: false,
        }
    }

    /// Says that every member descends from the leader that the marks name. Then who is older than
    /// that need not be looked at.
    pub(crate) fn born_of_leader(mut self) -> Self {
        self.born_of_leader = true;
        self
    }

    /// Returns the tree made of the members of the scope's control group or PID namespace and of
    /// nobody else: for a process that has other children too, and need not look at every process of
    /// the machine. A scope with neither has no members.
    pub fn of_scope(scope: Scope) -> Self {
        Self {
            scope,
            beside: Beside::Nobody,
            excluded: Vec::new(),
            born_of_leader: false,
        }
    }

    /// Returns where the tree lives.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Leaves a child of ours (and what it starts) out of the tree from now on.
    pub fn exclude(&mut self, pid: i32) {
        self.excluded.push(pid);
    }

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
    fn look_well(&self) -> io::Result<Vec<Seen>> {
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

    /// Returns the control group, if its members are the whole tree.
    fn whole(&self) -> Option<&sys::Cgroup> {
        let alone = matches!(self.beside, Beside::Nobody) && self.scope.namespace().is_none();
        self.scope.cgroup().filter(|_| alone)
    }

    fn look(&self) -> io::Result<Vec<Seen>> {
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

    /// Sends a signal to every member: at once to the leader's whole group where the kernel can do
    /// that safely, then to each of the others.
    ///
    /// # Errors
    /// If the tree can't be looked at. What could not be signalled is in [`Delivery::errors`].
    pub fn signal(&self, signal: Signal, leader: Option<&ProcessRef>) -> io::Result<Delivery> {
        if signal == Signal::KILL {
            return self.kill();
        }
        if let Some(leader) = self.sole_member(leader)
            && signal_alone(leader, signal).is_ok()
        {
            return Ok(Delivery::to(1));
        }
        // Looked at before the group is signalled: what a signal handler starts is not its target.
        let members = self.look_well()?;
        Ok(deliver(&members, signal, leader))
    }

    /// The same, with CONT to the same members after it, so that what is stopped can act on the
    /// signal. Those that CONT does not reach are not told of: the signal has.
    pub(crate) fn signal_and_continue(
        &self,
        signal: Signal,
        leader: Option<&ProcessRef>,
    ) -> io::Result<Delivery> {
        if let Some(leader) = self.sole_member(leader)
            && signal_alone(leader, signal).is_ok()
        {
            // If it is gone by now, it has heard the signal.
            let _ = signal_alone(leader, Signal::CONT);
            return Ok(Delivery::to(1));
        }
        let members = self.look_well()?;
        let delivery = deliver(&members, signal, leader);
        deliver(&members, Signal::CONT, leader);
        Ok(delivery)
    }

    /// Returns the leader if the control group is the whole tree and names nobody else. It is held
    /// already, and has not to be found again.
    fn sole_member<'a>(&self, leader: Option<&'a ProcessRef>) -> Option<&'a ProcessRef> {
        let (leader, cgroup) = leader.zip(self.whole())?;
        let included = !self.excluded.contains(&leader.pid());
        (included && cgroup.members() == [leader.pid()]).then_some(leader)
    }

    /// Returns whether a kill reaches all at once, also who is being forked.
    pub(crate) fn is_killed_at_once(&self) -> bool {
        self.whole().is_some()
    }

    /// Returns whether the tree can't be empty before this process, a child of ours, has ended, and it
    /// has not. Then that is all that has to be waited for before the next look; but a subreaper also
    /// has orphans to reap meanwhile.
    pub(crate) fn stands_with(&self, leader: &ProcessRef) -> bool {
        let is_member = match &self.beside {
            Beside::Descendants => false,
            Beside::Marked(marks) => marks.leader == Some(leader.identity()),
            Beside::Nobody => self.scope.cgroup().is_some(),
        };
        // A namespace's leader may be asked for its end once only.
        is_member
            && self.scope.namespace().is_none()
            && leader.peek_status().is_ok_and(|status| status.is_none())
    }

    /// Sends KILL until a pass over the tree finds nobody who was not sent it. What was killed may
    /// take a moment to be gone: see [`Tree::is_empty`].
    ///
    /// # Errors
    /// If the tree can't be looked at, or the control group not be killed.
    pub fn kill(&self) -> io::Result<Delivery> {
        if let Some(cgroup) = self.whole() {
            // The kernel kills also who is being forked into it, so there is nobody to sweep up.
            let count = cgroup.members().len();
            cgroup.kill()?;
            return Ok(Delivery::to(count as u32));
        }
        let mut killed = self.kill_at_once()?;
        let mut delivery = Delivery::to(killed.len() as u32);
        for _ in 0..KILL_PASSES {
            let mut fresh = self.look()?;
            fresh.retain(|member| killed.insert(member.identity));
            if fresh.is_empty() {
                break;
            }
            for member in &fresh {
                delivery.add(member, member.signal(Signal::KILL));
            }
        }
        Ok(delivery)
    }

    /// Kills the whole control group or namespace in one step, so that no fork slips through, and
    /// returns who was in it. A sweep that follows reaches what was moved out of it, and counts nobody
    /// twice.
    fn kill_at_once(&self) -> io::Result<HashSet<ProcessIdentity>> {
        let (cgroup, namespace) = (self.scope.cgroup(), self.scope.namespace());
        if cgroup.is_none() && namespace.is_none() {
            return Ok(HashSet::new());
        }
        // They can't be counted afterwards; that they can't be counted at all saves nobody.
        let held = |member: &Seen| cgroup.is_none_or(|cgroup| cgroup.contains(member.identity.pid));
        let inside = self.look().map(|seen| {
            let inside = seen.into_iter().filter(held);
            inside.map(|member| member.identity).collect()
        });
        if let Some(cgroup) = cgroup {
            cgroup.kill()?;
        }
        if let Some(namespace) = namespace {
            namespace.kill()?;
        }
        inside
    }

    /// Reaps the children of this process that have ended, but for `leader` and the excluded:
    /// a leader is kept as a zombie while its group lives, so that the group's number stays ours.
    ///
    /// # Errors
    /// If the list of children can't be read.
    pub fn reap(&self, leader: Option<i32>) -> io::Result<()> {
        if !matches!(self.beside, Beside::Descendants) {
            return Ok(());
        }
        for pid in sys::own_children()? {
            if Some(pid) != leader && !self.excluded.contains(&pid) {
                sys::reap(pid)?;
            }
        }
        Ok(())
    }

    /// Returns whether nobody is left but `leader`, if it is a zombie. Call [`Tree::reap`] first.
    ///
    /// # Errors
    /// If it can't be found out; then nothing is known.
    pub fn is_empty(&self, leader: Option<&ProcessRef>) -> io::Result<bool> {
        if let Some(cgroup) = self.scope.cgroup()
            && cgroup.populated()?
        {
            return Ok(false);
        }
        if let Some(namespace) = self.scope.namespace() {
            // First the leader, which is told with whether it was the last.
            let leader_lives = match leader {
                Some(leader) => leader.peek_status().is_ok_and(|status| status.is_none()),
                None => false,
            };
            if leader_lives || !namespace.is_over()? {
                return Ok(false);
            }
        }
        match self.beside {
            Beside::Descendants => {}
            Beside::Marked(_) if self.is_alone(leader) => return Ok(true),
            Beside::Marked(_) => return Ok(self.look()?.is_empty()),
            // The control group, or the namespace, has said so.
            Beside::Nobody => return Ok(true),
        }
        // First the leader, then the others: what it leaves behind is handed to us before it is over.
        let over = match leader {
            // A namespace's leader is no child of ours, and may be asked for its end once only.
            _ if self.scope.namespace().is_some() => None,
            Some(leader) if leader.peek_status()?.is_some() => Some(leader.pid()),
            _ => None,
        };
        let left = sys::own_children()?;
        Ok(left
            .iter()
            .all(|pid| Some(*pid) == over || self.excluded.contains(pid)))
    }

    /// Returns whether the leader has ended, and nobody at all was born since it was: then it has left
    /// nobody behind, and not every process of the machine has to be looked at. As long as it is a
    /// zombie its number is taken, so the newest process has that number for no other reason.
    fn is_alone(&self, leader: Option<&ProcessRef>) -> bool {
        let has_ended = |leader: &ProcessRef| leader.peek_status().is_ok_and(|end| end.is_some());
        self.born_of_leader
            && leader.is_some_and(|leader| {
                has_ended(leader) && sys::newest_process() == Some(leader.pid())
            })
    }

    /// Returns who is left, each with the likeliest reason.
    ///
    /// # Errors
    /// If the tree can't be looked at.
    pub fn survivors(&self) -> io::Result<Vec<Survivor>> {
        let survivors = self.look()?.into_iter().map(|member| {
            let pid = member.identity.pid;
            let reason = match member.signal(Signal::CONT) {
                Err(error) => format!("it can't be signalled: {error}"),
                Ok(()) => sys::why_alive(pid),
            };
            Survivor {
                pid,
                command: member.command,
                reason,
            }
        });
        Ok(survivors.collect())
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

/// Sends a signal to the leader's group, and to the leader itself if that is not in it. The group too,
/// since the leader may fork between the look and the signal.
///
/// A group that could be signalled keeps its number from everybody else, and a leader that is reaped
/// can't be signalled: so whoever has that number is the one that gets the signal, or it is an error.
fn signal_alone(leader: &ProcessRef, signal: Signal) -> io::Result<()> {
    let pid = leader.pid();
    if leader.signal_group(signal).is_ok() && sys::group_of(pid) == Some(pid) {
        return Ok(());
    }
    leader.signal(signal)
}

/// Sends a signal to these members, those of the leader's group at once.
fn deliver(members: &[Seen], signal: Signal, leader: Option<&ProcessRef>) -> Delivery {
    let grouped = leader.filter(|leader| leader.signal_group(signal).is_ok());
    let mut delivery = Delivery::default();
    for member in members {
        if grouped.is_some_and(|leader| leader.pid() == member.group) {
            delivery.sent += 1;
        } else {
            delivery.add(member, member.signal(signal));
        }
    }
    delivery
}

/// Opens `pid`, then proves by what it is *now* that it is the one that was meant: whoever holds a
/// pidfd holds one process for good, so what is true after the opening stays true of that process.
/// A zombie is nobody.
///
/// # Errors
/// If it can't be opened for want of descriptors or memory: a member must not be passed over.
fn see(pid: i32, proof: impl Fn(&sys::ProcessStat) -> bool) -> io::Result<Option<Seen>> {
    let handle = match sys::ProcessHandle::open(pid) {
        Err(error) if is_exhaustion(&error) => return Err(error),
        result => result.ok(),
    };
    let stat = match sys::process_stat(pid) {
        Err(error) if is_exhaustion(&error) => return Err(error),
        result => result.ok(),
    };
    let Some((handle, stat)) = handle.zip(stat) else {
        return Ok(None);
    };
    if stat.is_dead() || !proof(&stat) {
        return Ok(None);
    }
    // Read once, for the proof and the identity both: they are of one process.
    let identity = ProcessRef::started_at(pid, handle, stat.start_time).identity();
    let sys::ProcessStat {
        parent,
        group,
        command,
        ..
    } = stat;
    Ok(Some(Seen {
        identity,
        parent,
        group,
        command,
    }))
}

impl Seen {
    /// Finds it again and holds it; `None` if it is gone.
    fn hold(self) -> io::Result<Option<Member>> {
        let Self {
            identity,
            parent,
            group,
            command,
        } = self;
        match ProcessRef::find(&identity) {
            Ok(process) => Ok(Some(Member {
                process,
                parent,
                group,
                command,
            })),
            Err(error) if is_exhaustion(&error) => Err(error),
            Err(_) => Ok(None),
        }
    }

    fn signal(&self, signal: Signal) -> io::Result<()> {
        ProcessRef::find(&self.identity)?.signal(signal)
    }
}

impl Delivery {
    fn to(sent: u32) -> Self {
        let errors = Vec::new();
        Self { sent, errors }
    }

    fn add(&mut self, member: &Seen, result: io::Result<()>) {
        match result {
            Ok(()) => self.sent += 1,
            Err(error) if error.raw_os_error() == Some(libc::ESRCH) => {}
            Err(error) => {
                let pid = member.identity.pid;
                self.errors
                    .push(format!("pid {pid} ({}): {error}", member.command));
            }
        }
    }
}
