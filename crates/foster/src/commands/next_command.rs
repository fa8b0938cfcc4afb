use std::path::Path;

use super::Caller;
use crate::render::text::command;

/// How the service's hints call this program.
const CALL: &str = "foster ";

impl Caller<'_> {
    /// Returns a hint whose commands look where this one has looked, also where `--root` or `--config` was typed:
    /// the service does not know how its root was named. `root` is where an answer that was kept told to look.
    pub fn follow_up(&self, hint: Option<String>, root: Option<&Path>) -> Option<String> {
        let hint = hint?;
        let root = root.or(self.common.root.as_deref());
        let typed = [
            ("--root", root),
            ("--config", self.common.config.as_deref()),
        ];
        let mut words = Vec::new();
        for (option, path) in typed {
            let Some(path) = path else { continue };
            // What is no text can't be shown as it could be typed.
            let Some(path) = path.to_str() else {
                return Some(hint);
            };
            words.extend([option.to_owned(), path.to_owned()]);
        }
        if words.is_empty() {
            return Some(hint);
        }
        Some(hint.replace(CALL, &format!("{CALL}{} ", command(&words, false))))
    }
}
