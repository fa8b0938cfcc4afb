//! Jobs and their output as resources.

mod listing;
mod reading;
mod uri;

pub use listing::{list, templates};
pub use reading::{read, read_job};
pub use uri::{JobUri, Part};
