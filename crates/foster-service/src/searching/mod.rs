//! Lines and output that are looked for.

pub(crate) mod grep;
pub(crate) mod output_search;
