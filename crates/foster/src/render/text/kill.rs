use foster_model::answer::{JobResult, KillAnswer, KillResult, StopReport};

use super::words::{duration, process};
use super::{Paint, Style, Text, job, line, plain};

impl Text for KillAnswer {
    fn text(&self, style: Style, out: &mut String) {
        let paint = Paint::new(style.colors.out);
        if let Some(result) = &self.job {
            one(paint, result, out);
        }
        if self.jobs.as_ref().is_some_and(Vec::is_empty) {
            line!(out, "no jobs");
        }
        for result in self.jobs.iter().flatten() {
            match result {
                JobResult::Done(result) => one(paint, result, out),
                JobResult::Failed { job, error } => {
                    line!(out, "{}: {}", plain(job), plain(&error.message));
                }
            }
        }
    }
}

fn one(paint: Paint, result: &KillResult, out: &mut String) {
    let signal = result.signal.as_deref();
    let standing = job::how(paint, result.state, result.cause, result.exit_code, signal);
    let already = if result.already_finished {
        ", already finished"
    } else {
        ""
    };
    line!(out, "{} {standing}{already}", result.job_id);
    if let Some(sent) = &result.sent {
        line!(out, "  sent {} to {}", sent.signal, processes(sent.sent));
        errors(&sent.errors, out);
    }
    if let Some(report) = &result.report {
        phases(report, out);
    }
}

fn phases(report: &StopReport, out: &mut String) {
    for phase in &report.phases {
        let (to, waited) = (processes(phase.sent), duration(phase.waited_ms));
        line!(out, "  {} to {to}, waited {waited}", phase.signal);
        errors(&phase.errors, out);
    }
    if report.empty == Some(true) && !report.phases.is_empty() {
        line!(
            out,
            "  the tree is empty after {}",
            duration(report.took_ms)
        );
    }
    for survivor in &report.survivors {
        line!(out, "  still there: {}", process(survivor));
    }
}

fn errors(errors: &[String], out: &mut String) {
    for error in errors {
        line!(out, "    {}", plain(error));
    }
}

fn processes(count: u32) -> String {
    let word = if count == 1 { "process" } else { "processes" };
    format!("{count} {word}")
}
