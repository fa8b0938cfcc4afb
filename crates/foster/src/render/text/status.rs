use foster_model::answer::{StatusAnswer, StdinState};
use foster_model::{OutputEnd, Supervision};

use super::words::{bytes, command, duration, plain};
use super::{Paint, Style, Text, job, line};

impl Text for StatusAnswer {
    fn text(&self, style: Style, out: &mut String) {
        let job = &self.job;
        let mut row = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                line!(out, "{name:<13}{value}");
            }
        };
        let time = |time: Option<foster_model::Time>| time.map(|time| time.to_string());
        let path = |path: &str| plain(path).into_owned();
        row("job", Some(job.job_id.to_string()));
        row(
            "name",
            job.name.as_ref().map(|name| name.as_ref().to_owned()),
        );
        row(
            "state",
            Some(job::standing(Paint::new(style.colors.out), job)),
        );
        row(
            "failure",
            job.failure.as_ref().map(|failure| path(&failure.message)),
        );
        row(
            "running",
            self.running_ms.map(|ms| format!("for {}", duration(ms))),
        );
        let left = |ms| format!(", in {}", duration(ms));
        row(
            "deadline",
            self.deadline
                .map(|at| format!("{at}{}", self.remaining_ms.map_or(String::new(), left))),
        );
        row("timeout", self.timeout_ms.map(duration));
        row("idle timeout", self.idle_timeout_ms.map(duration));
        row("command", Some(command(&job.command, job.shell)));
        row("directory", Some(path(&job.cwd)));
        let tags: Vec<_> = job.tags.iter().map(AsRef::as_ref).collect();
        row(
            "group",
            job.group.as_ref().map(|group| group.as_ref().to_owned()),
        );
        row("tags", (!tags.is_empty()).then(|| tags.join(" ")));
        row(
            "group",
            job.group.as_ref().map(|group| group.as_ref().to_owned()),
        );
        let variable =
            |(name, value): (&String, &String)| plain(&format!("{name}={value}")).into_owned();
        let variables: Vec<_> = job.env_vars.iter().map(variable).collect();
        row(
            "variables",
            (!variables.is_empty()).then(|| variables.join(" ")),
        );
        row("stdin", stdin(job.stdin).map(str::to_owned));
        row("pid", job.pid.map(|pid| pid.to_string()));
        row("containment", job.containment.clone());
        let tree = |empty: bool| if empty { "empty" } else { "not empty" }.to_owned();
        row("tree", job.tree_empty.map(tree));
        row(
            "supervision",
            supervision(job.supervision).map(str::to_owned),
        );
        row("created", time(Some(job.created_at)));
        row("started", time(job.started_at));
        row("exited", time(job.exited_at));
        row("finished", time(job.finished_at));
        row("run", (job.run > 1).then(|| job.run.to_string()));
        row("output", Some(output(job.output).to_owned()));
        let stream = |count, log| format!("{} in {}", bytes(count), plain(log));
        row(
            "stdout",
            Some(stream(self.stdout_bytes, &job.stdout_log_path)),
        );
        row(
            "stderr",
            Some(stream(self.stderr_bytes, &job.stderr_log_path)),
        );
        row(
            "redactions",
            (job.redactions > 0).then(|| job.redactions.to_string()),
        );
        row("log", job.log_path.as_deref().map(path));
        row("outer job", job.outer_job.as_deref().map(path));
        if let Some(view) = &self.notifications {
            super::notify::notifications(view, out);
        }
        job::notices(job, out);
    }
}

fn output(end: OutputEnd) -> &'static str {
    match end {
        OutputEnd::Open => "open",
        OutputEnd::Complete => "complete",
        OutputEnd::HeldOpen => "still held open when its draining ended",
        OutputEnd::Lost => "lost: nobody was there to read the rest",
    }
}

fn stdin(state: StdinState) -> Option<&'static str> {
    match state {
        StdinState::Nothing | StdinState::Given => None,
        StdinState::Open => Some("open: `foster send` writes to it"),
        StdinState::Closed => Some("closed"),
    }
}

fn supervision(by: Supervision) -> Option<&'static str> {
    match by {
        Supervision::Full | Supervision::None => None,
        Supervision::KeeperLost => Some("the supervisor alone: its keeper is gone"),
        Supervision::TakenOver => Some("the keeper, which took over from a dead supervisor"),
    }
}
