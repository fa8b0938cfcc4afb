use std::ops::Deref;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::wait::{Guard, readable, watch, within_a_runtime};
use super::{Stdin, Subscription};
use crate::escalation::Escalation;
use crate::output::{ChunkVisitor, StdStream};
use crate::process::{
    Attendance, Bell, Command, Completed, CompletionError, CompletionOptions, Handle, OutputError,
    StartError, TerminateError, Terminated, Turn,
};
use crate::usage::Ended;

/// A process and its tree, waited for under tokio. What becomes of the tree when this is dropped says
/// [`OnDrop`](crate::OnDrop); but for [`OnDrop::Detach`](crate::OnDrop::Detach) the drop blocks its thread for that.
///
/// All methods but [`Process::stdin`] take a shared reference: one task may wait while another
/// signals, writes or ends the tree. A future that is dropped halfway leaves what becomes of the
/// tree as it was.
#[derive(Debug)]
pub struct Process {
    handle: Handle,
    stdin: Mutex<Option<Stdin>>,
}

/// A process and its streams, apart.
#[derive(Debug)]
pub struct Parts {
    /// The process, without its streams: waiting for it reads nothing.
    pub process: Process,
    /// Where its input is written, if it is piped and still open.
    pub stdin: Option<Stdin>,
    /// Its standard output, if it is captured and nobody reads it.
    pub stdout: Option<Subscription>,
    /// Its standard error, if it is captured and nobody reads it.
    pub stderr: Option<Subscription>,
}

impl Process {
    /// Starts a process, and returns once its program is being executed: that takes about a
    /// millisecond, and is not waited for asynchronously.
    ///
    /// # Errors
    /// Also if this is not called within a runtime: nothing is started then.
    pub fn start(command: Command) -> Result<Self, StartError> {
        within_a_runtime().map_err(StartError::Runtime)?;
        let started = command.start()?;
        let stdin = started.stdin.map(Stdin::new).transpose();
        let stdin = stdin.map_err(|source| StartError::Stream {
            stream: "standard input",
            source,
        })?;
        Ok(Self {
            handle: started.handle,
            stdin: Mutex::new(stdin),
        })
    }

    /// Closes its input and waits for the leader's end, however long that takes. Output that is
    /// captured and that nobody reads is read for nobody meanwhile, so that the leader can end.
    ///
    /// # Errors
    /// [`CompletionError::Watch`] if the kernel can't watch it. What becomes of it on drop is then
    /// as before.
    pub async fn wait(&self) -> Result<Ended, CompletionError> {
        if !self.handle.has_output() {
            return self.await_end().await;
        }
        let attendance = self.attend(CompletionOptions::new())?.leader_only();
        let completed = self.drive(attendance).await?;
        completed.ended.ok_or_else(|| {
            let gone = std::io::ErrorKind::NotFound.into();
            self.handle.running.watch_error(gone)
        })
    }

    /// The same where there is nothing to be read meanwhile: tokio watches the process itself, and no
    /// set of descriptors is made.
    async fn await_end(&self) -> Result<Ended, CompletionError> {
        self.close_stdin();
        let running = &self.handle.running;
        let ended = async {
            // Who asks again needs no descriptor for it.
            if let Some(ended) = running.known_end() {
                return Ok(ended);
            }
            let watched = watch(running.leader.end_descriptor()?)?;
            loop {
                let mut ready = watched.readable().await?;
                if let Some(ended) = running.peek()? {
                    return Ok(ended);
                }
                ready.clear_ready();
            }
        };
        let ended = ended.await.map_err(|error| running.watch_error(error))?;
        running.conclude();
        Ok(ended)
    }

    /// Closes its input and waits for the leader's end and its outputs', as `options` want.
    ///
    /// The status and all bytes so far come back always: also if the deadline came first, and if
    /// somebody else holds an output open.
    ///
    /// # Errors
    /// [`CompletionError::Output`] if a stream is wanted that is not captured, or that another
    /// reads alone; [`CompletionError::Watch`] if the kernel can't watch it. A deadline is none,
    /// nor is an output that is held open: see [`Completed`].
    pub async fn wait_for_completion<O: ChunkVisitor, E: ChunkVisitor>(
        &self,
        options: CompletionOptions<O, E>,
    ) -> Result<Completed<O::Output, E::Output>, CompletionError> {
        let attendance = self.attend(options)?;
        self.drive(attendance).await
    }

    /// Ends the tree through this escalation, of which KILL is the end, and returns when the tree is
    /// empty. It may be called again, at the same time too, and after the leader has ended: it is
    /// about the tree.
    ///
    /// Its input is closed. Output that is captured and that nobody reads is read for nobody
    /// meanwhile.
    ///
    /// # Errors
    /// [`TerminateError::Survived`] with the whole report, if somebody is left
    /// [`AFTER_KILL`](crate::AFTER_KILL) after KILL.
    pub async fn terminate(
        &self,
        escalation: impl Into<Escalation>,
    ) -> Result<Terminated, TerminateError> {
        let attendance = self.attend(CompletionOptions::new())?;
        let attendance = attendance.terminate(escalation.into())?;
        let completed = self.drive(attendance).await?;
        self.handle.running.terminated(completed.termination)
    }

    /// Closes its input, kills the tree and returns when it is empty, which is waited for at most
    /// [`AFTER_KILL`](crate::AFTER_KILL).
    ///
    /// # Errors
    /// As for [`Process::terminate`].
    pub async fn kill(&self) -> Result<Terminated, TerminateError> {
        self.terminate(Escalation::kill()).await
    }

    /// Returns where its input is written; `None` if it is not piped, or closed.
    pub fn stdin(&mut self) -> Option<&mut Stdin> {
        let stdin = self.stdin.get_mut();
        stdin.unwrap_or_else(PoisonError::into_inner).as_mut()
    }

    /// Takes where its input is written.
    pub fn take_stdin(&self) -> Option<Stdin> {
        self.lock_stdin().take()
    }

    /// Closes its input: once it has read what was written, it reads the end.
    pub fn close_stdin(&self) {
        drop(self.take_stdin());
    }

    /// Returns one who reads its standard output from now on, after what is kept for replay.
    ///
    /// # Errors
    /// [`OutputError::NotCaptured`], or [`OutputError::Taken`] if it is for one consumer and has
    /// one.
    pub fn stdout(&self) -> Result<Subscription, OutputError> {
        self.subscribe(StdStream::Stdout)
    }

    /// Returns one who reads its standard error.
    ///
    /// # Errors
    /// As for [`Process::stdout`].
    pub fn stderr(&self) -> Result<Subscription, OutputError> {
        self.subscribe(StdStream::Stderr)
    }

    /// Takes the process and its streams apart. What becomes of the tree when the process is
    /// dropped is as before.
    pub fn into_parts(mut self) -> Parts {
        Parts {
            stdin: self.take_stdin(),
            stdout: self.take(StdStream::Stdout),
            stderr: self.take(StdStream::Stderr),
            process: self,
        }
    }

    fn subscribe(&self, stream: StdStream) -> Result<Subscription, OutputError> {
        Subscription::new(self.handle.reader(stream, || Ok(Bell::for_task()))?)
    }

    /// Takes a stream out of the process. One that can't be read now stays there: were it dropped,
    /// the process would be killed by what it writes next.
    fn take(&mut self, stream: StdStream) -> Option<Subscription> {
        let subscription = self.subscribe(stream).ok()?;
        self.handle.forget(stream);
        Some(subscription)
    }

    fn lock_stdin(&self) -> MutexGuard<'_, Option<Stdin>> {
        self.stdin.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn attend<O: ChunkVisitor, E: ChunkVisitor>(
        &self,
        options: CompletionOptions<O, E>,
    ) -> Result<Attendance<'_, O, E>, CompletionError> {
        self.close_stdin();
        self.handle.attend(options)
    }

    /// Drives a wait to its end: this loop is all that the tokio front adds.
    async fn drive<O: ChunkVisitor, E: ChunkVisitor>(
        &self,
        mut attendance: Attendance<'_, O, E>,
    ) -> Result<Completed<O::Output, E::Output>, CompletionError> {
        let error = |source| self.handle.running.watch_error(source);
        let watched = attendance
            .poller
            .descriptor()
            .and_then(watch)
            .map_err(error)?;
        let mut ready: Option<Guard<'_>> = None;
        loop {
            match attendance.turn().map_err(error)? {
                Turn::Again => ::tokio::task::yield_now().await,
                Turn::Done(finish) => return attendance.finish(finish),
                Turn::Wait(until) => {
                    // The turn found nothing more, so what was told is dealt with. What was told
                    // since the guard was made is not forgotten with it.
                    if let Some(mut told) = ready.take() {
                        told.clear_ready();
                    }
                    ready = readable(&watched, until).await.map_err(error)?;
                }
            }
        }
    }
}

impl Deref for Process {
    type Target = Handle;

    fn deref(&self) -> &Handle {
        &self.handle
    }
}
