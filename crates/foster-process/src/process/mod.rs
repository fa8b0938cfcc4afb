//! A process with its tree and its output, apart from how one waits for it: what the blocking front
//! and the tokio front share.

mod attend;
mod command;
mod completion;
mod hunt;
mod on_drop;
mod options;
mod reaper;
mod running;
mod source;
mod start;
mod stdio;

pub(crate) use attend::{Attendance, Turn};
pub use command::Command;
pub use completion::Drain;
pub use hunt::{Found, WaitedFor};
pub(crate) use hunt::{Hunts, HuntsTurn};
pub use on_drop::OnDrop;
pub use options::{Completed, CompletionOptions};
pub(crate) use running::Running;
pub use running::{CompletionError, SignalError, Target, TerminateError, Terminated};
pub use source::OutputError;
pub(crate) use source::{Interest, Pull, Reader, Source};
pub use start::{COOKIE, StartError};
pub use stdio::{Input, Output};
