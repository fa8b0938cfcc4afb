use foster_model::{JobRecord, State};

/// Returns the next sensible command.
pub(crate) fn hint(record: &JobRecord) -> Option<String> {
    let id = record.job_id;
    match record.state {
        State::Running => Some(format!("foster wait {id}")),
        _ if record.stragglers.iter().any(|straggler| straggler.ended) => Some(
            "it left processes behind, which were ended: run them as jobs of their own, or use \
             --stragglers leave"
                .to_owned(),
        ),
        _ => None,
    }
}
