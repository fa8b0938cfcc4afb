use foster_model::answer::ManAnswer;

use super::{Style, Text, line, plain};

impl Text for ManAnswer {
    fn text(&self, _: Style, out: &mut String) {
        for page in &self.files {
            line!(out, "{}", plain(page));
        }
    }
}
