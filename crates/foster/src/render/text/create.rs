use foster_model::answer::CreateAnswer;

use super::{Paint, Style, Text, hint, job};

impl Text for CreateAnswer {
    fn text(&self, style: Style, out: &mut String) {
        let paint = Paint::new(style.colors.out);
        job::headline(paint, &self.job, out);
        hint(paint, self.hint.as_deref(), out);
    }
}
