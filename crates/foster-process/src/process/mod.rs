//! A process with its tree and its output, apart from how one waits for it: what the blocking front
//! and the tokio front share.

mod attend;
mod bell;
mod command;
mod completion;
mod error;
mod guard;
mod handle;
mod holding;
mod hunt;
mod on_drop;
mod options;
mod reader;
mod reaper;
mod running;
mod source;
mod start;
mod stdio;
mod tap;

pub(crate) use attend::{Attendance, Turn};
pub(crate) use bell::Bell;
pub use command::Command;
pub use completion::Drain;
pub use error::{CompletionError, SignalError, TerminateError, Terminated};
pub use handle::Handle;
pub use hunt::{Found, WaitedFor};
pub(crate) use hunt::{Hunts, HuntsTurn};
pub use on_drop::OnDrop;
pub use options::{Completed, CompletionOptions};
pub use reader::OutputError;
pub(crate) use reader::{Reader, Shown};
pub use running::Target;
pub(crate) use source::{Interest, Pull, Reach};
pub use start::{COOKIE, StartError};
pub use stdio::{Input, Output};
