use foster_model::answer::ServeAnswer;

use super::{Style, Text, line, plain};

impl Text for ServeAnswer {
    fn text(&self, _: Style, out: &mut String) {
        if let Some(url) = &self.url {
            line!(out, "listening at {url}");
        }
        if let Some(path) = &self.unix {
            line!(out, "listening at {}", plain(path));
        }
        line!(out, "token: {}", plain(&self.token_file));
        if self.url.is_some() {
            line!(out, "`foster ui` opens the page");
        }
    }
}
