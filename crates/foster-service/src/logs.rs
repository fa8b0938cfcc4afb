use std::io;
use std::time::{Duration, Instant};

use foster_model::answer::{LogLine, LogPosition, LogsAnswer};
use foster_model::{JobRecord, JobSelector, Moment};
use foster_store::{JobFolder, LineMerger, RawLine, Root, Stream};

use crate::choosing::run_choice::record_of;
use crate::context::{Context, now};
use crate::error::ServiceError;
use crate::reaching::sleep::Sleep;
use crate::reaching::watch::{Standing, Watcher};
use crate::searching::grep::{Grep, GrepRequest};
use crate::showing::snapshot::is_final;

/// What is told if the files, or the job, can't be looked at.
const UNREADABLE: &str = "the log can't be read";

/// Where `logs` begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// At this offset of each stream that is shown.
    Offset(u64),
    /// With the lines that were complete then, or later.
    Moment(Moment),
}

/// What `logs` is asked for.
#[derive(Debug, Clone)]
pub struct LogsRequest {
    /// The job.
    pub job: JobSelector,
    /// The number of the run; the newest, if none is given.
    pub run: Option<u32>,
    /// The stream, if not both.
    pub only: Option<Stream>,
    /// Where to begin, if not at the beginning.
    pub since: Option<Since>,
    /// Whether to go on until the job's output has ended.
    pub follow: bool,
    /// When following: how long the end of a line is waited for before the line is given out as far as it goes, such as
    /// a prompt, or dots that tell of progress. What follows of it is a line of its own then. `None` to wait for its end.
    pub begun_after: Option<Duration>,
    /// How many bytes of lines at most.
    pub max_bytes: Option<u64>,
    /// Which lines, if not all. One of more than 64 KiB is looked at in pieces, as it is given out.
    pub grep: Option<GrepRequest>,
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
    /// Whether lines were left out between the one given out before and this.
    pub after_a_gap: bool,
}

/// What [`output`] gives out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutputItem {
    /// Job and run are there, and can be read and followed. Comes first, and once.
    Begun,
    /// A line, or a piece of one.
    Line(LogItem),
}

/// Gives out both streams of a job, line by line, in the order in which the lines were complete.
/// The answer tells where to go on; its `lines` are empty, since `sink` has had them.
///
/// # Errors
/// No such job or run, or more than one job; an expression that is none; files that can't be read; a
/// sink that fails. A caller who interrupts it ([`Context::interrupt`]) while it follows.
pub fn logs(
    ctx: &Context,
    request: &LogsRequest,
    sink: &mut dyn FnMut(LogItem) -> io::Result<()>,
) -> Result<LogsAnswer, ServiceError> {
    output(ctx, request, &mut |item| match item {
        OutputItem::Begun => Ok(()),
        OutputItem::Line(line) => sink(line),
    })
}

/// [`logs`] for whoever has to know whether there is anything to wait for, before a line comes.
///
/// # Errors
/// Those of [`logs`].
pub fn output(
    ctx: &Context,
    request: &LogsRequest,
    sink: &mut dyn FnMut(OutputItem) -> io::Result<()>,
) -> Result<LogsAnswer, ServiceError> {
    let grep = request.grep.as_ref().map(Grep::new).transpose()?;
    let (root, folder) = ctx.find(&request.job)?;
    let record = record_of(&root, &folder, request.run)?;
    let run = record.run;
    let mut reader = Reader::new(&folder, run, request, grep, sink)?;
    if request.follow && !is_final(&record) {
        reader.follow(ctx.sleep(), &root, &folder)?;
    } else {
        reader.begin()?;
        reader.read(&record)?;
    }
    let record = record_of(&root, &folder, Some(run))?;
    Ok(LogsAnswer {
        job_id: folder.id(),
        run,
        state: record.state,
        is_final: is_final(&record),
        lines: Vec::new(),
        truncated: reader.truncated,
        next: reader.merger.position(),
    })
}

/// A line, and how many came before it.
type Numbered = (u64, RawLine);

struct Reader<'a> {
    merger: LineMerger,
    sink: &'a mut dyn FnMut(OutputItem) -> io::Result<()>,
    grep: Option<Grep<Numbered>>,
    budget: Option<u64>,
    begun_after: Option<Duration>,
    truncated: bool,
    /// The number of the next line.
    number: u64,
    /// The number of the one that was given out last.
    given: Option<u64>,
}

impl<'a> Reader<'a> {
    fn new(
        folder: &JobFolder,
        run: u32,
        request: &LogsRequest,
        grep: Option<Grep<Numbered>>,
        sink: &'a mut dyn FnMut(OutputItem) -> io::Result<()>,
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
            Some(Since::Moment(moment)) => (LogPosition::default(), Some(moment.time(now()))),
        };
        let run = folder.run(run)?;
        let merger = LineMerger::new(&run, from, request.only, since)?;
        Ok(Self {
            truncated: grep.as_ref().is_some_and(Grep::is_done),
            merger,
            sink,
            grep,
            budget: request.max_bytes,
            begun_after: request.begun_after,
            number: 0,
            given: None,
        })
    }

    fn begin(&mut self) -> Result<(), ServiceError> {
        (self.sink)(OutputItem::Begun).map_err(not_passed_on())
    }

    fn read(&mut self, record: &JobRecord) -> Result<(), ServiceError> {
        self.drain()?;
        // What a running job has begun may become a longer line; of one that is over it is all.
        if is_final(record) {
            self.finish()
        } else {
            Ok(())
        }
    }

    fn follow(
        &mut self,
        sleep: Sleep<'_>,
        root: &Root,
        folder: &JobFolder,
    ) -> Result<(), ServiceError> {
        let mut watcher = Watcher::new(root, folder, None).with_output();
        // Whether it can be followed is seen by that.
        watcher.look()?;
        self.begin()?;
        let mut begun_since = Instant::now();
        loop {
            // Looked at first: whatever was written before an end that is seen here is read below.
            let standing = watcher.look()?;
            let (before, had_begun) = (self.merger.position(), self.merger.has_begun_a_line());
            self.drain()?;
            if self.merger.position() != before || !had_begun {
                begun_since = Instant::now();
            }
            if self.truncated {
                return Ok(());
            }
            let patience = self.patience(begun_since);
            if patience.is_zero() {
                self.give_begun()?;
                continue;
            }
            match watcher.descriptor() {
                Some(descriptor) if standing == Standing::Going => {
                    let sleep = sleep.over(folder.id());
                    sleep.until(&[descriptor], patience, UNREADABLE)?;
                }
                _ => return self.finish(),
            }
        }
    }

    /// Returns how long the end of a line that was begun is still waited for.
    fn patience(&self, begun_since: Instant) -> Duration {
        match self.begun_after {
            Some(after) if self.merger.has_begun_a_line() => {
                after.saturating_sub(begun_since.elapsed())
            }
            _ => Duration::MAX,
        }
    }

    fn give_begun(&mut self) -> Result<(), ServiceError> {
        while !self.truncated
            && let Some(line) = self.merger.begun_line()
        {
            self.choose(line)?;
        }
        Ok(())
    }

    fn drain(&mut self) -> Result<(), ServiceError> {
        while !self.truncated
            && let Some(line) = self.merger.next_line().map_err(failed())?
        {
            self.choose(line)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), ServiceError> {
        while !self.truncated
            && let Some(line) = self.merger.finish().map_err(failed())?
        {
            self.choose(line)?;
        }
        Ok(())
    }

    fn choose(&mut self, line: RawLine) -> Result<(), ServiceError> {
        let line = (self.number, line);
        self.number += 1;
        let Some(mut grep) = self.grep.take() else {
            return self.give(line, None);
        };
        let matches = grep.matches(&line.1.bytes);
        let result = grep.take(line, matches, |line, matches| {
            self.give(line, Some(matches))
        });
        self.truncated |= grep.is_done();
        self.grep = Some(grep);
        result
    }

    fn give(
        &mut self,
        (number, line): Numbered,
        matches: Option<bool>,
    ) -> Result<(), ServiceError> {
        if self.truncated {
            // Several come at once with their context.
            return Ok(());
        }
        let before = self.given.replace(number);
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
            matches,
        };
        (self.sink)(OutputItem::Line(LogItem {
            line: shown,
            bytes: line.bytes,
            terminated: line.terminated,
            after_a_gap: before.is_some_and(|before| before + 1 < number),
        }))
        .map_err(not_passed_on())
    }
}

fn not_passed_on() -> impl FnOnce(io::Error) -> ServiceError {
    ServiceError::io("the lines can't be passed on")
}

fn failed() -> impl FnOnce(io::Error) -> ServiceError {
    ServiceError::io(UNREADABLE)
}
