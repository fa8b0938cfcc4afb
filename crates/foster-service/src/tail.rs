use std::io;

use foster_model::JobSelector;
use foster_model::answer::{Excerpt, TailAnswer};
use foster_store::{Stream, StreamLog};

use crate::choosing::run_choice::record_of;
use crate::context::Context;
use crate::error::ServiceError;
use crate::searching::grep::{Grep, GrepRequest};
use crate::showing::snapshot::{ENCODING, digest_of, is_final, observed};

/// What `tail` is asked for.
#[derive(Debug, Clone)]
pub struct TailRequest {
    /// The job.
    pub job: JobSelector,
    /// The number of the run; the newest, if none is given.
    pub run: Option<u32>,
    /// The stream, if not both.
    pub only: Option<Stream>,
    /// How many lines at most; 0 for as many as fit.
    pub lines: usize,
    /// How many bytes of each stream at most.
    pub max_bytes: u64,
    /// Where to begin reading forward, instead of at the last lines: an offset in the stream, such
    /// as the `range[1]` of the answer before.
    pub from: Option<u64>,
    /// Whether to answer with a digest, of all that is there from `from` on. `lines` are then those of
    /// its end.
    pub digest: bool,
    /// Which lines of that part, if not all.
    pub grep: Option<GrepRequest>,
}

/// Returns a bounded part of a job's output, with its offsets.
///
/// # Errors
/// No such job or run, or more than one job; an expression that is none; lines that are to be chosen
/// and digested as well; files that can't be read.
pub fn tail(ctx: &Context, request: &TailRequest) -> Result<TailAnswer, ServiceError> {
    if let Some(grep) = &request.grep {
        // Told before the job is looked for: it is the call that is wrong.
        Grep::<()>::new(grep)?;
        if request.digest {
            // A digest is of what was printed, in its order; of chosen lines it would tell what never was.
            let text = "a digest is made of all lines: --digest and --grep can't be given together";
            return Err(ServiceError::Invalid(text.to_owned()));
        }
    }
    let (root, folder) = ctx.find(&request.job)?;
    let record = record_of(&root, &folder, request.run)?;
    let is_final = is_final(&record);
    let run = folder.run(record.run)?;
    let excerpt = |stream| -> Result<Option<Excerpt>, ServiceError> {
        if request.only.is_some_and(|only| only != stream) {
            return Ok(None);
        }
        let log = run.stream_log(stream)?;
        let observed = observed(&record, stream).max(log.end());
        let (lines, most) = (request.lines, request.max_bytes);
        let excerpt = match request.from {
            from if request.digest => {
                let from = from.unwrap_or(0);
                digest_of(&log, from, lines, most, observed, is_final)
            }
            Some(from) => log.from(from, most, observed, is_final),
            None => log.tail(lines, most, observed, is_final),
        };
        let failed = ServiceError::io(format!("{} can't be read", stream.as_str()));
        let mut excerpt = excerpt.map_err(failed)?;
        if let Some(grep) = &request.grep {
            choose(&log, &mut excerpt, grep)?;
        }
        Ok(Some(excerpt))
    };
    let path = |stream| {
        let path = folder.log_path(record.run, stream);
        path.to_string_lossy().into_owned()
    };
    Ok(TailAnswer {
        job_id: folder.id(),
        run: record.run,
        state: record.state,
        is_final,
        encoding: ENCODING.to_owned(),
        stdout: excerpt(Stream::Stdout)?,
        stderr: excerpt(Stream::Stderr)?,
        stdout_log_path: path(Stream::Stdout),
        stderr_log_path: path(Stream::Stderr),
    })
}

/// Leaves in an excerpt the lines that are wanted.
fn choose(
    log: &StreamLog,
    excerpt: &mut Excerpt,
    request: &GrepRequest,
) -> Result<(), ServiceError> {
    let mut grep = Grep::new(request)?;
    let (mut text, mut offsets) = (String::new(), Vec::new());
    // As they were written: what is no UTF-8 has another length in the text.
    let bytes = read(log, excerpt.range).map_err(ServiceError::io("the log can't be read"))?;
    let mut offset = excerpt.range[0];
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if grep.is_done() {
            break;
        }
        let begin = offset;
        offset += line.len() as u64;
        let matches = grep.matches(line.strip_suffix(b"\n").unwrap_or(line));
        grep.take((begin, line), matches, |(begin, line), matches| {
            text.push_str(&String::from_utf8_lossy(line));
            offsets.extend(matches.then_some(begin));
            Ok::<_, ServiceError>(())
        })?;
    }
    excerpt.tail = Some(text);
    excerpt.matches = Some(offsets);
    Ok(())
}

fn read(log: &StreamLog, [from, to]: [u64; 2]) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(to - from).unwrap_or(usize::MAX)];
    let mut filled = 0;
    while filled < bytes.len() {
        match log.read_at(from + filled as u64, &mut bytes[filled..])? {
            0 => break,
            n => filled += n,
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}
