//! Which jobs, and which of their runs, a caller means.

pub(crate) mod found_jobs;
pub(crate) mod job_filter;
pub(crate) mod name_pattern;
pub(crate) mod reference;
pub(crate) mod run_choice;
pub(crate) mod selection;
