//! Values that are taken out of everything that a job prints, before any of it is on a disk.
//!
//! Bytes go from the pipe to the log within the kernel otherwise, and having moved them is having
//! written them. Here they have to be looked at and changed, and no kill may lose any: see
//! [`RedactedStream`] for how the two are had together.

mod redactor;
mod stream;

pub use redactor::Redactor;
pub use stream::{Piece, RedactedStream, Taken};
