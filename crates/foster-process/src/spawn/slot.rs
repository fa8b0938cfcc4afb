use std::io;
use std::ops::Deref;
use std::sync::atomic::{AtomicI32, Ordering};

use super::error::{SpawnError, explain};
use super::plan::SpawnPlan;
use crate::exit_status::ExitStatus;
use crate::sys::{self, Failure};

/// What a spawning process leaves behind for one that may have to take over from it.
///
/// The kernel writes the pid before the child's first instruction, and the child writes why it
/// could not be executed: there is no moment at which somebody who shares this memory does not
/// know what was started.
#[repr(C)]
#[derive(Debug, Default)]
pub struct SpawnSlot {
    pub(crate) pid: AtomicI32,
    stage: AtomicI32,
    errno: AtomicI32,
    detail: AtomicI32,
    /// How it ended, as `wait(2)` tells it, and [`TOLD`].
    end: AtomicI32,
}

/// What tells an end from none: a wait word has 16 bits.
const TOLD: i32 = 1 << 16;

/// A [`SpawnSlot`] that stays shared with children made by [`crate::fork`].
#[derive(Debug)]
pub struct SharedSlot(sys::SharedMemory);

impl SpawnSlot {
    /// Returns the pid of what was started with this slot, if anything was.
    pub fn pid(&self) -> Option<i32> {
        Some(self.pid.load(Ordering::SeqCst)).filter(|pid| *pid > 0)
    }

    /// Returns whether what was started could not be executed.
    pub fn failed(&self) -> bool {
        self.stage.load(Ordering::SeqCst) != 0
    }

    /// Returns why it could not be executed, if so.
    pub fn failure(&self, plan: &SpawnPlan<'_>) -> Option<SpawnError> {
        Some(explain(plan, self.raw_failure()?))
    }

    /// Returns what could not be done, as the child wrote it.
    pub(crate) fn raw_failure(&self) -> Option<Failure> {
        let load = |word: &AtomicI32| word.load(Ordering::SeqCst);
        Failure::from_words([load(&self.stage), load(&self.errno), load(&self.detail)])
    }

    /// Writes what could not be done; the stage last, since it says that the others are there.
    /// Only stores: also for a child that may do nothing else.
    pub(crate) fn fail(&self, failure: Failure) {
        let [stage, errno, detail] = failure.words();
        self.errno.store(errno, Ordering::SeqCst);
        self.detail.store(detail, Ordering::SeqCst);
        self.stage.store(stage, Ordering::SeqCst);
    }

    /// Leaves word of how it ended, for who is not its parent and can't ask the kernel.
    pub fn tell_end(&self, status: ExitStatus) {
        self.end
            .store(status.to_wait_word() | TOLD, Ordering::SeqCst);
    }

    /// Returns how it ended, if [`SpawnSlot::tell_end`] was called.
    pub fn end(&self) -> Option<ExitStatus> {
        let word = self.end.load(Ordering::SeqCst);
        (word & TOLD != 0)
            .then(|| ExitStatus::from_wait_word(word & !TOLD))
            .flatten()
    }

    /// Forgets what was there before.
    pub(crate) fn clear(&self) {
        self.pid.store(0, Ordering::SeqCst);
        self.stage.store(0, Ordering::SeqCst);
        self.end.store(0, Ordering::SeqCst);
    }
}

impl SharedSlot {
    /// Returns a new, empty slot in memory that forked children share.
    ///
    /// # Errors
    /// `ENOMEM` if there is no memory for it.
    pub fn new() -> io::Result<Self> {
        sys::SharedMemory::new().map(Self)
    }
}

impl Deref for SharedSlot {
    type Target = SpawnSlot;

    fn deref(&self) -> &SpawnSlot {
        self.0.slot()
    }
}
