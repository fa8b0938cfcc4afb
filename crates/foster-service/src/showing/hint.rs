use foster_model::{JobRecord, State};

use crate::reaching::watch::is_only_defined;

/// Returns the next sensible command, or what could have been done better.
pub(crate) fn hint(record: &JobRecord) -> Option<String> {
    let id = record.job_id;
    let ended = |state| matches!(state, State::Exited | State::Killed | State::Lost);
    match record.state {
        State::Running => Some(format!("foster wait {id}")),
        State::Created if is_only_defined(record) => Some(format!("foster start {id}")),
        _ if record.stragglers.iter().any(|straggler| straggler.ended) => Some(
            "it left processes behind, which were ended: run them as jobs of their own, or use \
             --stragglers leave"
                .to_owned(),
        ),
        state if ended(state) && record.exit_code != Some(0) => Some(look_at_output(record)),
        _ => None,
    }
}

/// Programs tell on standard error what went wrong, if they wrote there at all.
fn look_at_output(record: &JobRecord) -> String {
    let id = record.job_id;
    if record.stderr.observed_bytes > 0 {
        format!("foster logs {id} --stderr")
    } else {
        format!("foster logs {id}")
    }
}

#[cfg(test)]
mod tests {
    use foster_model::{JobId, StreamTotals};

    use super::*;

    #[test]
    fn the_next_command_depends_on_how_the_job_stands() {
        let id = JobId::from_parts(1, 1);
        let shown = |change: &dyn Fn(&mut JobRecord)| {
            let mut record = JobRecord::new(id);
            change(&mut record);
            hint(&record).map(|hint| hint.replace(&id.to_string(), "ID"))
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(shown(&|_| {}), some("foster start ID"));
        assert_eq!(shown(&|r| r.state = State::Running), some("foster wait ID"));
        let exited = |code, stderr| {
            move |r: &mut JobRecord| {
                (r.state, r.exit_code) = (State::Exited, Some(code));
                r.stderr = StreamTotals {
                    redactions: 0,
                    observed_bytes: stderr,
                    omitted_bytes: 0,
                };
            }
        };
        assert_eq!(shown(&exited(0, 5)), None);
        assert_eq!(shown(&exited(1, 5)), some("foster logs ID --stderr"));
        assert_eq!(shown(&exited(1, 0)), some("foster logs ID"));
        assert_eq!(shown(&|r| r.state = State::Failed), None);
    }
}
