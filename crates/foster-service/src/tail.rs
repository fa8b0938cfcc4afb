use foster_model::JobSelector;
use foster_model::answer::{Excerpt, TailAnswer};
use foster_store::Stream;

use crate::context::Context;
use crate::error::ServiceError;
use crate::snapshot::{ENCODING, digest_of, is_final, observed};
use crate::watch::shown_record;

/// What `tail` is asked for.
#[derive(Debug, Clone)]
pub struct TailRequest {
    /// The job.
    pub job: JobSelector,
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
}

/// Returns a bounded part of a job's output, with its offsets.
///
/// # Errors
/// No such job, or more than one; files that can't be read.
pub fn tail(ctx: &Context, request: &TailRequest) -> Result<TailAnswer, ServiceError> {
    let (root, folder) = ctx.find(&request.job)?;
    let record = shown_record(&root, &folder)?;
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
        excerpt.map(Some).map_err(failed)
    };
    let path = |stream| {
        let path = folder.log_path(record.run, stream);
        path.to_string_lossy().into_owned()
    };
    Ok(TailAnswer {
        job_id: folder.id(),
        state: record.state,
        is_final,
        encoding: ENCODING.to_owned(),
        stdout: excerpt(Stream::Stdout)?,
        stderr: excerpt(Stream::Stderr)?,
        stdout_log_path: path(Stream::Stdout),
        stderr_log_path: path(Stream::Stderr),
    })
}
