use std::io;
use std::path::Path;
use std::time::SystemTime;

use foster_model::answer::StopReport;
use foster_model::{
    AFTER_KILL, Cause, Definition, Entry, Event, JobId, JobRecord, OutputEnd, ProcessInfo, State,
    StreamTotals, Supervision, Target,
};
use foster_process::{
    Escalation, ExitStatus, Marks, Phase, Scope, Signal, Tree, terminate, zombie_status,
};
use foster_store::{DamageError, IndexRow, JobFolder, JournalWriter, Lock, Root, Stream};

use crate::identity::{Kinship, current_host, from_model, kinship};
use crate::supervisor::stop_report;

/// What a recovery found and did.
#[derive(Debug)]
pub struct Recovery {
    /// The job as it stands now.
    pub record: JobRecord,
    /// Whether anything was written.
    pub changed: bool,
    /// What was done, for people.
    pub action: String,
    /// Processes of it that still live.
    pub survivors: Vec<ProcessInfo>,
}

/// What was left of a job that is over, and what came of ending it.
#[derive(Debug)]
pub struct Leftovers {
    /// What was done; its phases are empty if nobody was left.
    pub report: StopReport,
}

/// Why a job could not be recovered.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// Its files can't be understood.
    #[error(transparent)]
    Damaged(#[from] DamageError),
    /// Its files can't be written, or its processes not be looked at.
    #[error("the job {job_id} can't be recovered")]
    Io {
        /// The job.
        job_id: JobId,
        /// The system's reason.
        source: io::Error,
    },
}

/// Brings the record of a job up to the truth, when both its keeper and its supervisor are gone.
///
/// `_lock` proves that they are: it is the caller's now. A job of another machine is left as it is.
pub fn recover(root: &Root, folder: &JobFolder, _lock: &Lock) -> Result<Recovery, RecoverError> {
    let definition = folder.definition()?;
    let record = folder.replay()?;
    let mut case = Case::open(root, folder, definition, record)?;
    let survivors = match kinship(&case.definition.host, &current_host()) {
        Kinship::Foreign => {
            return Ok(case.result("it belongs to another machine: not judged", Vec::new()));
        }
        // Whoever was to launch it never did: it stays what it is, a definition.
        _ if case.record.state == State::Created && case.record.keeper.is_none() => Vec::new(),
        Kinship::EarlierBoot if !case.record.state.is_final() => {
            case.end(State::Lost, Cause::Reboot);
            Vec::new()
        }
        Kinship::EarlierBoot => Vec::new(),
        Kinship::Same => case.judge()?,
    };
    let action = case.close();
    Ok(case.result(&action, survivors))
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
    write_down(folder, &record, &report).map_err(failed)?;
    drop(tree.scope().remove());
    Ok(Leftovers {
        report: stop_report(&report),
    })
}

fn write_down(
    folder: &JobFolder,
    record: &JobRecord,
    report: &foster_process::Report,
) -> io::Result<()> {
    let mut record = record.clone();
    let mut journal = folder.journal_writer()?;
    let mut note = |event| {
        let entry = Entry {
            at: SystemTime::now().into(),
            event,
        };
        match record.apply(&entry) {
            Ok(()) => journal.append(&entry),
            Err(_) => Ok(()),
        }
    };
    for (index, phase) in report.phases.iter().enumerate() {
        note(Event::Signalled {
            signal: phase.signal.name(),
            number: phase.signal.number(),
            target: Target::Tree,
            sent: phase.sent,
            errors: phase.errors.clone(),
            phase: Some(index as u32),
            by: None,
        })?;
    }
    if report.empty {
        note(Event::Empty {})?;
    }
    folder.write_state(&record)
}

/// Returns the tree of a job whose processes are nobody's descendants any more.
fn marked_tree(definition: &Definition, record: &JobRecord) -> Tree {
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

/// One job that is being recovered.
struct Case<'a> {
    root: &'a Root,
    folder: &'a JobFolder,
    definition: Definition,
    record: JobRecord,
    journal: JournalWriter,
    changed: bool,
}

impl<'a> Case<'a> {
    fn open(
        root: &'a Root,
        folder: &'a JobFolder,
        definition: Definition,
        record: JobRecord,
    ) -> Result<Self, RecoverError> {
        let failed = |source| RecoverError::Io {
            job_id: folder.id(),
            source,
        };
        let journal = folder.journal_writer().map_err(failed)?;
        Ok(Self {
            root,
            folder,
            definition,
            record,
            journal,
            changed: false,
        })
    }

    /// The same boot: finds out what can be known, and returns who still lives.
    fn judge(&mut self) -> Result<Vec<ProcessInfo>, RecoverError> {
        let tree = marked_tree(&self.definition, &self.record);
        let failed = |source| RecoverError::Io {
            job_id: self.folder.id(),
            source,
        };
        let members = tree.members().map_err(failed)?;
        if members.is_empty() {
            // A leaf that stays behind is empty and costs a directory entry.
            drop(tree.scope().remove());
        }
        if !self.record.state.is_final() {
            self.find_the_exit();
            self.close_output();
            if members.is_empty() && self.record.state == State::Running {
                self.note(Event::Empty {});
            }
            let (state, cause) = self.verdict();
            self.end(state, cause);
        }
        let survivor = |member: foster_process::Member| ProcessInfo {
            pid: member.process.pid(),
            command: member.command,
            reason: Some("it lives on, unsupervised".to_owned()),
        };
        Ok(members.into_iter().map(survivor).collect())
    }

    /// A leader that has ended and that nobody has reaped still tells how.
    fn find_the_exit(&mut self) {
        let (None, Some(leader)) = (self.record.exited_at, self.record.leader) else {
            return;
        };
        if let Some(status) = zombie_status(&from_model(leader)) {
            self.note(exited(status));
        }
    }

    fn close_output(&mut self) {
        if self.record.output != OutputEnd::Open || self.record.state != State::Running {
            return;
        }
        let totals = |stream| {
            let log = self.folder.stream_log(stream);
            let observed_bytes = log.map_or(0, |log| log.end());
            StreamTotals {
                observed_bytes,
                omitted_bytes: 0,
            }
        };
        let (stdout, stderr) = (totals(Stream::Stdout), totals(Stream::Stderr));
        let output = OutputEnd::Lost;
        self.note(Event::Closed {
            output,
            holders: Vec::new(),
            stdout,
            stderr,
        });
    }

    fn verdict(&self) -> (State, Cause) {
        if self.record.exited_at.is_some() {
            return match (self.record.stopping, &self.record.signal) {
                (Some(cause), _) => (State::Killed, cause),
                (None, Some(_)) => (State::Killed, Cause::Signal),
                (None, None) => (State::Exited, Cause::Exit),
            };
        }
        let outer_ended = self.outer_job().is_some_and(|outer| outer.state.is_final());
        let cause = if outer_ended {
            Cause::OuterJobEnded
        } else {
            Cause::SupervisorLost
        };
        (State::Lost, cause)
    }

    /// Returns the record of the job that this one ran in, if it lies in the same root.
    fn outer_job(&self) -> Option<JobRecord> {
        let outer = self.definition.outer_job.as_deref()?;
        let id: JobId = outer.split('/').next()?.parse().ok()?;
        self.root.job(id).ok()?.record().ok()
    }

    fn end(&mut self, state: State, cause: Cause) {
        self.note(Event::Supervision {
            now: Supervision::None,
            by: None,
        });
        self.note(Event::Finished { state, cause });
    }

    fn note(&mut self, event: Event) {
        let entry = Entry {
            at: SystemTime::now().into(),
            event,
        };
        if self.record.apply(&entry).is_ok() {
            // The record that is answered holds it even if the disk is full.
            drop(self.journal.append(&entry));
            self.changed = true;
        }
    }

    fn close(&mut self) -> String {
        if !self.changed {
            // The journal may know more than a state file that was not written in time.
            drop(self.folder.write_state(&self.record));
            return format!("it is {}; nothing had to be done", self.record.state);
        }
        drop(self.folder.write_state(&self.record));
        drop(self.folder.sync());
        drop(self.folder.unlink_socket());
        let row = IndexRow::from_parts(&self.definition, &self.record);
        drop(self.root.index().update(&row));
        format!(
            "its keeper and supervisor were gone; it is {} now",
            self.record.state
        )
    }

    fn result(self, action: &str, survivors: Vec<ProcessInfo>) -> Recovery {
        let Self {
            record, changed, ..
        } = self;
        Recovery {
            record,
            changed,
            action: action.to_owned(),
            survivors,
        }
    }
}

fn exited(status: ExitStatus) -> Event {
    Event::Exited {
        exit_code: status.code(),
        signal: status.signal().map(Signal::name),
        core_dumped: status.core_dumped(),
        duration_ms: None,
    }
}
