use std::io;
use std::thread::{self, JoinHandle};

use foster_service::{Context, Interrupt};

/// A thread that watches something, until this is dropped or there is nothing left to watch.
#[derive(Debug)]
pub struct Watch {
    interrupt: Interrupt,
    thread: JoinHandle<()>,
}

impl Watch {
    /// Begins to watch by a function that sleeps with the interrupt of the context that it is given.
    pub fn begin(
        context: &Context,
        watch: impl FnOnce(&Context) + Send + 'static,
    ) -> io::Result<Self> {
        let interrupt = Interrupt::new()?;
        let own = Context {
            interrupt: Some(interrupt.clone()),
            ..context.clone()
        };
        let thread = thread::Builder::new()
            .name("mcp-watch".to_owned())
            .spawn(move || watch(&own))?;
        Ok(Self { interrupt, thread })
    }

    pub fn goes_on(&self) -> bool {
        !self.thread.is_finished()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.interrupt.interrupt();
    }
}
