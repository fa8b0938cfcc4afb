use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use foster_model::JobId;
use foster_model::control::{Message, Request, VERSION};
use foster_store::JobFolder;

use super::connection::Connection;

/// A connection to a job's supervisor.
#[derive(Debug)]
pub struct Client {
    connection: Connection,
    waiting: VecDeque<Message>,
    job_id: JobId,
    greeted: bool,
}

/// Why a supervisor could not be talked to.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Nobody listens.
    #[error("nobody listens on the control socket of {job_id}")]
    NobodyListens {
        /// The job.
        job_id: JobId,
        /// The system's reason.
        source: io::Error,
    },
    /// The connection ended before the answer came.
    #[error("the supervisor of {job_id} hung up")]
    HungUp {
        /// The job.
        job_id: JobId,
    },
    /// It is there and says nothing.
    #[error("the supervisor of {job_id} does not answer")]
    Silent {
        /// The job.
        job_id: JobId,
    },
    /// It speaks another version, or for another job.
    #[error("the supervisor of {job_id} speaks version {version} of the protocol, not {VERSION}")]
    OtherVersion {
        /// The job.
        job_id: JobId,
        /// Its version.
        version: u32,
    },
    /// The socket failed.
    #[error("the control socket of {job_id} failed")]
    Io {
        /// The job.
        job_id: JobId,
        /// The system's reason.
        source: io::Error,
    },
}

impl Client {
    /// Connects to the supervisor of a job.
    pub fn connect(folder: &JobFolder) -> Result<Self, ControlError> {
        let job_id = folder.id();
        let stream = folder
            .connect()
            .map_err(|source| ControlError::NobodyListens { job_id, source })?;
        Self::over(stream, job_id)
    }

    /// Returns a client on a socket that is connected to the supervisor already.
    pub fn over(stream: UnixStream, job_id: JobId) -> Result<Self, ControlError> {
        let connection =
            Connection::new(stream).map_err(|source| ControlError::Io { job_id, source })?;
        Ok(Self {
            connection,
            waiting: VecDeque::new(),
            job_id,
            greeted: false,
        })
    }

    /// Returns the job that it is connected to.
    pub fn job_id(&self) -> JobId {
        self.job_id
    }

    /// Sends a request.
    pub fn send(&mut self, request: &Request) -> Result<(), ControlError> {
        let job_id = self.job_id;
        self.connection
            .send(request)
            .map_err(|source| match source.kind() {
                io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => {
                    ControlError::HungUp { job_id }
                }
                _ => ControlError::Io { job_id, source },
            })
    }

    /// Returns the next message that is there already, if any.
    ///
    /// # Errors
    /// [`ControlError::HungUp`] once the supervisor has gone and all it said was returned.
    pub fn take(&mut self) -> Result<Option<Message>, ControlError> {
        let job_id = self.job_id;
        if self.waiting.is_empty() {
            match self.connection.receive::<Message>() {
                Ok(messages) => self.waiting.extend(messages),
                Err(source) => return Err(ControlError::Io { job_id, source }),
            }
        }
        if !self.greeted
            && let Some(first) = self.waiting.pop_front()
        {
            self.greet(&first)?;
        }
        match self.waiting.pop_front() {
            None if self.connection.has_ended() => Err(ControlError::HungUp { job_id }),
            message => Ok(message),
        }
    }

    /// Waits for the next message, at most until the deadline (`None`: for ever). Returns `None`
    /// when the deadline has passed.
    pub fn next(&mut self, deadline: Option<Instant>) -> Result<Option<Message>, ControlError> {
        loop {
            if let Some(message) = self.take()? {
                return Ok(Some(message));
            }
            let left = deadline.map(|d| d.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                return Ok(None);
            }
            foster_process::wait_any(&[self.as_fd()], None, left.unwrap_or(Duration::MAX))
                .map_err(|source| ControlError::Io {
                    job_id: self.job_id,
                    source,
                })?;
        }
    }

    fn greet(&mut self, first: &Message) -> Result<(), ControlError> {
        match first {
            Message::Hello {
                version: VERSION,
                job_id,
            } if *job_id == self.job_id => {
                self.greeted = true;
                Ok(())
            }
            Message::Hello { version, .. } => Err(ControlError::OtherVersion {
                job_id: self.job_id,
                version: *version,
            }),
            _ => Err(ControlError::OtherVersion {
                job_id: self.job_id,
                version: 0,
            }),
        }
    }
}

impl AsFd for Client {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.connection.as_fd()
    }
}
