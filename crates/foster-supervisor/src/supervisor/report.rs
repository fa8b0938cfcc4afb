use std::time::Duration;

use foster_model::answer::{PhaseReport, StopReport};
use foster_model::{Event, ProcessInfo, Requester, Target};
use foster_process::{Delivery, Signal};

/// Returns the event of a signal that was sent.
pub(super) fn signalled(
    signal: Signal,
    target: Target,
    delivery: Delivery,
    phase: Option<u32>,
    by: Option<Requester>,
) -> Event {
    Event::Signalled {
        signal: signal.name(),
        number: signal.number(),
        target,
        sent: delivery.sent,
        errors: delivery.errors,
        phase,
        by,
    }
}

/// Returns a report as answers have it.
pub fn stop_report(report: &foster_process::Report) -> StopReport {
    let ms = |duration: Duration| duration.as_millis() as u64;
    let phase = |phase: &foster_process::PhaseOutcome| PhaseReport {
        signal: phase.signal.name(),
        number: phase.signal.number(),
        sent: phase.sent,
        waited_ms: ms(phase.waited),
        errors: phase.errors.iter().map(ToString::to_string).collect(),
    };
    let survivor = |survivor: &foster_process::Survivor| ProcessInfo {
        pid: survivor.pid,
        command: survivor.command.clone(),
        reason: Some(survivor.reason.clone()),
    };
    StopReport {
        phases: report.phases.iter().map(phase).collect(),
        empty: Some(report.empty),
        survivors: report.survivors.iter().map(survivor).collect(),
        took_ms: ms(report.took),
    }
}
