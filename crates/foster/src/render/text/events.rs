use foster_model::answer::JobEvent;
use foster_model::{Amendment, Event, OutputEnd, Supervision};

use super::line;
use super::words::{bytes, duration, plain, short};

/// Returns an event as a line: when, which job, what.
pub fn event(event: &JobEvent) -> String {
    let mut out = String::new();
    let id = event.job_id.to_string();
    let what = what(&event.entry.event);
    line!(out, "{} {} {}", event.entry.at, short(&id), plain(&what));
    out
}

fn what(event: &Event) -> String {
    match event {
        Event::Created {} => "created".to_owned(),
        Event::Restarted { run } => format!("restarted, run {run}"),
        Event::Amended { change, .. } => amended(change).to_owned(),
        Event::DeadlineChanged { deadline, .. } => match deadline {
            Some(deadline) => format!("deadline: {deadline}"),
            None => "no deadline any more".to_owned(),
        },
        Event::StdinClosed { .. } => "its standard input was closed".to_owned(),
        Event::Matched { counts } => {
            let matches: u64 = counts.iter().map(|count| count.matched).sum();
            format!("{matches} matches in its output")
        }
        Event::Launched { supervisor, .. } => format!("launched, supervisor {}", supervisor.pid),
        Event::Started {
            leader,
            containment,
            ..
        } => format!("started, pid {}, held by {containment}", leader.pid),
        Event::StartFailed { failure } => format!("could not start: {}", failure.message),
        Event::StopRequested { cause, phases, .. } => {
            let phases: Vec<_> = phases.iter().map(|phase| phase.signal.as_str()).collect();
            format!("is to end ({}): {}", cause.as_str(), phases.join(", "))
        }
        Event::Signalled { signal, sent, .. } => format!("sent {signal} to {sent}"),
        Event::Exited {
            exit_code,
            signal,
            duration_ms,
            ..
        } => exited(*exit_code, signal.as_deref(), *duration_ms),
        Event::Stragglers { processes } => format!("left {} processes behind", processes.len()),
        Event::Empty {} => "its tree is empty".to_owned(),
        Event::Closed {
            output,
            stdout,
            stderr,
            ..
        } => {
            let (out, err) = (bytes(stdout.observed_bytes), bytes(stderr.observed_bytes));
            format!("output {}: {out} and {err}", end(*output))
        }
        Event::OutputLost {
            stream,
            from,
            reason,
        } => format!("{stream} not kept from {from} on: {reason}"),
        Event::Supervision { now, .. } => supervision(*now).to_owned(),
        Event::Finished { state, cause } => format!("finished: {state} ({})", cause.as_str()),
    }
}

fn amended(change: &Amendment) -> &'static str {
    match change {
        Amendment::Tags { .. } => "tags changed",
        Amendment::Timeout { .. } => "time-out changed",
        Amendment::Notify { .. } | Amendment::Unnotify { .. } => "notifications changed",
    }
}

fn exited(exit_code: Option<i32>, signal: Option<&str>, ms: Option<u64>) -> String {
    let how = match (exit_code, signal) {
        (Some(code), _) => format!("exited with {code}"),
        (None, Some(signal)) => format!("ended by {signal}"),
        (None, None) => "ended".to_owned(),
    };
    match ms {
        Some(ms) => format!("{how} after {}", duration(ms)),
        None => how,
    }
}

fn end(output: OutputEnd) -> &'static str {
    match output {
        OutputEnd::Open => "open",
        OutputEnd::Complete => "complete",
        OutputEnd::HeldOpen => "held open",
        OutputEnd::Lost => "lost",
    }
}

fn supervision(now: Supervision) -> &'static str {
    match now {
        Supervision::Full => "supervised",
        Supervision::KeeperLost => "its keeper is gone",
        Supervision::TakenOver => "its keeper took over from a dead supervisor",
        Supervision::None => "nobody looks after it any more",
    }
}
