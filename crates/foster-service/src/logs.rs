use std::io;
use std::time::Duration;

use foster_model::answer::{LogLine, LogPosition, LogsAnswer};
use foster_model::{JobSelector, Time};
use foster_process::wait_any;
use foster_store::{JobFolder, LineMerger, RawLine, Root, Stream};

use crate::context::{Context, now};
use crate::error::ServiceError;
use crate::snapshot::is_final;
use crate::watch::{Standing, Watcher, shown_record};

/// Where `logs` begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// At this offset of each stream that is shown.
    Offset(u64),
    /// With the lines that were complete no longer ago than this.
    Ago(Duration),
}

/// What `logs` is asked for.
#[derive(Debug, Clone)]
pub struct LogsRequest {
    /// The job.
    pub job: JobSelector,
    /// The stream, if not both.
    pub only: Option<Stream>,
    /// Where to begin, if not at the beginning.
    pub since: Option<Since>,
    /// Whether to go on until the job's output has ended.
    pub follow: bool,
    /// How many bytes of lines at most.
    pub max_bytes: Option<u64>,
}

/// One line, as text for answers and as the command wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogItem {
    /// For answers.
    pub line: LogLine,
    /// The exact bytes, without the line's end.
    pub bytes: Vec<u8>,
    /// Whether a line's end followed; without one they are a piece of a line that is very long, or
    /// that never ended.
    pub terminated: bool,
}

/// Gives out both streams of a job, line by line, in the order in which the lines were complete.
/// The answer tells where to go on; its `lines` are empty, since `sink` has had them.
///
/// # Errors
/// No such job, or more than one; files that can't be read; a sink that fails.
pub fn logs(
    ctx: &Context,
    request: &LogsRequest,
    sink: &mut dyn FnMut(LogItem) -> io::Result<()>,
) -> Result<LogsAnswer, ServiceError> {
    let (root, folder) = ctx.find(&request.job)?;
    let mut reader = Reader::new(&folder, request, sink)?;
    if request.follow {
        reader.follow(&root, &folder)?;
    } else {
        reader.read(&root, &folder)?;
    }
    let record = shown_record(&root, &folder)?;
    Ok(LogsAnswer {
        job_id: folder.id(),
        state: record.state,
        is_final: is_final(&record),
        lines: Vec::new(),
        truncated: reader.truncated,
        next: reader.merger.position(),
    })
}

struct Reader<'a> {
    merger: LineMerger,
    sink: &'a mut dyn FnMut(LogItem) -> io::Result<()>,
    budget: Option<u64>,
    truncated: bool,
}

impl<'a> Reader<'a> {
    fn new(
        folder: &JobFolder,
        request: &LogsRequest,
        sink: &'a mut dyn FnMut(LogItem) -> io::Result<()>,
    ) -> Result<Self, ServiceError> {
        let (from, since) = match request.since {
            None => (LogPosition::default(), None),
            Some(Since::Offset(offset)) => (
                LogPosition {
                    stdout: offset,
                    stderr: offset,
                },
                None,
            ),
            Some(Since::Ago(ago)) => {
                let ago = i64::try_from(ago.as_millis()).unwrap_or(i64::MAX);
                let since = Time::from_unix_ms(now().unix_ms().saturating_sub(ago));
                (LogPosition::default(), Some(since))
            }
        };
        let run = folder.run(folder.record()?.run)?;
        let merger = LineMerger::new(&run, from, request.only, since)?;
        Ok(Self {
            merger,
            sink,
            budget: request.max_bytes,
            truncated: false,
        })
    }

    fn read(&mut self, root: &Root, folder: &JobFolder) -> Result<(), ServiceError> {
        let over = is_final(&shown_record(root, folder)?);
        self.drain()?;
        // What a running job has begun may become a longer line; of one that is over it is all.
        if over { self.finish() } else { Ok(()) }
    }

    fn follow(&mut self, root: &Root, folder: &JobFolder) -> Result<(), ServiceError> {
        let mut watcher = Watcher::new(root, folder, None).with_output();
        loop {
            // Looked at first: whatever was written before an end that is seen here is read below.
            let standing = watcher.look()?;
            self.drain()?;
            if self.truncated {
                return Ok(());
            }
            match watcher.descriptor() {
                Some(descriptor) if standing == Standing::Going => {
                    wait_any(&[descriptor], None, Duration::MAX).map_err(failed())?;
                }
                _ => return self.finish(),
            }
        }
    }

    fn drain(&mut self) -> Result<(), ServiceError> {
        while !self.truncated
            && let Some(line) = self.merger.next_line().map_err(failed())?
        {
            self.give(line)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), ServiceError> {
        while !self.truncated
            && let Some(line) = self.merger.finish().map_err(failed())?
        {
            self.give(line)?;
        }
        Ok(())
    }

    fn give(&mut self, line: RawLine) -> Result<(), ServiceError> {
        let length = line.bytes.len() as u64 + 1;
        if let Some(budget) = &mut self.budget {
            *budget = budget.saturating_sub(length);
            self.truncated = *budget == 0;
        }
        let text = String::from_utf8_lossy(&line.bytes).into_owned();
        let stream = line.stream.as_str().to_owned();
        let shown = LogLine {
            at: line.at,
            stream,
            offset: line.offset,
            text,
            partial: line.partial,
        };
        (self.sink)(LogItem {
            line: shown,
            bytes: line.bytes,
            terminated: line.terminated,
        })
        .map_err(ServiceError::io("the lines can't be passed on"))
    }
}

fn failed() -> impl FnOnce(io::Error) -> ServiceError {
    ServiceError::io("the log can't be read")
}
