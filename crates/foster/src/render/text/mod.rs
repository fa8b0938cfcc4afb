//! Answers as text for people, one file for each verb.

mod config;
mod create;
mod deadline;
mod delete;
mod doctor;
mod events;
mod gc;
mod harmless;
mod install_skill;
mod job;
mod kill;
mod list;
mod logs;
mod man;
mod notify;
mod paint;
mod processes;
mod recover;
mod run;
mod schema;
mod send;
mod serve;
mod snapshot;
mod status;
mod tag;
mod tail;
mod ui;
mod wait;
mod words;

use foster_model::{ErrorBody, ProcessInfo};

pub use events::event;
pub use list::Listing;
pub use logs::{LogText, logs_end};
pub use words::{command, plain};

use paint::Paint;

use super::Style;

/// What people can be shown.
pub trait Text {
    /// Appends the text to `out`, with the end of its last line.
    fn text(&self, style: Style, out: &mut String);
}

/// Appends a line.
macro_rules! line {
    ($out:expr, $($part:tt)*) => {{
        use std::fmt::Write as _;
        // Writing to a string can't fail.
        let _ = writeln!($out, $($part)*);
    }};
}
use line;

/// Returns what is said of an error, on standard error.
pub fn error(style: Style, error: &ErrorBody) -> String {
    let mut out = String::new();
    let paint = Paint::new(style.colors.err);
    line!(out, "{} {}", paint.error("error:"), plain(&error.message));
    if let Some(job_id) = error.job_id {
        line!(out, "job: {job_id}");
    }
    for candidate in &error.candidates {
        line!(out, "candidate: {candidate}");
    }
    hint(paint, error.hint.as_deref(), &mut out);
    out
}

fn hint(paint: Paint, hint: Option<&str>, out: &mut String) {
    if let Some(hint) = hint {
        line!(out, "{} {}", paint.hint("hint:"), plain(hint));
    }
}

/// Returns what `exec` says of processes that it could not end.
pub fn survivors(survivors: &[ProcessInfo]) -> String {
    let mut out = String::new();
    for survivor in survivors {
        line!(
            out,
            "warning: could not be ended: {}",
            words::process(survivor)
        );
    }
    out
}
