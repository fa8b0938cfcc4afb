use std::io;

use crate::signal::Signal;

/// Fails: no other system tells a child of its parent's end.
pub fn set_parent_death_signal(_: Signal) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
