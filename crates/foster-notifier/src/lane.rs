use std::os::fd::OwnedFd;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use foster_model::{MatchDelivery, Sink};
use foster_store::LineWriter;

use crate::closing::Closing;
use crate::delivery::{Telling, deliver, result};
use crate::errand::Errand;

/// What all lanes share.
pub struct Shared {
    /// What they are for.
    pub errand: Errand,
    /// Where the results go.
    pub results: Mutex<Option<LineWriter>>,
    /// Until when they go on.
    pub closing: Closing,
}

/// One sink that is told of output: one event after the other, in their order.
pub struct Lane {
    sink: Sink,
    queue: Sender<(u32, Telling)>,
}

impl Lane {
    /// Begins a lane: a thread of its own, which holds `busy` until it has told all.
    pub fn begin(
        sink: Sink,
        shared: &Arc<Shared>,
        busy: Option<Arc<OwnedFd>>,
    ) -> std::io::Result<Self> {
        let (queue, told) = channel();
        let (shared, of) = (Arc::clone(shared), sink.clone());
        std::thread::Builder::new().spawn(move || {
            serve(&of, &told, &shared);
            drop(busy);
        })?;
        Ok(Self { sink, queue })
    }

    /// Returns whether it is this sink's.
    pub fn is_for(&self, sink: &Sink) -> bool {
        self.sink == *sink
    }

    /// Queues an event of a rule.
    pub fn tell(&self, rule: u32, telling: Telling) {
        // A thread that is gone has nobody to tell.
        let _ = self.queue.send((rule, telling));
    }
}

fn serve(sink: &Sink, told: &Receiver<(u32, Telling)>, shared: &Shared) {
    for (rule, telling) in told {
        let outcome = if shared.closing.is_closed() {
            let given_up = Err("the run was over too long ago".to_owned());
            result(sink, 0, given_up, &shared.errand)
        } else {
            deliver(sink, &telling, shared)
        };
        if shared.closing.is_stopped() && !outcome.success {
            // Written down, it would count as told, and nobody would ever be.
            return;
        }
        let mut results = shared
            .results
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(results) = results.as_mut() {
            // A result that can't be written (a full disk) is known to nobody, and the sink was told.
            let _ = results.append_delivery(&MatchDelivery {
                event_offset: telling.offset.unwrap_or_default(),
                rule,
                result: outcome,
            });
        }
    }
}
