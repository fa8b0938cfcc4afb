use foster_model::answer::TagAnswer;

use super::{Style, Text, line};

impl Text for TagAnswer {
    fn text(&self, _: Style, out: &mut String) {
        let tags: Vec<&str> = self.tags.iter().map(AsRef::as_ref).collect();
        let shown = if tags.is_empty() {
            "has no tags".to_owned()
        } else {
            tags.join(" ")
        };
        line!(out, "{} {shown}", self.job_id);
    }
}
