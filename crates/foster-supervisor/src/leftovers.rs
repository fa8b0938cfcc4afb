use std::io;
use std::path::Path;

use foster_model::answer::StopReport;
use foster_model::{AFTER_KILL, Definition, Event, JobId, JobRecord, Target};
use foster_process::{Delivery, Escalation, Marks, Phase, Scope, Signal, Tree, terminate};
use foster_store::{JobFolder, Lock};

use crate::history::{History, HistoryError};
use crate::identity::{Kinship, current_host, from_model, kinship};
use crate::recover::RecoverError;
use crate::supervisor::stop_report;

/// What is left of a job that nobody supervises any more: the processes that are proved to be its
/// own by its control group or its `FOSTER_JOB`.
#[derive(Debug)]
pub struct Leftovers<'a> {
    folder: &'a JobFolder,
    record: JobRecord,
    /// `None` if the job ran before the last reboot, or elsewhere: nothing of it can be here.
    tree: Option<Tree>,
}

impl<'a> Leftovers<'a> {
    /// Looks for what is left of a job. `_lock` proves that nobody supervises it.
    pub fn find(folder: &'a JobFolder, _lock: &'a Lock) -> Result<Self, RecoverError> {
        let definition = folder.definition()?;
        let record = folder.record()?;
        let here = kinship(&definition.host, &current_host()) == Kinship::Same;
        let tree = here.then(|| marked_tree(&definition, &record));
        Ok(Self {
            folder,
            record,
            tree,
        })
    }

    /// Ends all of it, and writes down what that took. Its phases are empty if nobody was left.
    pub fn end(self, phases: Vec<Phase>) -> Result<StopReport, RecoverError> {
        let nobody = |empty| StopReport {
            empty,
            ..StopReport::default()
        };
        let Some(tree) = &self.tree else {
            return Ok(nobody(Some(true)));
        };
        let proved = emptiness_is_proved(&self.record);
        if tree.is_empty(None).map_err(|error| self.failed(error))? {
            let _ = tree.scope().remove();
            return Ok(nobody(proved.then_some(true)));
        }
        let escalation = Escalation::new(phases, AFTER_KILL);
        let escalation = escalation.map_err(|error| self.failed(io::Error::other(error)))?;
        let report = terminate(tree, None, escalation).map_err(|error| self.failed(error))?;
        self.write_down(&report, proved)
            .map_err(|error| self.failed(io::Error::other(error)))?;
        let _ = tree.scope().remove();
        let empty = Some(report.empty).filter(|empty| proved || !empty);
        Ok(StopReport {
            empty,
            ..stop_report(&report)
        })
    }

    /// Sends a signal to all of it.
    pub fn signal(self, signal: Signal) -> Result<Delivery, RecoverError> {
        let Some(tree) = &self.tree else {
            return Ok(Delivery::default());
        };
        tree.signal(signal, None)
            .map_err(|error| self.failed(error))
    }

    fn write_down(
        &self,
        report: &foster_process::Report,
        proved: bool,
    ) -> Result<(), HistoryError> {
        let mut history = History::open(self.folder)?;
        for (index, phase) in report.phases.iter().enumerate() {
            history.note(Event::Signalled {
                signal: phase.signal.name(),
                number: phase.signal.number(),
                target: Target::Tree,
                sent: phase.sent,
                errors: phase.errors.iter().map(ToString::to_string).collect(),
                phase: Some(index as u32),
                by: None,
            });
        }
        if report.empty && proved {
            history.note(Event::Empty {});
        }
        history.close(self.folder);
        Ok(())
    }

    fn failed(&self, source: io::Error) -> RecoverError {
        RecoverError::Io {
            job_id: self.folder.id(),
            source,
        }
    }
}

/// Returns whether finding nobody means that nobody is there. A control group can't be left by
/// forking, and is removed only when it is empty; the marks of a tree without one can be wiped off.
pub(crate) fn emptiness_is_proved(record: &JobRecord) -> bool {
    record.tree_empty == Some(true) || record.cgroup.is_some()
}

/// Returns the name of a job's control group.
pub(crate) fn leaf_name(job_id: JobId) -> String {
    format!("foster-{job_id}")
}

/// Returns the tree of a job whose processes are nobody's descendants any more.
pub(crate) fn marked_tree(definition: &Definition, record: &JobRecord) -> Tree {
    let cookie = format!(
        "{}={}/{}",
        foster_model::JOB_VARIABLE,
        definition.job_id,
        definition.nonce
    );
    let name = leaf_name(definition.job_id);
    let scope = match &record.cgroup {
        Some(path) => Scope::reopen(&name, Some(Path::new(path))),
        // They may have died before they could write it down.
        None => Scope::find(&name),
    };
    let leader = record.leader.map(from_model);
    Tree::of_marked(scope, Marks { cookie, leader })
}
