//! What a job is to be: what the caller says of it, checked, resolved, and put into a definition.

pub(crate) mod environment;
pub(crate) mod hiding;
pub(crate) mod job_request;
pub(crate) mod known_secrets;
pub(crate) mod notify_settings;
pub(crate) mod phases;
pub(crate) mod prepare;
pub(crate) mod stdin;
