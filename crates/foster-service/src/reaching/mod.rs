//! Reaching whoever looks after a job: its supervisor, its successor, or nobody, whose place is taken then.

pub(crate) mod amend;
pub(crate) mod ending;
pub(crate) mod holder;
pub(crate) mod lock;
pub(crate) mod sleep;
pub(crate) mod watch;
