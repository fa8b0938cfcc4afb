use std::collections::HashSet;
use std::io;

use foster_model::{Definition, Identity, JobRecord, State};
use foster_process::{MemberDetails, ProcessRef, Scope, Tree, TreeUsage};

use crate::identity::{Kinship, current_host, from_model, kinship};
use crate::leftovers::marked_tree;

/// The processes of a job, as somebody sees them who does not look after it.
#[derive(Debug, Default)]
pub struct Members {
    /// Those that are proved to be its own, each once, in no order.
    pub processes: Vec<MemberDetails>,
    /// What its control group counts, if it has one.
    pub usage: TreeUsage,
}

impl Members {
    /// Looks for a job's processes, with their environments if they are wanted: the members of its
    /// control group, the descendants of those who look after it, and the bearers of its marks. This
    /// process is not among them, also if the job has started it.
    ///
    /// # Errors
    /// If the processes of this machine can't be looked at.
    pub fn find(
        definition: &Definition,
        record: &JobRecord,
        environments: bool,
    ) -> io::Result<Self> {
        let here = kinship(&definition.host, &current_host()) == Kinship::Same;
        let never_ran = record.keeper.is_none() || record.state == State::Failed;
        if !here || never_ran || record.tree_empty == Some(true) {
            return Ok(Self::default());
        }
        let marked = marked_tree(definition, record);
        let mut members = Self {
            processes: Vec::new(),
            usage: marked.scope().usage(),
        };
        let mut known = HashSet::new();
        let mut add = |tree: Tree| {
            let fresh = tree.details(environments)?.into_iter();
            let fresh = fresh.filter(|member| known.insert(member.identity));
            members.processes.extend(fresh);
            Ok::<_, io::Error>(())
        };
        // Whoever looks after it first: who is orphaned as we look goes to them, or on to the keeper.
        for parent in Guardians::of(record).living() {
            match add(parent) {
                // It has ended meanwhile; its keeper has what was its.
                Err(error) if is_gone(&error) => {}
                result => result?,
            }
        }
        add(marked)?;
        Ok(members)
    }

    /// Leaves out those who look after the job, by a record that was read after the members were found:
    /// whoever took over as they were looked for was a child of one of them, as members are.
    #[must_use]
    pub fn without_guardians(mut self, record: &JobRecord) -> Self {
        let guardians = Guardians::of(record);
        self.processes
            .retain(|member| !guardians.include(member.identity.pid));
        if record.containment.as_deref() == Some("pidns") {
            // The first process of the namespace is Foster's; a member of it is never a child of ours.
            self.processes
                .retain(|member| !guardians.include(member.parent));
        }
        self
    }
}

fn is_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
        || error.raw_os_error() == Some(rustix::io::Errno::SRCH.raw_os_error())
}

/// Keeper and supervisor of a job.
struct Guardians(Vec<Identity>);

impl Guardians {
    fn of(record: &JobRecord) -> Self {
        let both = [record.supervisor, record.keeper].into_iter();
        Self(both.flatten().collect())
    }

    fn include(&self, pid: i32) -> bool {
        self.0.iter().any(|guardian| guardian.pid == pid)
    }

    /// Returns the tree of each that lives, without the other.
    fn living(&self) -> impl Iterator<Item = Tree> {
        let mut seen = HashSet::new();
        let parents = self.0.iter().filter_map(move |identity| {
            // A bare number proves nothing.
            identity.start_time.or(identity.unique)?;
            let process = ProcessRef::find(&from_model(*identity)).ok()?;
            seen.insert(process.pid()).then_some(process)
        });
        parents.map(|parent| {
            let mut tree = Tree::of_descendants_of(parent, Scope::own());
            for guardian in &self.0 {
                tree.exclude(guardian.pid);
            }
            tree
        })
    }
}
