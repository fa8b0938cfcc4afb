use std::time::Duration;

use foster_model::PhaseSpec;
use foster_process::Signal;

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
