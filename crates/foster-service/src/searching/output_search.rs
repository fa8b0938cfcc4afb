use foster_model::answer::OutputMatch;
use foster_process::output::{Gap, Match, Matcher, Pattern, PatternSet};
use foster_store::{JobFolder, Stream, StreamLog};

use crate::error::ServiceError;
use crate::searching::grep::expression;
use crate::showing::view::cut;

/// How much is read at once, in bytes.
const BLOCK: usize = 64 * 1024;
/// How much of what was found, and of its line, an answer shows, in bytes.
const MOST_SHOWN: usize = 4096;

/// What is looked for in the output of a job.
#[derive(Debug, Clone)]
pub struct OutputPattern {
    /// What.
    pub what: Wanted,
    /// The stream, if not either.
    pub only: Option<Stream>,
}

/// Text, or an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// This text, wherever it stands; it may go over ends of lines.
    Text(String),
    /// A regular expression in the syntax of the `regex` crate, tried on each line.
    Regex(String),
}

impl OutputPattern {
    /// Returns it in the form in which it is looked for.
    pub(crate) fn set(&self) -> Result<PatternSet, ServiceError> {
        let invalid = |error: foster_process::output::InvalidPattern| {
            ServiceError::Invalid(format!("nothing can be looked for so: {error}"))
        };
        let pattern = match &self.what {
            Wanted::Text(text) => Pattern::substring(text),
            Wanted::Regex(text) => {
                expression(text, false)?;
                Pattern::regex(text).map_err(invalid)?
            }
        };
        PatternSet::new([pattern]).map_err(invalid)
    }
}

/// Looks for a pattern in what a run has printed, from the beginning on and as it grows. Where both
/// streams have it, that of standard output counts.
pub(crate) struct OutputSearch {
    lanes: Vec<Lane>,
}

struct Lane {
    stream: Stream,
    log: StreamLog,
    matcher: Matcher,
    position: u64,
}

impl OutputSearch {
    pub fn new(
        folder: &JobFolder,
        run: u32,
        set: &PatternSet,
        only: Option<Stream>,
    ) -> Result<Self, ServiceError> {
        let run = folder.run(run)?;
        let wanted = |stream: &Stream| only.is_none_or(|only| only == *stream);
        let lane = |stream| {
            let log = run.stream_log(stream)?;
            let matcher = Matcher::new(set.clone());
            Ok(Lane {
                stream,
                log,
                matcher,
                position: 0,
            })
        };
        let lanes: Result<_, ServiceError> =
            Stream::ALL.into_iter().filter(wanted).map(lane).collect();
        Ok(Self { lanes: lanes? })
    }

    /// Looks at what has come since the last look; also at a line that has not ended.
    pub fn look(&mut self) -> Result<Option<OutputMatch>, ServiceError> {
        for lane in &mut self.lanes {
            let found = lane.look();
            let found =
                found.map_err(ServiceError::io(format!("{} can't be read", lane.stream)))?;
            if let Some(found) = found {
                return Ok(Some(shown(lane.stream, found)));
            }
        }
        Ok(None)
    }
}

impl Lane {
    fn look(&mut self) -> std::io::Result<Option<Match>> {
        let mut block = vec![0; BLOCK];
        self.log.refresh()?;
        loop {
            let read = self.log.read_at(self.position, &mut block)?;
            if read > 0 {
                self.position += read as u64;
                if let Some(found) = self.matcher.advance(&block[..read]) {
                    return Ok(Some(found));
                }
                continue;
            }
            let next = self.log.next_present(self.position);
            if next <= self.position {
                // A prompt never ends its line.
                return Ok(self.matcher.settle());
            }
            let gap = Gap {
                offset: self.position,
                bytes: next - self.position,
            };
            self.position = next;
            if let Some(found) = self.matcher.gap(gap) {
                return Ok(Some(found));
            }
        }
    }
}

fn shown(stream: Stream, found: Match) -> OutputMatch {
    OutputMatch {
        stream: stream.as_str().to_owned(),
        offset: found.range.start,
        end: found.range.end,
        text: cut(found.text, MOST_SHOWN),
        line: cut(found.line, MOST_SHOWN),
    }
}
