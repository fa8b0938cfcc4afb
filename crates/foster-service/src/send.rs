use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use foster_model::answer::SendAnswer;
use foster_model::control::{LONGEST_INPUT, Message, Request};
use foster_model::{Blob, ErrorBody, ErrorCode, JobSelector, StdinMode};
use foster_store::{JobFolder, OpenError, Root};
use foster_supervisor::{Client, ControlError};

use crate::context::Context;
use crate::defining::stdin::refused;
use crate::error::ServiceError;
use crate::outcome::Outcome;
use crate::reaching::sleep::{Sleep, time_left};
use crate::reaching::watch::{is_only_defined, settled_record};
use crate::showing::view::stdin_state;

/// How long a supervisor is given to tell how far it has come, after the time was up.
const PATIENCE: Duration = Duration::from_secs(5);

/// What `send` is asked for.
#[derive(Debug, Clone)]
pub struct SendRequest {
    /// The job.
    pub job: JobSelector,
    /// What is written to the command's standard input.
    pub what: Sending,
    /// Whether that is closed then, for good.
    pub eof: bool,
    /// How long all of it may take; `None` for ever.
    pub timeout: Option<Duration>,
}

/// What is sent.
#[derive(Clone)]
pub enum Sending {
    /// These bytes, in one piece: nothing of what others send comes between.
    Bytes(Vec<u8>),
    /// What this has to give, up to its end. What is there at once stays in one piece.
    Stream(Arc<File>),
}

impl fmt::Debug for Sending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // It may be a password.
            Self::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
            Self::Stream(file) => f.debug_tuple("Stream").field(file).finish(),
        }
    }
}

/// Writes to the standard input of a job that runs and was made with it open. Answers when the bytes
/// are in the command's pipe; if not all of them are, the error says why, and the answer how many.
///
/// # Errors
/// No such job, or more than one; one that does not run, or whose standard input is not open. Where the
/// caller interrupts it ([`Context::interrupt`]), the outcome's error says so: what was not taken by
/// then is withdrawn, and of that how much was taken after all is not known.
pub fn send(ctx: &Context, request: &SendRequest) -> Result<Outcome<SendAnswer>, ServiceError> {
    let began = Instant::now();
    ctx.sleep().go_on()?;
    let (root, folder) = ctx.find(&request.job)?;
    let run = demand_open(&root, &folder)?;
    let mut sender = Sender {
        sleep: ctx.sleep().over(folder.id()),
        client: Client::connect(&folder)?,
        until: request.timeout.and_then(|time| began.checked_add(time)),
        sent: 0,
        unconfirmed: 0,
    };
    let done = match &request.what {
        Sending::Bytes(bytes) => sender.send_bytes(bytes, request.eof),
        Sending::Stream(stream) => sender.send_stream(stream, request.eof),
    };
    let error = done.err().map(|error| told(&root, &folder, run, error));
    let state = stdin_state(&folder.definition()?, &folder.record()?);
    let answer = SendAnswer {
        job_id: folder.id(),
        sent_bytes: sender.sent,
        unconfirmed_bytes: sender.unconfirmed,
        stdin: state,
        elapsed_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
    };
    Ok(Outcome { answer, error })
}

/// Returns the number of the run that takes input.
fn demand_open(root: &Root, folder: &JobFolder) -> Result<u32, ServiceError> {
    let record = settled_record(root, folder)?;
    let message = if record.state.is_final() {
        format!("it is over: {}", record.state)
    } else if folder.definition()?.stdin != StdinMode::Open {
        "its standard input is not open: it was not made with --stdin open".to_owned()
    } else if is_only_defined(&record) {
        "it is defined, and does not run yet".to_owned()
    } else {
        return Ok(record.run);
    };
    let job_id = folder.id();
    Err(ServiceError::State { job_id, message })
}

/// Returns what is told of a failure. That nobody is there any more may mean that the job is over, or its run.
fn told(root: &Root, folder: &JobFolder, run: u32, error: ServiceError) -> ErrorBody {
    let error = match error {
        ServiceError::Control(ControlError::HungUp { job_id }) => {
            match settled_record(root, folder) {
                Ok(record) if record.state.is_final() => ServiceError::State {
                    job_id,
                    message: format!("it is over: {}", record.state),
                },
                Ok(record) if record.run != run => ServiceError::State {
                    job_id,
                    message: format!("run {run} is over: it was restarted"),
                },
                // Deleted by then, it has no record any more.
                _ => match root.job(job_id) {
                    Err(gone @ OpenError::NotFound { .. }) => gone.into(),
                    _ => ControlError::HungUp { job_id }.into(),
                },
            }
        }
        error => error,
    };
    let mut body = error.body();
    body.job_id = Some(folder.id());
    // Part of it is there, so the same call would send that twice.
    body.retryable = false;
    body
}

struct Sender<'a> {
    sleep: Sleep<'a>,
    client: Client,
    until: Option<Instant>,
    sent: u64,
    unconfirmed: u64,
}

impl Sender<'_> {
    fn send_bytes(&mut self, bytes: &[u8], eof: bool) -> Result<(), ServiceError> {
        let mut pieces = bytes.chunks(LONGEST_INPUT).peekable();
        if pieces.peek().is_none() {
            return self.send_piece(Vec::new(), false, eof);
        }
        while let Some(piece) = pieces.next() {
            let more = pieces.peek().is_some();
            self.send_piece(piece.to_vec(), more, eof && !more)?;
        }
        Ok(())
    }

    fn send_stream(&mut self, stream: &File, eof: bool) -> Result<(), ServiceError> {
        let failed = || ServiceError::io("standard input can't be read");
        let mut said_more = false;
        loop {
            self.wait_for_input(stream)?;
            let mut piece = vec![0; LONGEST_INPUT];
            let mut reader = stream;
            let n = reader.read(&mut piece).map_err(failed())?;
            if n == 0 {
                if eof || said_more {
                    self.send_piece(Vec::new(), false, eof)?;
                }
                return Ok(());
            }
            piece.truncate(n);
            // What is there already belongs together; for the rest nobody else is held up.
            said_more = is_readable(stream, Duration::ZERO).map_err(failed())?;
            self.send_piece(piece, said_more, false)?;
        }
    }

    /// Waits until there is something to be sent, or the job is over.
    fn wait_for_input(&mut self, stream: &File) -> Result<(), ServiceError> {
        let failed = || ServiceError::io("standard input can't be waited for");
        while !is_readable(stream, Duration::ZERO).map_err(failed())? {
            drop(self.client.take()?);
            let left = time_left(self.until);
            if left == Some(Duration::ZERO) {
                return Err(timed_out("standard input did not come to its end in time"));
            }
            let sources = [stream.as_fd(), self.client.as_fd()];
            let what = "standard input can't be waited for";
            self.sleep
                .until(&sources, left.unwrap_or(Duration::MAX), what)?;
        }
        Ok(())
    }

    /// Sends a piece, and returns when it is in the command's pipe.
    fn send_piece(&mut self, piece: Vec<u8>, more: bool, eof: bool) -> Result<(), ServiceError> {
        self.unconfirmed = piece.len() as u64;
        let data = Blob(piece);
        self.client.send(&Request::Input { data, more, eof })?;
        let mut until = self.until;
        let mut withdrawn = false;
        loop {
            match self.sleep.next(&mut self.client, until)? {
                Some(Message::InputTaken {
                    bytes,
                    refused: why,
                }) => {
                    self.sent += bytes;
                    self.unconfirmed = 0;
                    return match why {
                        None => Ok(()),
                        Some(_) if withdrawn => {
                            Err(timed_out("the command did not take it in time"))
                        }
                        Some(why) => Err(refused(self.client.job_id(), why.code, why.message)),
                    };
                }
                Some(Message::Refused { code, message }) => {
                    self.unconfirmed = 0;
                    return Err(refused(self.client.job_id(), code, message));
                }
                Some(_) => {}
                None if withdrawn => {
                    let job_id = self.client.job_id();
                    return Err(ControlError::Silent { job_id }.into());
                }
                None => {
                    // The time is up; how far it came is known to the supervisor alone.
                    self.client.send(&Request::WithdrawInput {})?;
                    until = Some(Instant::now() + PATIENCE);
                    withdrawn = true;
                }
            }
        }
    }
}

fn timed_out(message: &str) -> ServiceError {
    ServiceError::Refused {
        code: ErrorCode::TimedOut,
        message: message.to_owned(),
    }
}

fn is_readable(file: &File, at_most: Duration) -> std::io::Result<bool> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let at_most = Timespec::try_from(at_most).map_err(std::io::Error::other)?;
    let mut fds = [PollFd::new(file, PollFlags::IN)];
    match poll(&mut fds, Some(&at_most)) {
        Ok(ready) => Ok(ready > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
