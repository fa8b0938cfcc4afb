use crate::graceful::GracefulTimeouts;

/// What becomes of a tree whose handle is dropped.
///
/// Whatever is chosen works on any thread: no runtime is needed, and none with several threads.
/// Once a wait, a termination or a kill was `Ok`, nobody is blamed any more; a part of the tree that
/// is left even then is still ended, unless it was to be left alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum OnDrop {
    /// It is killed, and its end waited for, which takes about a millisecond and at most
    /// [`AFTER_KILL`](crate::AFTER_KILL).
    #[default]
    Kill,
    /// It is ended through these phases, then killed. The thread that drops the handle waits for
    /// that: in asynchronous code call `terminate` instead, and let this be the net.
    Terminate(GracefulTimeouts),
    /// It is left alone. Its leader is reaped when it ends, by a thread of this crate's own, and its
    /// control group removed when that is empty; if this process ends sooner, an empty directory
    /// stays behind. Captured outputs are closed, so whoever writes to one gets PIPE: give it a file or
    /// nothing instead. In a PID namespace it still ends with the thread that started it.
    Detach,
    /// It is killed, and, if nobody has waited for it or ended it, that is said: by a panic in a
    /// debug build (unless the thread is panicking already), by an error in the log otherwise.
    Panic,
}
