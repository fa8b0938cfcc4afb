use std::collections::BTreeMap;

use foster_model::answer::{JobView, StdinState};
use foster_model::{CommandLine, Definition, JobRecord, StdinMode};
use foster_store::{JobFolder, Stream};
use foster_supervisor::{Kinship, current_host, kinship};

/// Returns a job as answers show it.
pub(crate) fn view(folder: &JobFolder, definition: &Definition, record: JobRecord) -> JobView {
    let run = record.run;
    let stdin = stdin_state(definition, &record);
    let path = |stream| folder.log_path(run, stream).to_string_lossy().into_owned();
    JobView {
        job_id: folder.id(),
        name: definition.name.clone(),
        tags: definition.tags.clone(),
        group: definition.group.clone(),
        run: record.run,
        state: record.state,
        cause: record.cause,
        timeout_kind: record.timeout_kind,
        exit_code: record.exit_code,
        signal: record.signal,
        core_dumped: record.core_dumped,
        pid: record.leader.map(|leader| leader.pid),
        containment: record.containment,
        command: command_words(&definition.command),
        shell: matches!(definition.command, CommandLine::Shell(_)),
        cwd: definition.cwd.to_lossy().into_owned(),
        created_at: record.created_at.unwrap_or(definition.created_at),
        started_at: record.started_at,
        exited_at: record.exited_at,
        finished_at: record.finished_at,
        updated_at: record.updated_at.unwrap_or(definition.created_at),
        duration_ms: record.duration_ms,
        env_vars: env_vars(definition),
        stdin,
        stdout_log_path: path(Stream::Stdout),
        stderr_log_path: path(Stream::Stderr),
        log_path: definition
            .log
            .as_ref()
            .map(|log| log.to_lossy().into_owned()),
        redactions: record.stdout.redactions + record.stderr.redactions,
        output: record.output,
        holders: record.holders,
        stragglers: record.stragglers,
        tree_empty: record.tree_empty,
        failure: record.failure,
        supervision: record.supervision,
        outer_job: definition.outer_job.clone(),
        foreign: is_foreign(definition),
    }
}

/// Returns how the command's standard input stands.
pub(crate) fn stdin_state(definition: &Definition, record: &JobRecord) -> StdinState {
    let over = record.stdin_closed || record.exited_at.is_some() || record.state.is_final();
    match definition.stdin {
        StdinMode::Nothing => StdinState::Nothing,
        StdinMode::Given => StdinState::Given,
        StdinMode::Open if over => StdinState::Closed,
        StdinMode::Open => StdinState::Open,
    }
}

/// Returns whether the job can't be judged from here.
pub(crate) fn is_foreign(definition: &Definition) -> bool {
    kinship(&definition.host, &current_host()) == Kinship::Foreign
}

fn command_words(command: &CommandLine) -> Vec<String> {
    match command {
        CommandLine::Argv(argv) => argv.iter().map(|arg| arg.to_lossy().into_owned()).collect(),
        CommandLine::Shell(line) => vec![line.to_lossy().into_owned()],
    }
}

fn env_vars(definition: &Definition) -> BTreeMap<String, String> {
    let shown = definition.env.iter().map(|variable| {
        let value = variable.value.as_ref();
        let value = value.map_or_else(|| "***".to_owned(), |value| value.to_lossy().into_owned());
        (variable.name.to_lossy().into_owned(), value)
    });
    shown.collect()
}
