//! The way from a definition to a command that is being executed, and staying with it for a while.

pub(crate) mod launch;
pub(crate) mod observation;
pub(crate) mod room;
