use std::io;
use std::path::Path;

use foster_model::answer::StopReport;
use foster_model::{AFTER_KILL, Definition, Event, JobRecord, Target};
use foster_process::{Escalation, Marks, Phase, Scope, Tree, terminate};
use foster_store::{JobFolder, Lock};

use crate::history::{History, HistoryError};
use crate::identity::{Kinship, current_host, from_model, kinship};
use crate::recover::RecoverError;
use crate::supervisor::stop_report;

/// What was left of a job that is over, and what came of ending it.
#[derive(Debug)]
pub struct Leftovers {
    /// What was done; its phases are empty if nobody was left.
    pub report: StopReport,
}

/// Ends what is left of a job that is over and that nobody supervises any more: the processes that
/// are proved to be its own by its control group or its `FOSTER_JOB`.
pub fn end_leftovers(
    folder: &JobFolder,
    _lock: &Lock,
    phases: Vec<Phase>,
) -> Result<Leftovers, RecoverError> {
    let definition = folder.definition()?;
    let record = folder.record()?;
    let failed = |source| RecoverError::Io {
        job_id: folder.id(),
        source,
    };
    if kinship(&definition.host, &current_host()) != Kinship::Same {
        return Ok(Leftovers {
            report: StopReport {
                empty: true,
                ..StopReport::default()
            },
        });
    }
    let tree = marked_tree(&definition, &record);
    if tree.is_empty(None).map_err(failed)? {
        drop(tree.scope().remove());
        return Ok(Leftovers {
            report: StopReport {
                empty: true,
                ..StopReport::default()
            },
        });
    }
    let escalation =
        Escalation::new(phases, AFTER_KILL).map_err(|error| failed(io::Error::other(error)))?;
    let report = terminate(&tree, None, escalation).map_err(failed)?;
    write_down(folder, &report).map_err(|error| failed(io::Error::other(error)))?;
    drop(tree.scope().remove());
    Ok(Leftovers {
        report: stop_report(&report),
    })
}

fn write_down(folder: &JobFolder, report: &foster_process::Report) -> Result<(), HistoryError> {
    let mut history = History::open(folder)?;
    for (index, phase) in report.phases.iter().enumerate() {
        history.note(Event::Signalled {
            signal: phase.signal.name(),
            number: phase.signal.number(),
            target: Target::Tree,
            sent: phase.sent,
            errors: phase.errors.clone(),
            phase: Some(index as u32),
            by: None,
        });
    }
    if report.empty {
        history.note(Event::Empty {});
    }
    history.save(folder);
    Ok(())
}

/// Returns the tree of a job whose processes are nobody's descendants any more.
pub(crate) fn marked_tree(definition: &Definition, record: &JobRecord) -> Tree {
    let cookie = format!(
        "{}={}/{}",
        foster_model::JOB_VARIABLE,
        definition.job_id,
        definition.nonce
    );
    let scope = Scope::reopen(record.cgroup.as_deref().map(Path::new));
    let leader = record.leader.map(from_model);
    Tree::of_marked(scope, Marks { cookie, leader })
}
