#![expect(unsafe_code, reason = "prctl has no safe wrapper for it")]

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Whether this process may be traced by its own user and leaves a core, kept through the start of a
/// child with another user.
///
/// The kernel takes that away from the *memory* of whoever changes its user (`commit_creds`,
/// kernel/cred.c), so that the new user's others can't look into what the old one had there. Until exec the
/// child's memory is ours, and so it is right meanwhile; but it would stay so
/// ([PR_SET_DUMPABLE](https://man7.org/linux/man-pages/man2/PR_SET_DUMPABLE.2const.html)).
pub struct Dumpable {
    was: libc::c_int,
    /// One at a time: another would take what is so for a moment for what was so, and the first would
    /// undo it while the other's child has our memory.
    _turn: MutexGuard<'static, ()>,
}

impl Dumpable {
    /// Notes it until this is dropped, which is to be when the child has executed or ended.
    pub fn keep() -> Self {
        static TURN: Mutex<()> = Mutex::new(());
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: only asks.
        let was = unsafe { libc::prctl(libc::PR_GET_DUMPABLE, 0, 0, 0, 0) };
        Self { was, _turn: turn }
    }
}

impl Drop for Dumpable {
    fn drop(&mut self) {
        const YES: libc::c_int = 1;
        if self.was == YES {
            // SAFETY: plain numbers. The other values can't be set, and need not be: they stay.
            unsafe { libc::prctl(libc::PR_SET_DUMPABLE, YES, 0, 0, 0) };
        }
    }
}
