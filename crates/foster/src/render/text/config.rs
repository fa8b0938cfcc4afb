use foster_model::answer::{ConfigAnswer, ConfigFileView};

use super::{Paint, Style, Text, hint, line, plain};

impl Text for ConfigAnswer {
    fn text(&self, style: Style, out: &mut String) {
        let Some(settings) = &self.settings else {
            line!(out, "{}", plain(self.file.path.as_deref().unwrap_or("-")));
            return;
        };
        let paint = Paint::new(style.colors.out);
        let keys = settings.iter().map(|setting| setting.key.len());
        let values = settings
            .iter()
            .map(|setting| plain(&setting.value).chars().count());
        let (keys, values) = (keys.max().unwrap_or(0), values.max().unwrap_or(0));
        for setting in settings {
            let line = setting
                .line
                .map_or(String::new(), |line| format!(", line {line}"));
            let source = paint.dim(&format!("{}{line}", setting.source.as_str()));
            let value = plain(&setting.value);
            line!(out, "{:<keys$}  {value:<values$}  {source}", setting.key);
            if let Some(problem) = &setting.problem {
                line!(out, "  {} {}", paint.error("problem:"), plain(problem));
            }
        }
        file(style, &self.file, out);
    }
}

/// Appends what is known of the file.
pub fn file(style: Style, file: &ConfigFileView, out: &mut String) {
    let path = file
        .path
        .as_deref()
        .unwrap_or("no home directory to look in");
    let absent = if file.found { "" } else { " (not there)" };
    line!(out, "\nConfiguration: {}{absent}", plain(path));
    if let Some(problem) = &file.problem {
        let paint = Paint::new(style.colors.out);
        line!(
            out,
            "  {} {}",
            paint.error("problem:"),
            plain(&problem.message)
        );
        hint(paint, problem.hint.as_deref(), out);
    }
}
