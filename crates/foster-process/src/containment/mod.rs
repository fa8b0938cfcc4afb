//! How a tree is to be held, how it is, and where.

mod level;
mod scope;
mod wanted;

pub use level::{Level, LevelReport};
pub use scope::Scope;
pub use wanted::{Containment, ContainmentError, UnknownContainment};
