use foster_model::answer::LogsAnswer;
use foster_service::LogItem;

/// Returns a line with its bytes as they are, and its end.
pub fn log_line(item: &LogItem, timestamps: bool) -> Vec<u8> {
    let mut line = Vec::with_capacity(item.bytes.len() + 48);
    if timestamps {
        let at = item.line.at.map_or("-".to_owned(), |at| at.to_string());
        let stream = item.line.stream.to_ascii_uppercase();
        line.extend_from_slice(format!("{at} [{stream}] ").as_bytes());
    }
    line.extend_from_slice(&item.bytes);
    line.push(b'\n');
    line
}

/// Returns what is said, beside the lines, when they are over.
pub fn logs_end(answer: &LogsAnswer) -> String {
    if answer.truncated {
        "(cut at --max-bytes)\n".to_owned()
    } else {
        String::new()
    }
}

/// The lines have been written by then.
impl super::Text for LogsAnswer {
    fn text(&self, _: super::Style, _: &mut String) {}
}
