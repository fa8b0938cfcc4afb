#![expect(unsafe_code, reason = "the mask that was in force has no safe form")]

use std::io;
use std::mem::MaybeUninit;

/// All signals blocked in this thread, so that no handler of ours runs in a child.
pub struct BlockedSignals(pub libc::sigset_t);

impl BlockedSignals {
    /// Blocks them until this is dropped.
    pub fn all() -> io::Result<Self> {
        let mut all = MaybeUninit::<libc::sigset_t>::uninit();
        let mut old = MaybeUninit::<libc::sigset_t>::zeroed();
        // SAFETY: `all` is written before it is read, and `old` was zeroed, which is a valid set.
        let (failed, old) = unsafe {
            libc::sigfillset(all.as_mut_ptr());
            let failed = libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), old.as_mut_ptr());
            (failed, old.assume_init())
        };
        if failed == 0 {
            Ok(Self(old))
        } else {
            Err(io::Error::from_raw_os_error(failed))
        }
    }
}

impl Drop for BlockedSignals {
    fn drop(&mut self) {
        // SAFETY: restores the set that was in force.
        unsafe {
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.0, std::ptr::null_mut())
        };
    }
}
