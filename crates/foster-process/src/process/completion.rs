//! When a process is done with: pure, told the time and what has happened.

use std::time::{Duration, Instant};

/// How long output is read on after the leader has ended, when somebody else still holds it open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drain {
    /// So long without a new byte, and it is given up.
    pub quiet: Duration,
    /// So long in all, and it is given up.
    pub at_most: Duration,
}

impl Default for Drain {
    /// Returns two seconds of quiet, ten in all.
    fn default() -> Self {
        Self {
            quiet: Duration::from_secs(2),
            at_most: Duration::from_secs(10),
        }
    }
}

impl Drain {
    /// Returns when it is given up that began at `from` and saw its newest byte at `last_output`:
    /// each byte puts off the end, up to the limit, so that a slow writer is not cut short. `None` if
    /// that is too far away to be told: it is never given up.
    pub fn due(&self, from: Instant, last_output: Instant) -> Option<Instant> {
        let quiet = last_output.max(from).checked_add(self.quiet);
        let limit = from.checked_add(self.at_most);
        quiet.into_iter().chain(limit).min()
    }
}

/// What the machine is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Whether the leader has ended.
    pub exited: bool,
    /// Whether an output that is read has not come to its end.
    pub open: bool,
    /// When the newest byte came.
    pub last_output: Option<Instant>,
    /// How far an escalation is.
    pub termination: Progress,
}

/// How far an escalation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    None,
    UnderWay,
    /// It ended, at this moment.
    Over(Instant),
}

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// Nothing before this moment (`None`: whenever), unless something happens.
    Wait(Option<Instant>),
    /// The tree is to be ended.
    Terminate,
    /// It is done with.
    Finish(Finish),
}

/// Why it is done with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finish {
    /// The leader has ended, and so has all that was to be read.
    Ended,
    /// The leader has ended, and somebody holds its output open.
    HeldOpen,
    /// Time is over.
    Deadline,
}

/// Decides when a process is done with.
#[derive(Debug, Clone)]
pub(crate) struct Completion {
    pub deadline: Option<Instant>,
    /// Whether the tree is ended at the deadline.
    pub terminates: bool,
    /// How long output is waited for; `None` if the leader's end is all that counts.
    pub drain: Option<Drain>,
    drain_from: Option<Instant>,
}

impl Completion {
    pub fn new(deadline: Option<Instant>, terminates: bool, drain: Option<Drain>) -> Self {
        Self {
            deadline,
            terminates,
            drain,
            drain_from: None,
        }
    }

    pub fn poll(&mut self, now: Instant, facts: Facts) -> Due {
        let over = match facts.termination {
            Progress::UnderWay => return Due::Wait(None),
            Progress::Over(at) => Some(at),
            Progress::None => None,
        };
        let drained = match self.drain.filter(|_| facts.open) {
            _ if !facts.exited => None,
            None => return Due::Finish(Finish::Ended),
            Some(drain) => {
                let from = *self.drain_from.get_or_insert(over.unwrap_or(now));
                drain.due(from, facts.last_output.unwrap_or(from))
            }
        };
        let draining = facts.exited && facts.open;
        if drained.is_some_and(|due| now >= due) {
            return Due::Finish(Finish::HeldOpen);
        }
        if over.is_some() {
            // What an escalation could not end is not waited for.
            return if draining {
                Due::Wait(drained)
            } else {
                Due::Finish(Finish::Deadline)
            };
        }
        if self.deadline.is_some_and(|deadline| now >= deadline) {
            return if self.terminates {
                Due::Terminate
            } else {
                Due::Finish(Finish::Deadline)
            };
        }
        Due::Wait([self.deadline, drained].into_iter().flatten().min())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const DRAIN: Drain = Drain {
        quiet: Duration::from_millis(20),
        at_most: Duration::from_millis(100),
    };

    fn facts(exited: bool, open: bool) -> Facts {
        Facts {
            exited,
            open,
            last_output: None,
            termination: Progress::None,
        }
    }

    #[test]
    fn without_a_deadline_it_waits_for_ever() {
        let now = Instant::now();
        let mut machine = Completion::new(None, false, Some(DRAIN));
        assert_eq!(machine.poll(now, facts(false, true)), Due::Wait(None));
        assert_eq!(machine.poll(now, facts(false, false)), Due::Wait(None));
        assert_eq!(
            machine.poll(now, facts(true, false)),
            Due::Finish(Finish::Ended)
        );
    }

    #[test]
    fn held_output_is_given_up_after_quiet_that_each_byte_puts_off() {
        let start = Instant::now();
        let mut machine = Completion::new(None, false, Some(DRAIN));
        let quiet = |at| Due::Wait(Some(start + at * MS));
        assert_eq!(machine.poll(start, facts(true, true)), quiet(20));
        let heard = Facts {
            last_output: Some(start + 15 * MS),
            ..facts(true, true)
        };
        assert_eq!(machine.poll(start + 20 * MS, heard), quiet(35));
        let heard = Facts {
            last_output: Some(start + 99 * MS),
            ..facts(true, true)
        };
        assert_eq!(machine.poll(start + 99 * MS, heard), quiet(100));
        assert_eq!(
            machine.poll(start + 100 * MS, heard),
            Due::Finish(Finish::HeldOpen)
        );
    }

    #[test]
    fn at_the_deadline_the_tree_is_ended_or_left() {
        let start = Instant::now();
        for terminates in [false, true] {
            let mut machine = Completion::new(Some(start + 10 * MS), terminates, Some(DRAIN));
            let due = Due::Wait(Some(start + 10 * MS));
            assert_eq!(machine.poll(start, facts(false, true)), due);
            let then = machine.poll(start + 10 * MS, facts(false, true));
            if !terminates {
                assert_eq!(then, Due::Finish(Finish::Deadline));
                continue;
            }
            assert_eq!(then, Due::Terminate);
            let mut ending = facts(false, true);
            ending.termination = Progress::UnderWay;
            assert_eq!(machine.poll(start + 11 * MS, ending), Due::Wait(None));
            ending.termination = Progress::Over(start + 50 * MS);
            ending.exited = true;
            let drained = Due::Wait(Some(start + 70 * MS));
            assert_eq!(machine.poll(start + 51 * MS, ending), drained);
            ending.exited = false;
            assert_eq!(
                machine.poll(start + 51 * MS, ending),
                Due::Finish(Finish::Deadline)
            );
        }
    }

    #[test]
    fn the_leaders_end_alone_can_be_what_counts() {
        let mut machine = Completion::new(None, false, None);
        assert_eq!(
            machine.poll(Instant::now(), facts(true, true)),
            Due::Finish(Finish::Ended)
        );
    }

    proptest! {
        /// Whatever happens, it never waits for a moment that is over, and ends once the leader has
        /// and the drain's time is up.
        #[test]
        fn it_never_waits_for_the_past(
            exit_at in 0u64..300,
            close_at in 0u64..600,
            deadline in prop::option::of(0u64..500),
            bytes in prop::collection::btree_set(0u64..500, 0..20),
            step in 1u64..40,
        ) {
            let start = Instant::now();
            let at = |ms: u64| start + Duration::from_millis(ms);
            let mut machine = Completion::new(deadline.map(at), false, Some(DRAIN));
            let mut now = 0;
            let finish = loop {
                prop_assert!(now <= 1000);
                let facts = Facts {
                    exited: now >= exit_at,
                    open: now < close_at,
                    last_output: bytes.iter().rfind(|b| **b <= now).map(|b| at(*b)),
                    termination: Progress::None,
                };
                match machine.poll(at(now), facts) {
                    Due::Wait(Some(due)) => prop_assert!(due > at(now)),
                    Due::Wait(None) => prop_assert!(deadline.is_none() && !facts.exited),
                    Due::Terminate => prop_assert!(false),
                    Due::Finish(finish) => break finish,
                }
                now += step;
            };
            match finish {
                Finish::Ended => prop_assert!(now >= exit_at && now >= close_at),
                Finish::HeldOpen => prop_assert!(now >= exit_at && now < close_at),
                Finish::Deadline => prop_assert!(deadline.is_some_and(|d| now >= d)),
            }
        }
    }
}
