use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;

/// How much may wait for its reader, but for the one event that goes beyond it.
const ROOM: usize = 128 * 1024;

/// Returns the two ends of a pipe from a thread to a response. What is written in many pieces is read in one.
pub fn pipe() -> (Writer, Reader) {
    let shared = Arc::new(Shared::default());
    (Writer(Arc::clone(&shared)), Reader(shared))
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// There is room again, or nobody to read.
    taken: Condvar,
}

#[derive(Debug, Default)]
struct State {
    bytes: Vec<u8>,
    writer_gone: bool,
    reader_gone: bool,
    waker: Option<Waker>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Each change is complete before anything that could panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The end of the thread.
#[derive(Debug)]
pub struct Writer(Arc<Shared>);

impl Writer {
    /// Writes, and waits for room before that.
    ///
    /// # Errors
    /// Nobody reads any more.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let state = self.0.state();
        let full = |state: &mut State| state.bytes.len() >= ROOM && !state.reader_gone;
        let waited = self.0.taken.wait_while(state, full);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        if state.reader_gone {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        state.bytes.extend_from_slice(bytes);
        wake(state);
        Ok(())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.writer_gone = true;
        wake(state);
    }
}

fn wake(mut state: MutexGuard<'_, State>) {
    let waker = state.waker.take();
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// The end of the response.
#[derive(Debug)]
pub struct Reader(Arc<Shared>);

impl Reader {
    /// Takes all that is there; `None` if nothing will come any more.
    pub fn poll_take(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let mut state = self.0.state();
        if !state.bytes.is_empty() {
            let bytes = std::mem::take(&mut state.bytes);
            drop(state);
            self.0.taken.notify_all();
            return Poll::Ready(Some(bytes.into()));
        }
        if state.writer_gone {
            return Poll::Ready(None);
        }
        state.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.0.state().reader_gone = true;
        self.0.taken.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::task::Wake;
    use std::thread;

    use super::*;

    fn taken(reader: &mut Reader) -> Poll<Option<Bytes>> {
        reader.poll_take(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn what_is_written_in_pieces_is_read_in_one() {
        let (mut writer, mut reader) = pipe();
        assert_eq!(taken(&mut reader), Poll::Pending);
        writer.write(b"one ").unwrap();
        writer.write(b"two").unwrap();
        drop(writer);
        assert_eq!(taken(&mut reader), Poll::Ready(Some("one two".into())));
        assert_eq!(taken(&mut reader), Poll::Ready(None));
    }

    struct Unpark(thread::Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    #[test]
    fn a_writer_waits_for_room_and_no_longer_than_there_is_a_reader() {
        let (mut writer, mut reader) = pipe();
        writer.write(&vec![0; ROOM]).unwrap();
        let thread = thread::spawn(move || {
            loop {
                if let Err(error) = writer.write(b"more") {
                    return error.kind();
                }
            }
        });
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut cx = Context::from_waker(&waker);
        // It has waited until all of that was taken, and goes on then.
        assert_eq!(taken(&mut reader), Poll::Ready(Some(vec![0; ROOM].into())));
        while reader.poll_take(&mut cx).is_pending() {
            thread::park();
        }
        drop(reader);
        assert_eq!(thread.join().unwrap(), io::ErrorKind::BrokenPipe);
    }
}
