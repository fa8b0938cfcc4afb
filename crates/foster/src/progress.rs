use std::io::IsTerminal as _;
use std::time::Duration;

use foster_service::{Context, Steps, Way};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::environment::{self, Environment};
use crate::render::text::plain;

/// How often the elapsed time is shown anew.
const TICK: Duration = Duration::from_secs(1);

/// Tells a person at a terminal what takes so long, on standard error; nobody else is told anything.
/// What was drawn is wiped when it is dropped.
#[derive(Debug)]
pub struct Progress {
    /// `None` where nobody looks.
    target: Option<ProgressDrawTarget>,
    what: String,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Says what is being done, which may come from anywhere; shows nothing yet.
    pub fn of(environment: &Environment, what: &str) -> Self {
        let seen = std::io::stderr().is_terminal() && !environment.dumb_terminal();
        Self {
            target: seen.then(ProgressDrawTarget::stderr),
            what: plain(what).into_owned(),
            bar: None,
        }
    }

    /// Shows how long it takes, from a thread of its own. A process with threads can't be copied, so what the
    /// verb starts is executed: the context is changed accordingly.
    pub fn keep_time(&mut self, context: &mut Context) {
        self.draw(None, "{spinner} {wide_msg} {elapsed}");
        if let Some(bar) = &self.bar {
            bar.enable_steady_tick(TICK);
            if let Some(program) = environment::program() {
                context.way = Way::Exec(program);
            }
        }
    }

    /// Shows how many steps are done, of how many. It has no thread, so the verb may fork.
    pub fn show(&mut self, Steps { done, all }: Steps) {
        if all == 0 {
            return;
        }
        self.draw(Some(all as u64), "{msg} {pos}/{len} [{wide_bar}] {elapsed}");
        if let Some(bar) = &self.bar {
            bar.set_position(done as u64);
        }
    }

    /// Draws the first time. All is set before, since what is drawn soon after a drawing is left out.
    fn draw(&mut self, length: Option<u64>, template: &str) {
        let Some(target) = self.target.take() else {
            return;
        };
        let mut bar = ProgressBar::with_draw_target(length, target).with_message(self.what.clone());
        // A template that can't be read would leave the usual one.
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar = bar.with_style(style);
        }
        bar.tick();
        self.bar = Some(bar);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
