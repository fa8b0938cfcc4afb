use std::time::Duration;

use foster_model::PhaseSpec;
use foster_process::Signal;

use crate::error::ServiceError;

/// Returns the phases of a job: the caller's, or TERM, the grace, KILL. A grace of nothing means
/// KILL at once.
pub(crate) fn escalation(grace: Duration, phases: Option<Vec<PhaseSpec>>) -> Vec<PhaseSpec> {
    let phase = |signal: Signal| PhaseSpec {
        signal: signal.name(),
        grace,
    };
    match phases {
        Some(phases) => phases,
        None if grace.is_zero() => vec![phase(Signal::KILL)],
        None => vec![phase(Signal::TERM)],
    }
}

/// Returns the phases that a verb was given instead of the job's own; `None` if it was given none.
///
/// # Errors
/// A grace beside phases, which have graces of their own.
pub(crate) fn given_phases(
    grace: Option<Duration>,
    phases: Option<Vec<PhaseSpec>>,
) -> Result<Option<Vec<PhaseSpec>>, ServiceError> {
    match (grace, phases) {
        (Some(_), Some(_)) => {
            let text = "phases have graces of their own: give either of them";
            Err(ServiceError::Invalid(text.to_owned()))
        }
        (None, None) => Ok(None),
        (grace, phases) => Ok(Some(escalation(grace.unwrap_or_default(), phases))),
    }
}
