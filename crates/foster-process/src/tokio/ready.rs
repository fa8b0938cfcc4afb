//! What tells a subscription that there may be something new.

use std::future::Future as _;
use std::io;
use std::task::Poll;

use super::wait::{Guard, Watched, watch};
use crate::process::{Hunts, Interest, Reader};

/// What tokio watches for a reader.
#[derive(Debug)]
pub(super) struct Ready {
    pipe: Watched,
}

impl Ready {
    pub(super) fn new(reader: &Reader) -> io::Result<Self> {
        let pipe = watch(reader.source.pipe())?;
        Ok(Self { pipe })
    }

    /// Waits for what concerns the reader. If that was the pipe, there is a guard.
    pub(super) async fn wait(
        &self,
        reader: &Reader,
        interest: Interest,
    ) -> io::Result<Option<Guard<'_>>> {
        let Some(bell) = reader.bell().filter(|_| interest.bell) else {
            return self.pipe.readable().await.map(Some);
        };
        let rung = std::future::poll_fn(|context| bell.poll_rung(context));
        if !interest.pipe {
            rung.await;
            return Ok(None);
        }
        ::tokio::select! {
            biased;
            () = rung => Ok(None),
            ready = self.pipe.readable() => ready.map(Some),
        }
    }
}

/// Waits for the first of several readers, and returns which that is.
pub(super) async fn first_ready<'a>(
    ready: &[&'a Ready],
    hunts: &Hunts<'_>,
    waiting: &[(usize, Interest)],
) -> io::Result<(usize, Option<Guard<'a>>)> {
    let wait = |&(index, interest): &(usize, Interest)| {
        let told = ready[index].wait(hunts.reader(index), interest);
        Box::pin(async move { Ok((index, told.await?)) })
    };
    let mut waits: Vec<_> = waiting.iter().map(wait).collect();
    std::future::poll_fn(|context| {
        let mut polled = waits.iter_mut().map(|wait| wait.as_mut().poll(context));
        polled.find(Poll::is_ready).unwrap_or(Poll::Pending)
    })
    .await
}
