use std::io;

use foster_model::{
    Cause, Definition, Event, JobId, JobRecord, OutputEnd, ProcessInfo, State, StreamTotals,
    Supervision,
};
use foster_process::{ExitStatus, Signal, zombie_status};
use foster_store::{DamageError, JobFolder, Lock, Root, Stream};

use crate::history::{History, HistoryError};
use crate::identity::{Kinship, current_host, from_model, kinship};
use crate::leftovers::{emptiness_is_proved, marked_tree};
use crate::telling::tell_of_the_end;

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
    let kinship = kinship(&definition.host, &current_host());
    if kinship == Kinship::Foreign {
        // Not even its journal is opened for writing.
        return Ok(Recovery {
            record: folder.record()?,
            changed: false,
            action: "it belongs to another machine: not judged".to_owned(),
            survivors: Vec::new(),
        });
    }
    let known = folder.record()?;
    if known.state.is_final() {
        // Whoever was to tell of it may have been killed as well.
        tell_of_the_end(root, folder, &definition, &known);
    }
    if known.state.is_final() && folder.replay().is_ok_and(|told| !told.state.is_final()) {
        // The journal was cut, or its last line could not be written; the state was.
        let action = format!(
            "it is {}, as its state tells; the journal is cut",
            known.state
        );
        return Ok(Recovery {
            record: known,
            changed: false,
            action,
            survivors: Vec::new(),
        });
    }
    let mut case = Case {
        root,
        folder,
        definition,
        history: open(folder)?,
        changed: false,
    };
    let survivors = case.settle(kinship == Kinship::Same)?;
    let action = case.close();
    Ok(Recovery {
        record: case.history.record().clone(),
        changed: case.changed,
        action,
        survivors,
    })
}

fn open(folder: &JobFolder) -> Result<History, RecoverError> {
    History::open(folder).map_err(|error| match error {
        HistoryError::Damaged(error) => error.into(),
        HistoryError::Io(source) => RecoverError::Io {
            job_id: folder.id(),
            source,
        },
    })
}

/// One job that is being recovered.
struct Case<'a> {
    root: &'a Root,
    folder: &'a JobFolder,
    definition: Definition,
    history: History,
    changed: bool,
}

impl Case<'_> {
    fn record(&self) -> &JobRecord {
        self.history.record()
    }

    /// Finds out what can be known, writes it down, and returns who still lives.
    fn settle(&mut self, same_boot: bool) -> Result<Vec<ProcessInfo>, RecoverError> {
        let record = self.record();
        if record.state == State::Created && record.keeper.is_none() {
            // Whoever was to launch it never did: it stays what it is, a definition.
            self.clear_away();
            return Ok(Vec::new());
        }
        if same_boot {
            return self.judge();
        }
        if !record.state.is_final() {
            self.end(State::Lost, Cause::Reboot);
        }
        Ok(Vec::new())
    }

    /// Removes what a launcher had made that died before anybody could be launched.
    fn clear_away(&self) {
        // What stays costs a directory entry, until the job is started or deleted.
        drop(
            marked_tree(&self.definition, self.record())
                .scope()
                .remove(),
        );
        drop(self.folder.unlink_socket());
    }

    /// The same boot: finds out what can be known, and returns who still lives.
    fn judge(&mut self) -> Result<Vec<ProcessInfo>, RecoverError> {
        let tree = marked_tree(&self.definition, self.record());
        let failed = |source| RecoverError::Io {
            job_id: self.folder.id(),
            source,
        };
        let over = self.record().state.is_final() && self.record().tree_empty == Some(true);
        // The kernel has said that nobody is left. Looking through all processes once more would take
        // minutes where many jobs are over.
        let members = if over {
            Vec::new()
        } else {
            tree.listing().map_err(failed)?
        };
        if members.is_empty() {
            // A leaf that stays behind is empty and costs a directory entry.
            drop(tree.scope().remove());
        }
        if !self.record().state.is_final() {
            self.find_the_exit();
            self.close_output();
            let proved = members.is_empty() && emptiness_is_proved(self.record());
            if proved && self.record().state == State::Running {
                self.note(Event::Empty {});
            }
            let (state, cause) = self.verdict();
            self.end(state, cause);
        }
        let survivor = |(pid, command)| ProcessInfo {
            pid,
            command,
            reason: Some("it lives on, unsupervised".to_owned()),
        };
        Ok(members.into_iter().map(survivor).collect())
    }

    /// A leader that has ended and that nobody has reaped still tells how.
    fn find_the_exit(&mut self) {
        let (None, Some(leader)) = (self.record().exited_at, self.record().leader) else {
            return;
        };
        if let Some(status) = zombie_status(&from_model(leader)) {
            self.note(exited(status));
        }
    }

    fn close_output(&mut self) {
        if self.record().output != OutputEnd::Open || self.record().state != State::Running {
            return;
        }
        let totals = |stream| {
            let run = self.folder.run(self.record().run);
            let Ok(log) = run.and_then(|run| run.stream_log(stream)) else {
                return StreamTotals::default();
            };
            let observed_bytes = log.end();
            let omitted = log.omitted(observed_bytes);
            StreamTotals {
                observed_bytes,
                omitted_bytes: omitted.iter().map(|[from, to]| to - from).sum(),
                // Nobody is left who counted.
                redactions: 0,
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
        if self.record().exited_at.is_some() {
            return match (self.record().stopping, &self.record().signal) {
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
            keeper: None,
        });
        self.note(Event::Finished { state, cause });
    }

    fn note(&mut self, event: Event) {
        self.changed |= self.history.note(event);
    }

    fn close(&mut self) -> String {
        // Also where nothing changed: the journal may know more than a state that was not written
        // in time.
        self.history.close(self.folder);
        foster_fault::step("launcher.recovery_saved");
        let state = self.record().state;
        if !self.changed {
            return format!("it is {state}; nothing had to be done");
        }
        // Only a loss of power could undo it, and the next look would do it again.
        let _ = self.folder.sync();
        let _ = self.folder.unlink_socket();
        self.history
            .update_index(self.root, self.folder, &self.definition);
        tell_of_the_end(self.root, self.folder, &self.definition, self.record());
        format!("its keeper and supervisor were gone; it is {state} now")
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
