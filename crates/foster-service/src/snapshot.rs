use foster_model::answer::{Excerpt, Snapshot};
use foster_model::{JobRecord, OutputEnd};
use foster_store::{JobFolder, Stream};

use crate::error::ServiceError;

/// How bytes become text in answers.
pub(crate) const ENCODING: &str = "utf-8-lossy";

/// Returns the newest output of a job: the last `lines` lines within `max_bytes` of each stream.
pub(crate) fn snapshot(
    folder: &JobFolder,
    record: &JobRecord,
    lines: usize,
    max_bytes: u64,
) -> Result<Snapshot, ServiceError> {
    let is_final = is_final(record);
    let run = folder.run(record.run)?;
    let excerpt = |stream| -> Result<Excerpt, ServiceError> {
        let log = run.stream_log(stream)?;
        let observed = observed(record, stream).max(log.end());
        log.tail(lines, max_bytes, observed, is_final)
            .map_err(ServiceError::io(format!(
                "{} can't be read",
                stream.as_str()
            )))
    };
    Ok(Snapshot {
        is_final,
        encoding: ENCODING.to_owned(),
        stdout: excerpt(Stream::Stdout)?,
        stderr: excerpt(Stream::Stderr)?,
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
