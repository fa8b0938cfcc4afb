use foster_model::answer::CreateAnswer;

use super::{Style, Text, hint, job};

impl Text for CreateAnswer {
    fn text(&self, _: Style, out: &mut String) {
        job::headline(&self.job, out);
        hint(self.hint.as_deref(), out);
    }
}
