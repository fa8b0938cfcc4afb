use std::time::Duration;

use foster_model::{AFTER_KILL, PhaseSpec};
use foster_process::{Escalation, InvalidEscalation, Phase, UnknownSignal};

/// The phases can't be carried out here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPhases {
    /// A signal that this system lacks.
    #[error(transparent)]
    Signal(#[from] UnknownSignal),
    /// An order that makes no sense.
    #[error(transparent)]
    Order(#[from] InvalidEscalation),
}

/// Returns phases as the process library has them, checked.
pub fn from_specs(specs: &[PhaseSpec]) -> Result<Vec<Phase>, InvalidPhases> {
    let phases: Vec<Phase> = specs
        .iter()
        .map(|spec| {
            Ok(Phase {
                signal: spec.signal.parse()?,
                grace: spec.grace,
            })
        })
        .collect::<Result<_, UnknownSignal>>()?;
    Escalation::new(phases.clone(), AFTER_KILL)?;
    Ok(phases)
}

/// Returns phases as files have them.
pub fn to_specs(phases: &[Phase]) -> Vec<PhaseSpec> {
    phases
        .iter()
        .map(|phase| PhaseSpec {
            signal: phase.signal.name(),
            grace: phase.grace,
        })
        .collect()
}

/// Returns the same phases with half the time in each.
pub fn halved(phases: &[Phase]) -> Vec<Phase> {
    let half = |grace: Duration| grace / 2;
    phases
        .iter()
        .map(|phase| Phase {
            grace: half(phase.grace),
            ..*phase
        })
        .collect()
}
