use std::ffi::OsStr;
use std::fmt::{self, Debug};

/// Returns variables as `Debug` may show them: what is passed in a value, or in an argument, is often a
/// secret, and what is printed for whoever looks for a fault is kept in logs.
pub(crate) fn names_alone<'a>(names: impl Iterator<Item = &'a OsStr> + Clone) -> impl Debug {
    fmt::from_fn(move |f| f.debug_list().entries(names.clone()).finish())
}
