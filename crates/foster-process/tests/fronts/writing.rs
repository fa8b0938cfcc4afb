//! Output that is written somewhere arrives there, or it is told what did not.

use std::io;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll};

use ::tokio::io::AsyncWrite;
use foster_process::output::{
    CaptureSettings, Consumers, Delivery, Discard, OnWriteError, StdStream,
};
use foster_process::{CompletionOptions, Output};

use crate::front::{Front, script};
use crate::through_both;

through_both![
    a_writer_that_fails_is_the_end,
    a_writer_that_fails_is_counted,
    somebody_is_asked_each_time,
    what_was_lost_on_the_way_is_told,
];

/// A disk that is full after so many bytes, for so many writes.
#[derive(Debug)]
struct Full {
    room: usize,
    failures: usize,
    written: Vec<u8>,
}

impl Full {
    fn after(room: usize, failures: usize) -> Self {
        let written = Vec::new();
        Self {
            room,
            failures,
            written,
        }
    }
}

impl io::Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.written.len() + bytes.len() > self.room && self.failures > 0 {
            self.failures -= 1;
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.written.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsyncWrite for Full {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(io::Write::write(&mut *self, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// What `seq 1 100000` prints.
const LENGTH: u64 = 588_895;

fn numbers<F: Front>() -> (F, F::Subscription) {
    let process = F::start(script("seq 1 100000")).unwrap();
    let stdout = process.subscribe(StdStream::Stdout).unwrap();
    (process, stdout)
}

fn a_writer_that_fails_is_the_end<F: Front>() {
    let (process, mut stdout) = numbers::<F>();
    let full = Full::after(100_000, 1);
    let failed = process.write_to(&mut stdout, full, OnWriteError::Stop);
    let failed = failed.unwrap_err();
    assert_eq!(failed.source.kind(), io::ErrorKind::StorageFull);
    assert_eq!(failed.stream, StdStream::Stdout);
    assert!(failed.offset <= 100_000 && failed.lost > 0, "{failed:?}");
    let rest = process.visit(&mut stdout, Discard::default());
    assert_eq!(failed.offset + failed.lost + rest.bytes, LENGTH);
}

fn a_writer_that_fails_is_counted<F: Front>() {
    let (process, mut stdout) = numbers::<F>();
    let full = Full::after(100_000, 2);
    let written = process.write_to(&mut stdout, full, OnWriteError::GoOn);
    let written = written.unwrap();
    assert!(written.end.is_eof() && written.lost > 0 && written.missing == 0);
    assert_eq!(written.bytes + written.lost, LENGTH);
    assert_eq!(written.writer.written.len() as u64, written.bytes);
}

fn somebody_is_asked_each_time<F: Front>() {
    for patience in [1, 5] {
        let (process, mut stdout) = numbers::<F>();
        let mut asked = 0;
        let ask = OnWriteError::Ask(Box::new(move |_| {
            asked += 1;
            if asked > patience {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        }));
        let written = process.write_to(&mut stdout, Full::after(1000, 3), ask);
        assert_eq!(written.is_ok(), patience >= 3, "{patience}");
    }
}

fn what_was_lost_on_the_way_is_told<F: Front>() {
    let settings = CaptureSettings::builder()
        .consumers(Consumers::Broadcast)
        .delivery(Delivery::Lossy);
    let settings = settings.read_size(4096).buffer(8192).build().unwrap();
    let command = script("seq 1 100000").stdout(Output::Captured(settings));
    let process = F::start(command).unwrap();
    let mut stdout = process.subscribe(StdStream::Stdout).unwrap();
    let mut other = process.subscribe(StdStream::Stdout).unwrap();
    // All of it goes by while nobody takes what the first one is to write.
    assert_eq!(process.visit(&mut other, Discard::default()).bytes, LENGTH);
    let written = process.write_to(&mut stdout, Full::after(0, 0), OnWriteError::Stop);
    let written = written.unwrap();
    assert!(written.missing > 500_000 && written.lost == 0);
    assert_eq!(written.bytes + written.missing, LENGTH);
    process.complete(CompletionOptions::new()).unwrap();
}
