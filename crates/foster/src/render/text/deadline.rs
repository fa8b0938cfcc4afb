use foster_model::State;
use foster_model::answer::DeadlineAnswer;

use super::words::duration;
use super::{Style, Text, line};

impl Text for DeadlineAnswer {
    fn text(&self, _: Style, out: &mut String) {
        let id = self.job_id;
        match (self.deadline, self.timeout_ms) {
            (Some(deadline), _) => {
                let left = duration(self.remaining_ms.unwrap_or(0));
                line!(out, "{id} will be ended at {deadline}, in {left}");
            }
            (None, Some(ms)) if self.state == State::Created => {
                line!(out, "{id} will be ended {} after its start", duration(ms));
            }
            (None, _) => line!(out, "{id} has no deadline"),
        }
    }
}
