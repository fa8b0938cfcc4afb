use foster_model::answer::JobView;
use foster_model::{Cause, State, TimeoutKind};

use super::words::{command, duration, plain};
use super::{Paint, line};

/// How a job stands, in a few words: `exited with 0 after 1.2s`.
pub fn standing(paint: Paint, job: &JobView) -> String {
    let how = how(
        paint,
        job.state,
        job.cause,
        job.exit_code,
        job.signal.as_deref(),
    );
    let how = match job.timeout_kind {
        Some(TimeoutKind::Idle) if job.state.is_final() => format!("{how}, it printed nothing"),
        _ => how,
    };
    match job.duration_ms {
        Some(ms) => format!("{how} after {}", duration(ms)),
        None => how,
    }
}

/// [`standing`] from its parts, without the time.
pub fn how(
    paint: Paint,
    state: State,
    cause: Option<Cause>,
    exit_code: Option<i32>,
    signal: Option<&str>,
) -> String {
    let end = match (exit_code, signal) {
        (Some(code), _) => format!(" with {code}"),
        (None, Some(signal)) => format!(" by {signal}"),
        (None, None) => String::new(),
    };
    let cause = match cause {
        None | Some(Cause::Exit | Cause::Signal | Cause::StartFailed) => String::new(),
        Some(cause) => format!(" ({})", cause.as_str()),
    };
    let word = paint.state(state, exit_code, &state.to_string());
    format!("{word}{end}{cause}")
}

/// Appends one line: the job, its name, how it stands, and its command.
pub fn headline(paint: Paint, job: &JobView, out: &mut String) {
    let name = job
        .name
        .as_ref()
        .map_or(String::new(), |name| format!(" ({})", name.as_ref()));
    let pid = match job.pid {
        Some(pid) if !job.state.is_final() => format!(", pid {pid}"),
        _ => String::new(),
    };
    let typed = command(&job.command, job.shell);
    line!(
        out,
        "{}{name} {}{pid}: {typed}",
        job.job_id,
        standing(paint, job)
    );
    if let Some(failure) = &job.failure {
        line!(out, "  {}", plain(&failure.message));
    }
}

/// Appends what of a job's end deserves notice.
pub fn notices(job: &JobView, out: &mut String) {
    for straggler in &job.stragglers {
        let fate = if straggler.ended {
            "ended"
        } else {
            "still there"
        };
        let name = plain(&straggler.command);
        line!(out, "left behind: {} ({name}), {fate}", straggler.pid);
    }
    for holder in &job.holders {
        line!(out, "holds the output: {}", super::words::process(holder));
    }
    if let Some(left) = &job.left_out {
        let rows = [
            (left.command_bytes, "bytes of the command"),
            (left.env_vars, "variables"),
            (left.holders, "holders of the output"),
            (left.stragglers, "processes that were left behind"),
        ];
        for (count, what) in rows.iter().filter(|(count, _)| *count > 0) {
            line!(out, "({count} {what} not shown)");
        }
    }
    if job.foreign {
        line!(
            out,
            "This job belongs to another machine or PID namespace; its files say so much."
        );
    }
}
