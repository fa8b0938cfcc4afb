use std::io;

use foster_model::answer::{Excerpt, Snapshot};
use foster_model::{JobRecord, OutputEnd};
use foster_store::{DamageError, JobFolder, Stream, StreamLog};

use crate::error::ServiceError;
use crate::showing::digest;

/// How bytes become text in answers.
pub(crate) const ENCODING: &str = "utf-8-lossy";

/// Returns the newest output of a job: the last `lines` lines within `max_bytes` of each stream, or a
/// digest of that size.
///
/// Output that can't be read is told in its place: it hides neither the state nor the exit code.
pub(crate) fn snapshot(
    folder: &JobFolder,
    record: &JobRecord,
    lines: usize,
    max_bytes: u64,
    as_digest: bool,
) -> Result<Snapshot, ServiceError> {
    let is_final = is_final(record);
    let excerpt = |stream| -> Result<Excerpt, ServiceError> {
        let log = match stream_log(folder, record, stream) {
            Err(damage) if damage.removed_job().is_none() => {
                return Ok(unreadable(&damage, observed(record, stream), as_digest));
            }
            log => log?,
        };
        let observed = observed(record, stream).max(log.end());
        let excerpt = if as_digest {
            digest_of(&log, 0, lines, max_bytes, observed, is_final)
        } else {
            log.tail(lines, max_bytes, observed, is_final)
        };
        let failed = ServiceError::io(format!("{} can't be read", stream.as_str()));
        excerpt.map_err(failed)
    };
    Ok(Snapshot {
        is_final,
        encoding: ENCODING.to_owned(),
        stdout: excerpt(Stream::Stdout)?,
        stderr: excerpt(Stream::Stderr)?,
    })
}

/// Opens a stream of the run that a record tells of.
pub(crate) fn stream_log(
    folder: &JobFolder,
    record: &JobRecord,
    stream: Stream,
) -> Result<StreamLog, DamageError> {
    folder.run(record.run)?.stream_log(stream)
}

fn unreadable(damage: &DamageError, observed: u64, as_digest: bool) -> Excerpt {
    let all = (observed > 0).then_some([0, observed]);
    Excerpt {
        tail: (!as_digest).then(String::new),
        digest: None,
        range: [0, 0],
        observed_bytes: observed,
        included_bytes: 0,
        omitted: all.into_iter().collect(),
        omitted_bytes: observed,
        truncated: observed > 0,
        matches: None,
        damage: Some(damage.to_string()),
    }
}

/// Returns the digest of what a stream holds from an offset on, within `max_bytes` and never longer than
/// the excerpt that would be shown instead. Of a long stream its two ends are read, and no more.
pub(crate) fn digest_of(
    log: &StreamLog,
    from: u64,
    lines: usize,
    max_bytes: u64,
    observed: u64,
    is_final: bool,
) -> io::Result<Excerpt> {
    let plain = match from {
        0 => log.tail(lines, max_bytes, observed, is_final)?,
        _ => log.from(from, max_bytes, observed, is_final)?,
    };
    let plain = plain.tail.map_or(0, |text| text.len() as u64);
    let max_bytes = max_bytes.min(plain);
    let parts = log.ends(from, digest::HEAD, digest::TAIL, is_final)?;
    let made = digest::digest(&digest::Source {
        parts: &parts,
        from,
        max_bytes,
        end_lines: lines,
    });
    let observed = observed.max(log.end());
    let start = from.min(log.end());
    let end = parts.last().map_or(start, foster_store::Part::end);
    let omitted = log.omitted(observed);
    Ok(Excerpt {
        matches: None,
        damage: None,
        tail: None,
        range: [parts.first().map_or(start, |part| part.offset), end],
        observed_bytes: observed,
        included_bytes: made.digest.original_bytes,
        omitted_bytes: omitted.iter().map(|[from, to]| to - from).sum(),
        omitted,
        truncated: !made.whole || made.digest.original_bytes < observed,
        digest: Some(made.digest),
    })
}

/// Returns whether nothing will be added to a job's output.
pub(crate) fn is_final(record: &JobRecord) -> bool {
    record.state.is_final() && matches!(record.output, OutputEnd::Complete | OutputEnd::Lost)
}

/// Returns how many bytes of a stream the record knows of; exact once output is closed.
pub(crate) fn observed(record: &JobRecord, stream: Stream) -> u64 {
    match stream {
        Stream::Stdout => record.stdout.observed_bytes,
        Stream::Stderr => record.stderr.observed_bytes,
    }
}
