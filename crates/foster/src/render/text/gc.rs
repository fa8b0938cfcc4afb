use foster_model::answer::{GcAnswer, RulesFrom};

use super::words::{bytes, duration, plain};
use super::{Style, Text, line};

impl Text for GcAnswer {
    fn text(&self, _: Style, out: &mut String) {
        line!(out, "{}", rules(self));
        let would = if self.dry_run { "would go" } else { "gone" };
        for job in &self.deleted {
            let (rule, freed) = (job.rule.as_str(), bytes(job.freed_bytes));
            let (id, at) = (job.job_id, job.finished_at);
            line!(out, "{id} {would} ({rule}): over at {at}, {freed}");
        }
        for job in &self.skipped {
            line!(out, "{} stays: {}", job.job_id, plain(&job.reason));
        }
        for job in &self.failed {
            line!(out, "{}: {}", job.job_id, plain(&job.error.message));
        }
        let (deleted, freed) = (self.deleted.len(), bytes(self.freed_bytes));
        let (scanned, kept) = (self.scanned, self.kept);
        line!(
            out,
            "{deleted} of {scanned} jobs {would}, {freed}; {kept} kept"
        );
        if self.beyond_limit > 0 {
            line!(out, "{} more would go without --limit", self.beyond_limit);
        }
        if self.swept > 0 {
            line!(
                out,
                "{} removals that had been cut short were ended",
                self.swept
            );
        }
    }
}

fn rules(answer: &GcAnswer) -> String {
    let rules = &answer.rules;
    let age = rules.older_than.map(|age| {
        let ms = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
        format!("older than {}", duration(ms))
    });
    let count = rules.max_jobs.map(|most| format!("at most {most} jobs"));
    let size = rules
        .max_bytes
        .map(|most| format!("at most {}", bytes(most)));
    let parts: Vec<_> = [age, count, size].into_iter().flatten().collect();
    let from = match answer.rules_from {
        RulesFrom::Options => "as given",
        RulesFrom::Configuration => "from the configuration",
        RulesFrom::Default => "by default",
    };
    format!("rules {from}: {}", parts.join(", "))
}
