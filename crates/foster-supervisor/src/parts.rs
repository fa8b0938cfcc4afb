use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::SystemTime;

use foster_model::answer::StopReport;
use foster_model::{
    AFTER_KILL, DRAIN_QUIET, Definition, ErrorCode, GcRules, Secrets, StartFailure, StdinMode,
};
use foster_process::{
    Containment, Drain, Phase, ProcessRef, Relay, Scope, SharedSlot, SpawnError, SpawnPlan, pipe,
    spawn,
};
use foster_store::{JobFolder, Lock, Root};

use crate::bell::Bell;
use crate::capture::Transit;
use crate::leftovers::leaf_name;
use crate::life::Plan;
use crate::log_file::LogFile;
use crate::redaction::{RedactedStream, Redactor};
use crate::stdin_pipe::StdinPipe;

/// All that keeper and supervisor share: made before one is forked from the other, so that either
/// can go on without the other.
pub struct Parts {
    pub root: Root,
    pub folder: JobFolder,
    pub definition: Definition,
    /// Held, not used: it is released when the last of both processes is gone.
    pub lock: Lock,
    pub listener: UnixListener,
    /// The launcher's connection.
    pub launcher: Option<UnixStream>,
    pub argv: Vec<OsString>,
    pub cwd: PathBuf,
    pub log: Option<PathBuf>,
    pub env: Vec<(OsString, OsString)>,
    pub phases: Vec<Phase>,
    pub containment: Containment,
    /// The rules by which the root is cleaned up a little when the job is over.
    pub auto_gc: Option<GcRules>,
    pub scope: Scope,
    pub slot: SharedSlot,
    /// The leader, held by a keeper that had looked after it: nobody else's process is taken for it.
    pub leader: Option<ProcessRef>,
    /// How often another supervisor was made in the place of one that died.
    pub successors: u32,
    pub readers: [Option<OwnedFd>; 2],
    pub writers: Option<[OwnedFd; 2]>,
    /// The pipe to the command's standard input, if that is to be written to.
    pub stdin: Option<StdinPipe>,
    /// The mask that the launcher had, for the command. Foster's own files need none.
    pub umask: Option<u32>,
    /// What must not be shown.
    pub secrets: Secrets,
    /// What is taken out of the output.
    pub redact: Secrets,
    /// Output on its way from pipe to file.
    pub transit: Transit,
    /// By what the supervisor asks its keeper for a notifier.
    pub bell: Bell,
    /// What an escalation did, kept until the end that it brought is written down.
    pub stop_report: Option<StopReport>,
}

impl Parts {
    /// Prepares the place in which the tree will live.
    pub fn prepare_scope(&mut self) -> Result<(), StartFailure> {
        let name = leaf_name(self.folder.id());
        self.scope = Scope::prepare(self.containment, &name).map_err(|error| StartFailure {
            code: ErrorCode::ContainmentUnavailable.as_str().to_owned(),
            message: error.to_string(),
        })?;
        Ok(())
    }

    /// Makes new pipes, in place of those whose writing ends are gone.
    pub fn renew_pipes(&mut self) -> io::Result<()> {
        let (out_reader, out_writer) = pipe()?;
        let (err_reader, err_writer) = pipe()?;
        self.readers = [Some(out_reader), Some(err_reader)];
        self.writers = Some([out_writer, err_writer]);
        self.transit = self.new_transit()?;
        let open = self.definition.stdin == StdinMode::Open;
        self.stdin = open.then(StdinPipe::new).transpose()?;
        Ok(())
    }

    fn new_transit(&self) -> io::Result<Transit> {
        let redaction = self.new_redaction()?;
        // It only saves time: where there is none, output goes straight to its file.
        let relay = || Relay::new().ok();
        let both = || Some([relay()?, relay()?]);
        let relays = redaction.is_none().then(both).flatten();
        Ok(Transit { redaction, relays })
    }

    fn new_redaction(&self) -> io::Result<Option<[RedactedStream; 2]>> {
        if self.redact.is_empty() {
            return Ok(None);
        }
        let redactor = Redactor::new(self.redact.clone()).map_err(io::Error::other)?;
        let redactor = Rc::new(redactor);
        let stream = || RedactedStream::new(Rc::clone(&redactor));
        Ok(Some([stream()?, stream()?]))
    }

    /// Returns what the life of the job is to follow.
    pub fn plan(&self) -> Plan {
        Plan {
            timeout: self.definition.timeout,
            idle_timeout: self.definition.idle_timeout,
            progress_every: self.definition.progress_every,
            phases: self.phases.clone(),
            after_kill: AFTER_KILL,
            stragglers: self.definition.stragglers,
            drain: Drain {
                quiet: DRAIN_QUIET.min(self.definition.drain),
                at_most: self.definition.drain,
            },
        }
    }

    /// Opens the interleaved log, if one was asked for, and marks who writes from here.
    pub fn open_log(&self, fresh: bool) -> io::Result<Option<LogFile>> {
        let Some(path) = &self.log else {
            return Ok(None);
        };
        let empty = path.metadata().is_ok_and(|meta| meta.len() == 0);
        let mut log = LogFile::open(path)?;
        if !fresh {
            log.mark(
                "another process took over; the line before may be cut",
                now(),
            );
        } else if !empty {
            log.mark(&format!("job {} begins", self.folder.id()), now());
        }
        Ok(Some(log))
    }

    /// Takes the scope out, for the tree that lives in it.
    pub fn take_scope(&mut self) -> Scope {
        std::mem::replace(&mut self.scope, Scope::own())
    }

    /// Executes the command. The writing ends of the pipes are the child's alone afterwards.
    pub fn spawn(&mut self) -> Result<ProcessRef, StartFailure> {
        let writers = self
            .writers
            .take()
            .ok_or_else(|| failed("its pipes are gone"))?;
        let stdin = self.open_stdin().map_err(|error| {
            let message = format!("standard input can't be opened: {error}");
            StartFailure {
                code: ErrorCode::BadStdin.as_str().to_owned(),
                message,
            }
        })?;
        let plan = SpawnPlan {
            cwd: Some(&self.cwd),
            umask: self.umask,
            ..SpawnPlan::new(
                &self.argv,
                &self.env,
                [stdin.as_fd(), writers[0].as_fd(), writers[1].as_fd()],
            )
        };
        match spawn(&plan, &mut self.scope, &self.slot) {
            Ok(spawned) => Ok(spawned.leader),
            Err(error) => Err(self.explain(&error)),
        }
    }

    /// Returns why a predecessor could not execute the command, as it left word in shared memory.
    pub fn spawn_failure(&self) -> StartFailure {
        let plan = SpawnPlan {
            cwd: Some(&self.cwd),
            umask: self.umask,
            ..SpawnPlan::new(&self.argv, &self.env, [self.listener.as_fd(); 3])
        };
        let failure = self.slot.failure(&plan).map(|error| self.explain(&error));
        failure.unwrap_or_else(|| failed("the process that was to execute it was killed"))
    }

    fn explain(&self, error: &SpawnError) -> StartFailure {
        let StartFailure { code, message } = start_failure(error);
        let message = self.secrets.conceal_text(&message);
        StartFailure { code, message }
    }

    fn open_stdin(&mut self) -> io::Result<File> {
        match self.definition.stdin {
            StdinMode::Nothing => File::open("/dev/null"),
            StdinMode::Given => {
                let missing = || io::Error::new(io::ErrorKind::NotFound, "stdin.bin is gone");
                self.folder.stdin_file()?.ok_or_else(missing)
            }
            StdinMode::Open => {
                let reader = self.stdin.as_mut().and_then(StdinPipe::take_reader);
                let missing = || io::Error::other("its pipe is gone");
                reader.map(File::from).ok_or_else(missing)
            }
        }
    }
}

/// Returns an error of spawning as the journal and the launcher get it.
pub fn start_failure(error: &SpawnError) -> StartFailure {
    let code = match error {
        SpawnError::NotFound { .. } => ErrorCode::CommandNotFound,
        SpawnError::NotExecutable { .. } => ErrorCode::NotExecutable,
        SpawnError::BadCwd { .. } => ErrorCode::BadCwd,
        SpawnError::Nul(_) | SpawnError::InvalidPlan(_) => ErrorCode::InvalidArgument,
        SpawnError::TooLarge { .. } => ErrorCode::ArgumentsTooLarge,
        SpawnError::ContainmentRefused { .. } => ErrorCode::ContainmentUnavailable,
        SpawnError::Exhausted { .. } => ErrorCode::ResourcesExhausted,
        SpawnError::LimitRefused { .. }
        | SpawnError::CredentialRefused { .. }
        | SpawnError::DescriptorRefused { .. }
        | SpawnError::Failed { .. } => ErrorCode::StartFailed,
    };
    let mut message = error.to_string();
    if let Some(source) = std::error::Error::source(error)
        && !matches!(error, SpawnError::NotExecutable { .. })
    {
        message = format!("{message}: {source}");
    }
    StartFailure {
        code: code.as_str().to_owned(),
        message,
    }
}

fn failed(message: &str) -> StartFailure {
    StartFailure {
        code: ErrorCode::StartFailed.as_str().to_owned(),
        message: message.to_owned(),
    }
}

fn now() -> foster_model::Time {
    SystemTime::now().into()
}
