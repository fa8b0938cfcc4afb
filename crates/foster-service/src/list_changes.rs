use std::os::fd::{AsFd, BorrowedFd};

use foster_store::IndexWatch;

use crate::context::Context;
use crate::error::ServiceError;

/// Tells when a listing may have changed: its descriptor is readable then.
///
/// What a job does between its start and its end changes no listing and is not told. Linux alone has
/// it.
#[derive(Debug)]
pub struct ListChanges(IndexWatch);

impl ListChanges {
    /// Begins to watch. To miss nothing, begin before the first listing.
    ///
    /// # Errors
    /// The system has no such thing, or none left.
    pub fn begin(ctx: &Context) -> Result<Self, ServiceError> {
        let root = ctx.absolute(&ctx.root);
        let watch = IndexWatch::begin(&root).map_err(failed())?;
        Ok(Self(watch))
    }

    /// Takes what was told since, without waiting, and returns whether the listing may have changed.
    ///
    /// # Errors
    /// As [`ListChanges::begin`].
    pub fn take(&mut self) -> Result<bool, ServiceError> {
        self.0.take().map_err(failed())
    }
}

impl AsFd for ListChanges {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn failed() -> impl FnOnce(std::io::Error) -> ServiceError {
    ServiceError::io("the root can't be watched")
}
