use foster_model::answer::TagAnswer;

use super::{Style, Text, line};

impl Text for TagAnswer {
    fn text(&self, _: Style, out: &mut String) {
        let tags: Vec<&str> = self.tags.iter().map(AsRef::as_ref).collect();
        match tags.as_slice() {
            [] => line!(out, "{} has no tags", self.job_id),
            _ => line!(out, "{} {}", self.job_id, tags.join(" ")),
        }
    }
}
