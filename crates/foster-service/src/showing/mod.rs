//! What answers show of a job: its record, its newest output, what to do next.

pub(crate) mod digest;
pub(crate) mod disk_use;
pub(crate) mod hint;
pub(crate) mod process_command;
pub(crate) mod process_order;
pub(crate) mod snapshot;
pub(crate) mod view;
