use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::environment::Environment;
use crate::render::text::plain;

/// How often the elapsed time is shown anew.
const TICK: Duration = Duration::from_secs(1);

/// Tells a person at a terminal what takes so long, on standard error; nobody else is told anything.
///
/// It draws from a thread of its own, so a verb that forks must not have one. What was drawn is wiped
/// when it is dropped.
#[derive(Debug)]
pub struct Progress(Option<ProgressBar>);

impl Progress {
    /// Begins, with what is being done; what it names may come from anywhere.
    pub fn begin(environment: &Environment, what: &str) -> Self {
        if !std::io::stderr().is_terminal() || environment.dumb_terminal() {
            return Self(None);
        }
        let bar = ProgressBar::new_spinner();
        bar.set_draw_target(ProgressDrawTarget::stderr());
        // A template that can't be read would leave the usual one.
        if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}") {
            bar.set_style(style);
        }
        bar.set_message(plain(what).into_owned());
        bar.enable_steady_tick(TICK);
        Self(Some(bar))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
