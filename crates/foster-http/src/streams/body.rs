use std::convert::Infallible;
use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame};
use tokio::time::{Instant, Sleep, sleep};

use super::pipe::Reader;
use crate::asking::Underway;

/// After how much silence a comment is sent, so that nobody between takes the connection for dead, and a
/// client that is gone is noticed.
const SILENCE: Duration = Duration::from_secs(15);

/// The body of a response with a stream.
#[derive(Debug)]
pub struct Events {
    pipe: Reader,
    silence: Pin<Box<Sleep>>,
    /// Interrupts the thread when this is dropped.
    _underway: Underway,
}

impl Events {
    pub fn new(pipe: Reader, underway: Underway) -> Self {
        Self {
            pipe,
            silence: Box::pin(sleep(SILENCE)),
            _underway: underway,
        }
    }
}

impl Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let bytes = match self.pipe.poll_take(cx) {
            Poll::Ready(Some(bytes)) => bytes,
            Poll::Ready(None) => return Poll::Ready(None),
            Poll::Pending => {
                if self.silence.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                Bytes::from_static(b":\n\n")
            }
        };
        self.silence.as_mut().reset(Instant::now() + SILENCE);
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }
}
