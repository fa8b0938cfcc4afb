use std::time::Duration;

use crate::escalation::{AFTER_KILL, Escalation, InvalidEscalation, Phase};
use crate::signal::Signal;

/// The phases of an ending on Unix before KILL, which always follows. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnixPhases(Vec<Phase>);

/// How a tree is asked to end before it is killed, on every platform.
///
/// Both platforms have to be answered for wherever the program is compiled: a program that is
/// written on one of them and given no thought on the other shows it here and not in the field.
///
/// ```
/// use std::time::Duration;
/// use foster_process::{GracefulTimeouts, UnixPhases};
///
/// let second = Duration::from_secs(1);
/// let timeouts = GracefulTimeouts::builder()
///     .unix(UnixPhases::interrupt_then_terminate(second, 4 * second))
///     .windows(5 * second)
///     .build();
/// assert_eq!(timeouts.total(), 5 * second);
/// ```
///
/// One without the other does not compile:
///
/// ```compile_fail,E0599
/// # use std::time::Duration;
/// # use foster_process::{GracefulTimeouts, UnixPhases};
/// let unix = UnixPhases::terminate_only(Duration::from_secs(1));
/// GracefulTimeouts::builder().unix(unix).build();
/// ```
///
/// ```compile_fail,E0599
/// # use std::time::Duration;
/// # use foster_process::GracefulTimeouts;
/// GracefulTimeouts::builder().windows(Duration::from_secs(1)).build();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GracefulTimeouts {
    unix: UnixPhases,
    windows: Duration,
}

/// A platform that has not been answered for.
#[derive(Debug, Clone, Copy)]
pub struct Unset;

/// How long `CTRL_BREAK` has to be heard on Windows.
#[derive(Debug, Clone, Copy)]
pub struct CtrlBreak(Duration);

/// Collects a [`GracefulTimeouts`]. `U` and `W` say whether Unix and Windows were answered for;
/// only with both is there a `build`.
#[derive(Debug, Clone)]
#[must_use]
pub struct GracefulTimeoutsBuilder<U, W> {
    unix: U,
    windows: W,
}

impl UnixPhases {
    /// INT, then TERM, each with its grace. A grace of zero sends the signal and escalates at once.
    #[must_use]
    pub fn interrupt_then_terminate(interrupt: Duration, terminate: Duration) -> Self {
        Self(vec![
            phase(Signal::INT, interrupt),
            phase(Signal::TERM, terminate),
        ])
    }

    /// TERM alone. A grace of zero sends it and escalates at once.
    #[must_use]
    pub fn terminate_only(grace: Duration) -> Self {
        Self(vec![phase(Signal::TERM, grace)])
    }

    /// INT alone. A grace of zero sends it and escalates at once.
    #[must_use]
    pub fn interrupt_only(grace: Duration) -> Self {
        Self(vec![phase(Signal::INT, grace)])
    }

    /// Any phases, in this order. A closing KILL may be named, and is kept.
    ///
    /// # Errors
    /// If there are none, or if one follows KILL.
    pub fn custom(phases: Vec<Phase>) -> Result<Self, InvalidEscalation> {
        Escalation::new(phases.clone(), AFTER_KILL)?;
        Ok(Self(phases))
    }

    /// Returns the phases as they were given, without a KILL that was not named.
    pub fn phases(&self) -> &[Phase] {
        &self.0
    }

    fn until_kill(&self) -> Duration {
        let polite = self.0.iter().filter(|phase| phase.signal != Signal::KILL);
        polite.fold(Duration::ZERO, |sum, phase| sum.saturating_add(phase.grace))
    }
}

fn phase(signal: Signal, grace: Duration) -> Phase {
    Phase { signal, grace }
}

impl GracefulTimeouts {
    /// Returns a builder that demands an answer for Unix and for Windows.
    pub fn builder() -> GracefulTimeoutsBuilder<Unset, Unset> {
        GracefulTimeoutsBuilder {
            unix: Unset,
            windows: Unset,
        }
    }

    /// On Unix INT, `grace`, TERM, `grace`, KILL; on Windows `CTRL_BREAK`, `grace`, the end of the
    /// job object.
    pub fn both(grace: Duration) -> Self {
        Self {
            unix: UnixPhases::interrupt_then_terminate(grace, grace),
            windows: grace,
        }
    }

    /// Returns what is done on Unix.
    pub fn unix(&self) -> &UnixPhases {
        &self.unix
    }

    /// Returns how long `CTRL_BREAK` has to be heard on Windows before the job object is ended.
    pub fn windows(&self) -> Duration {
        self.windows
    }

    /// Returns the phases for the platform that this runs on, as they were given.
    pub fn phases(&self) -> &[Phase] {
        self.unix.phases()
    }

    /// Returns the longest time from the first signal to KILL on the platform that this runs on:
    /// the sum of the graces, [`Duration::MAX`] if that is more than it can hold. The wait for what
    /// was killed to be gone, at most [`AFTER_KILL`], comes after it.
    pub fn total(&self) -> Duration {
        self.unix.until_kill()
    }
}

impl From<&GracefulTimeouts> for Escalation {
    /// The escalation for the platform that this runs on; after KILL it waits for [`AFTER_KILL`].
    fn from(timeouts: &GracefulTimeouts) -> Self {
        Self::of_checked(timeouts.unix.0.clone())
    }
}

impl From<GracefulTimeouts> for Escalation {
    fn from(timeouts: GracefulTimeouts) -> Self {
        Self::from(&timeouts)
    }
}

impl<U, W> GracefulTimeoutsBuilder<U, W> {
    /// Answers for Unix.
    pub fn unix(self, phases: UnixPhases) -> GracefulTimeoutsBuilder<UnixPhases, W> {
        GracefulTimeoutsBuilder {
            unix: phases,
            windows: self.windows,
        }
    }

    /// Answers for Windows: how long `CTRL_BREAK` has to be heard. With zero it is sent and the job
    /// object is ended at once.
    pub fn windows(self, ctrl_break: Duration) -> GracefulTimeoutsBuilder<U, CtrlBreak> {
        GracefulTimeoutsBuilder {
            unix: self.unix,
            windows: CtrlBreak(ctrl_break),
        }
    }
}

impl GracefulTimeoutsBuilder<UnixPhases, CtrlBreak> {
    /// Returns what was collected.
    pub fn build(self) -> GracefulTimeouts {
        GracefulTimeouts {
            unix: self.unix,
            windows: self.windows.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use proptest::prelude::*;

    use super::*;
    use crate::escalation::Step;

    const MS: Duration = Duration::from_millis(1);

    /// What is sent to a tree that never ends, and when.
    fn sent(timeouts: &GracefulTimeouts) -> Vec<(Signal, Duration)> {
        let start = Instant::now();
        let (mut now, mut sent) = (start, Vec::new());
        let mut machine = Escalation::from(timeouts);
        loop {
            match machine.poll(now, false) {
                Step::Send { signal, .. } => sent.push((signal, now - start)),
                Step::WaitUntil(due) => now = due,
                Step::Done { .. } => return sent,
            }
        }
    }

    #[test]
    fn both_interrupts_then_terminates_then_kills() {
        let timeouts = GracefulTimeouts::both(30 * MS);
        let expected = [
            (Signal::INT, Duration::ZERO),
            (Signal::TERM, 30 * MS),
            (Signal::KILL, 60 * MS),
        ];
        assert_eq!(sent(&timeouts), expected);
        assert_eq!((timeouts.total(), timeouts.windows()), (60 * MS, 30 * MS));
    }

    #[test]
    fn without_a_grace_each_signal_is_sent_all_the_same() {
        let signals: Vec<_> = sent(&GracefulTimeouts::both(Duration::ZERO));
        assert!(signals.iter().all(|(_, at)| *at == Duration::ZERO));
        assert_eq!(signals.len(), 3);
    }

    #[test]
    fn phases_that_make_no_sense_are_refused() {
        let kill = phase(Signal::KILL, MS);
        let empty = UnixPhases::custom(vec![]);
        assert_eq!(empty, Err(InvalidEscalation::Empty));
        let after = UnixPhases::custom(vec![kill, phase(Signal::TERM, MS)]);
        assert_eq!(after, Err(InvalidEscalation::AfterKill));
        let hup = vec![phase(Signal::HUP, MS), kill];
        assert_eq!(UnixPhases::custom(hup.clone()).unwrap().phases(), hup);
    }

    #[test]
    fn a_grace_without_end_is_no_panic() {
        let timeouts = GracefulTimeouts::both(Duration::MAX);
        assert_eq!(timeouts.total(), Duration::MAX);
        let mut machine = Escalation::from(&timeouts);
        machine.poll(Instant::now(), false);
        assert!(matches!(
            machine.poll(Instant::now(), false),
            Step::WaitUntil(_)
        ));
    }

    proptest! {
        #[test]
        fn kill_comes_after_the_total(first in 0u64..100_000, second in 0u64..100_000) {
            let (first, second) = (Duration::from_millis(first), Duration::from_millis(second));
            let timeouts = GracefulTimeouts::builder()
                .windows(first)
                .unix(UnixPhases::interrupt_then_terminate(first, second))
                .build();
            let sent = sent(&timeouts);
            prop_assert_eq!(sent.last(), Some(&(Signal::KILL, timeouts.total())));
        }
    }
}
