use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foster_api::Failure;
use foster_model::ErrorCode;
use foster_service::Interrupt;

/// Everything that is under way, so that it can be called back at the end.
#[derive(Debug, Default)]
pub struct Interrupts(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    underway: HashMap<u64, Interrupt>,
    next: u64,
    ending: bool,
}

impl Interrupts {
    /// Begins something that can be interrupted.
    ///
    /// # Errors
    /// The server ends, or no descriptor is left.
    pub fn begin(self: &Arc<Self>) -> Result<Underway, Failure> {
        let interrupt = Interrupt::new().map_err(|error| {
            let message = format!("the request can't be waited for: {error}");
            Failure::with_hint(ErrorCode::ResourcesExhausted, message, None)
        })?;
        let mut state = self.state();
        if state.ending {
            let message = "the server is about to end";
            return Err(Failure::with_hint(ErrorCode::TooBusy, message, None));
        }
        let number = state.next;
        state.next += 1;
        state.underway.insert(number, interrupt.clone());
        drop(state);
        Ok(Underway {
            all: Arc::clone(self),
            number,
            interrupt,
        })
    }

    /// Interrupts all that is under way, and lets nothing begin any more.
    pub fn end(&self) {
        let mut state = self.state();
        state.ending = true;
        for interrupt in state.underway.values() {
            interrupt.interrupt();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change is complete before anything that could panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Something that is under way on behalf of a client; dropped, it is interrupted.
#[derive(Debug)]
pub struct Underway {
    all: Arc<Interrupts>,
    number: u64,
    interrupt: Interrupt,
}

impl Underway {
    /// Returns what the verb is called back with.
    pub fn interrupt(&self) -> Interrupt {
        self.interrupt.clone()
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        self.interrupt.interrupt();
        self.all.state().underway.remove(&self.number);
    }
}
