use foster_model::answer::{NotificationView, NotifyAnswer};
use foster_model::{DeliveryResult, Frequency, MatchStream, OutputRule, Sink};

use super::words::plain;
use super::{Paint, Style, Text, hint, line};

impl Text for NotifyAnswer {
    fn text(&self, style: Style, out: &mut String) {
        let view = &self.notifications;
        if view.notifications.is_empty() {
            line!(out, "{} tells nobody", self.job_id);
        } else {
            let standing = if view.armed {
                "armed"
            } else {
                "nothing to come"
            };
            line!(out, "{} is {}: {standing}", self.job_id, self.state);
        }
        notifications(view, out);
        hint(Paint::new(style.colors.out), self.hint.as_deref(), out);
    }
}

/// Appends who is told, of what, and how that went.
pub fn notifications(view: &NotificationView, out: &mut String) {
    for sink in &view.notifications.finish {
        line!(out, "told of the end: {}", named(sink));
    }
    for rule in &view.notifications.output {
        line!(out, "told of output: {}", rule_text(rule));
    }
    for result in &view.delivery_results {
        line!(out, "{}", result_text(result));
    }
}

fn named(sink: &Sink) -> String {
    format!("{} {}", sink.kind(), plain(&sink.target()))
}

fn rule_text(rule: &OutputRule) -> String {
    let stream = match rule.stream {
        MatchStream::Stdout => " on stdout",
        MatchStream::Stderr => " on stderr",
        MatchStream::Either => "",
    };
    let once = match rule.every {
        Frequency::Once => ", once",
        Frequency::Every => "",
    };
    let sinks: Vec<_> = rule.sinks.iter().map(named).collect();
    format!("{:?}{stream}{once}: {}", rule.pattern, sinks.join(", "))
}

fn result_text(result: &DeliveryResult) -> String {
    let target = plain(&result.target);
    match &result.error {
        None => format!("was told: {} {target}", result.sink),
        Some(error) => format!(
            "was not told: {} {target}: {} ({} attempt{})",
            result.sink,
            plain(error),
            result.attempts,
            if result.attempts == 1 { "" } else { "s" }
        ),
    }
}
