use std::os::fd::AsFd;

use foster_process::widen_pipe;

/// How much a pipe holds that nobody has changed.
const USUAL: u64 = 64 * 1024;

/// How much one holds whose command fills it. Four times as much saves most of the turns in which writer
/// and reader wait for each other; more than that saved next to nothing and does not fit into the cache.
const WIDE: u64 = 256 * 1024;

/// How much the pipe of a stream holds: more, once the command has filled it.
///
/// Pipes are wide on demand, because what the pipes of a user hold together is limited (64 MiB, unless
/// root has changed it): were all as wide, a few hundred quiet jobs would take it all, and every program
/// of his would get pipes of two pages.
#[derive(Debug)]
pub struct Width {
    capacity: u64,
    asked: bool,
}

impl Default for Width {
    fn default() -> Self {
        Self {
            capacity: USUAL,
            asked: false,
        }
    }
}

impl Width {
    /// Returns how many bytes the pipe holds.
    pub fn capacity(&self) -> u64 {
        self.capacity
    }

    /// Takes in that so many bytes were in the pipe at once. Returns whether it has become wider.
    pub fn held(&mut self, bytes: u64, pipe: impl AsFd) -> bool {
        if self.asked || bytes < self.capacity / 2 {
            return false;
        }
        self.asked = true;
        // Where the user may have no more, it stays as it is.
        let Ok(capacity) = widen_pipe(pipe, WIDE as usize) else {
            return false;
        };
        self.capacity = capacity as u64;
        true
    }
}
