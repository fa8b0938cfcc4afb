use std::collections::BTreeMap;

use foster_model::answer::{JobView, LeftOut, StdinState};
use foster_model::{CommandLine, Definition, JobRecord, StdinMode};
use foster_store::{JobFolder, Stream};
use foster_supervisor::{Kinship, current_host, kinship};

/// How many bytes of a command, and of variables, an answer shows.
const MOST_BYTES: usize = 16 * 1024;
/// How many processes of a kind, and how many variables, an answer shows.
const MOST_ENTRIES: usize = 100;

/// Returns a job as answers show it: what could be endless is bounded, and what was left out counted.
pub(crate) fn view(folder: &JobFolder, definition: &Definition, record: JobRecord) -> JobView {
    let run = record.run;
    let stdin = stdin_state(definition, &record);
    let path = |stream| folder.log_path(run, stream).to_string_lossy().into_owned();
    let (command, command_bytes) = bounded_words(command_words(&definition.command));
    let (env_vars, env_vars_left) = env_vars(definition);
    let (holders, holders_left) = bounded(record.holders);
    let (stragglers, stragglers_left) = bounded(record.stragglers);
    let left_out = LeftOut {
        command_bytes,
        env_vars: env_vars_left,
        holders: holders_left,
        stragglers: stragglers_left,
    };
    JobView {
        job_id: folder.id(),
        root: folder.root_path().to_string_lossy().into_owned(),
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
        command,
        shell: matches!(definition.command, CommandLine::Shell(_)),
        cwd: definition.cwd.to_lossy().into_owned(),
        created_at: record.created_at.unwrap_or(definition.created_at),
        started_at: record.started_at,
        exited_at: record.exited_at,
        finished_at: record.finished_at,
        updated_at: record.updated_at.unwrap_or(definition.created_at),
        duration_ms: record.duration_ms,
        env_vars,
        stdin,
        stdout_log_path: path(Stream::Stdout),
        stderr_log_path: path(Stream::Stderr),
        log_path: definition
            .log
            .as_ref()
            .map(|log| log.to_lossy().into_owned()),
        redactions: record.stdout.redactions + record.stderr.redactions,
        output: record.output,
        holders,
        stragglers,
        tree_empty: record.tree_empty,
        failure: record.failure,
        supervision: record.supervision,
        outer_job: definition.outer_job.clone(),
        foreign: is_foreign(definition),
        left_out: (left_out != LeftOut::default()).then_some(left_out),
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

fn env_vars(definition: &Definition) -> (BTreeMap<String, String>, u64) {
    let mut shown = BTreeMap::new();
    let (mut left, mut left_out) = (MOST_BYTES, 0);
    for variable in &definition.env {
        let value = variable.value.as_ref();
        let value = value.map_or_else(|| "***".to_owned(), |value| value.to_lossy().into_owned());
        let name = variable.name.to_lossy().into_owned();
        let bytes = name.len() + value.len();
        if bytes > left || shown.len() >= MOST_ENTRIES {
            left_out += 1;
            // Not an earlier value in its place, which does not count.
            shown.remove(&name);
        } else {
            left -= bytes;
            shown.insert(name, value);
        }
    }
    (shown, left_out)
}

/// Returns as many of the words as an answer shows, and how many bytes of them it does not.
fn bounded_words(words: Vec<String>) -> (Vec<String>, u64) {
    let all: usize = words.iter().map(String::len).sum();
    let mut left = MOST_BYTES;
    let mut shown = Vec::new();
    for word in words {
        // Each word costs something, so that many empty ones are bounded too.
        let room = left.saturating_sub(1);
        left = left.saturating_sub(word.len() + 1);
        if room == 0 {
            break;
        }
        let word = cut(word, room);
        shown.push(word);
    }
    let kept: usize = shown.iter().map(String::len).sum();
    (shown, all.saturating_sub(kept) as u64)
}

fn bounded<T>(mut entries: Vec<T>) -> (Vec<T>, u64) {
    let left_out = entries.len().saturating_sub(MOST_ENTRIES);
    entries.truncate(MOST_ENTRIES);
    (entries, left_out as u64)
}

/// Cuts a text to so many bytes at most, with a mark where it was cut.
pub(crate) fn cut(mut text: String, bytes: usize) -> String {
    const MARK: char = '…';

    if text.len() > bytes {
        text.truncate(text.floor_char_boundary(bytes.saturating_sub(MARK.len_utf8())));
        text.push(MARK);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_long_is_cut_and_counted() {
        assert_eq!(cut("abcdef".to_owned(), 6), "abcdef");
        assert_eq!(cut("ééé".to_owned(), 5), "é…");
        let words = vec!["sh".to_owned(), "x".repeat(20_000), "y".to_owned()];
        let (shown, left_out) = bounded_words(words);
        assert_eq!((shown.len(), shown[0].as_str()), (2, "sh"));
        let kept: usize = shown.iter().map(String::len).sum();
        assert!(kept <= MOST_BYTES && shown[1].ends_with('…'), "{kept}");
        assert_eq!(left_out, 20_003 - kept as u64);
        let many = vec![String::new(); 1 << 20];
        assert!(bounded_words(many).0.len() <= MOST_BYTES);
        assert_eq!(bounded(vec![0; 130]).1, 30);
        assert_eq!(bounded(vec![0; 100]).1, 0);
    }
}
