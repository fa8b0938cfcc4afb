use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::bounds::LAST_WORDS;

/// Until when sinks are told, and whether that was cut short.
#[derive(Debug, Default)]
pub struct Closing {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    until: Option<Instant>,
    stopped: bool,
    /// How many commands are being started.
    starting: usize,
}

impl Closing {
    /// Nothing is begun after that time.
    pub fn close_at(&self, until: Instant) {
        self.lock().until = Some(until);
        self.changed.notify_all();
    }

    /// Nothing is begun from now on, and what was not told yet is left to another notifier. Returns
    /// when no command is being started any more, so that whoever ends them all misses none; a start
    /// that hangs is not waited for.
    pub fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
        let started = |state: &mut State| state.starting > 0;
        let waited = self
            .changed
            .wait_timeout_while(self.lock(), LAST_WORDS, started);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// Returns whether it was cut short.
    pub fn is_stopped(&self) -> bool {
        self.lock().stopped
    }

    /// Returns whether nothing may be begun any more.
    pub fn is_closed(&self) -> bool {
        self.lock().is_closed()
    }

    /// Waits for so long, unless all is over before. Returns whether anything may be begun then.
    pub fn rest(&self, pause: Duration) -> bool {
        let until = Instant::now() + pause;
        let mut state = self.lock();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || state.ends_before(until) {
                return !state.ends_before(until);
            }
            let woken = self.changed.wait_timeout(state, left);
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Starts a command, if anything may be begun.
    pub fn start<T>(&self, start: impl FnOnce() -> T) -> Option<T> {
        let mut state = self.lock();
        if state.is_closed() {
            return None;
        }
        state.starting += 1;
        // Not held meanwhile: a program on a server that is gone would hold up the other sinks.
        drop(state);
        let started = start();
        self.lock().starting -= 1;
        self.changed.notify_all();
        Some(started)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_closed(&self) -> bool {
        self.ends_before(Instant::now())
    }

    fn ends_before(&self, time: Instant) -> bool {
        self.stopped || self.until.is_some_and(|until| until <= time)
    }
}
