use foster_model::answer::UiAnswer;

use super::{Style, Text, line};

impl Text for UiAnswer {
    fn text(&self, _: Style, out: &mut String) {
        let Self { url, pid, .. } = self;
        line!(out, "{url}");
        match (self.opened, self.serving) {
            (true, true) => line!(
                out,
                "opened in a browser, and served from here until Ctrl-C"
            ),
            (true, false) => line!(out, "opened in a browser, and served by process {pid}"),
            (false, true) => line!(
                out,
                "served from here until Ctrl-C; `foster ui --print` prints what opens it"
            ),
            (false, false) => line!(
                out,
                "served by process {pid}; `foster ui --print` prints what opens it"
            ),
        }
    }
}
