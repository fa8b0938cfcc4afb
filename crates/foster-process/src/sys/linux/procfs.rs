use std::fs;
use std::io::{self, Read as _};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::sys::{ProcessStat, is_exhaustion};

/// Returns what `/proc/PID/stat` says
/// ([proc_pid_stat(5)](https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html)).
///
/// # Errors
/// `NotFound` if there is no such process.
pub fn process_stat(pid: i32) -> io::Result<ProcessStat> {
    read_stat(pid).map(|stat| stat.process)
}

/// What `/proc/PID/stat` says, as far as it is wanted.
pub(super) struct Stat {
    pub process: ProcessStat,
    /// The processor time that it used, in the unit of `/proc` (`utime` and `stime`).
    pub cpu_ticks: Option<u64>,
    /// How many pages it has resident (`rss`).
    pub resident_pages: Option<u64>,
    /// Where its environment begins and ends (`env_start` and `env_end`).
    environment: Option<[u64; 2]>,
}

pub(super) fn read_stat(pid: i32) -> io::Result<Stat> {
    let mut buffer = [0; 1024];
    let length = fs::File::open(format!("/proc/{pid}/stat"))?.read(&mut buffer)?;
    parse_stat(&buffer[..length]).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

fn parse_stat(text: &[u8]) -> Option<Stat> {
    // The name stands in parentheses and may hold any byte, parentheses too: the last one counts.
    let open = text.iter().position(|b| *b == b'(')?;
    let close = text.iter().rposition(|b| *b == b')')?;
    let pid = std::str::from_utf8(&text[..open])
        .ok()?
        .trim()
        .parse()
        .ok()?;
    let rest = std::str::from_utf8(text.get(close + 1..)?).ok()?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let number = |index: usize| {
        fields
            .get(index - 3)
            .and_then(|field| field.parse::<i64>().ok())
    };
    // An address may be above what `number` takes.
    let address = |index: usize| fields.get(index - 3)?.parse::<u64>().ok();
    let count = |index: usize| number(index).and_then(|number| u64::try_from(number).ok());
    let process = ProcessStat {
        pid,
        command: String::from_utf8_lossy(&text[open + 1..close]).into_owned(),
        state: *fields.first()?.as_bytes().first()?,
        parent: number(4)? as i32,
        group: number(5)? as i32,
        session: number(6)? as i32,
        threads: number(20)?,
        start_time: number(22).map(|ticks| ticks as u64),
    };
    Some(Stat {
        process,
        cpu_ticks: count(14).zip(count(15)).map(|(user, system)| user + system),
        resident_pages: count(24),
        environment: address(50)
            .zip(address(51))
            .map(|(start, end)| [start, end]),
    })
}

/// Returns the status word of a zombie: the last field (52) of its stat, which is 0 where we
/// may not look (then nothing is known, since 0 would also be a success).
pub fn zombie_wait_word(pid: i32) -> Option<i32> {
    if !process_stat(pid).ok()?.is_dead() || !may_look_at(pid) {
        return None;
    }
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    text.split_ascii_whitespace().last()?.parse().ok()
}

/// The kernel shows the field to those who may trace the process: its own user, and root.
fn may_look_at(pid: i32) -> bool {
    let Ok(meta) = fs::metadata(format!("/proc/{pid}")) else {
        return false;
    };
    let user = rustix::process::geteuid();
    user.is_root() || std::os::unix::fs::MetadataExt::uid(&meta) == user.as_raw()
}

/// Returns the numbers of the children of all threads of `pid`; none if it is gone.
pub fn children_of(pid: i32) -> io::Result<Vec<i32>> {
    let tasks = match fs::read_dir(format!("/proc/{pid}/task")) {
        Ok(tasks) => tasks,
        Err(error) if is_gone(&error) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut children = Vec::new();
    for task in tasks {
        let Ok(task) = task else { break };
        match read_text(task.path().join("children")) {
            Ok(list) => children.extend(list.split_ascii_whitespace().flat_map(str::parse::<i32>)),
            // A child must not be passed over for want of a descriptor.
            Err(error) if is_exhaustion(&error) => return Err(error),
            // Either the thread has ended, or the kernel was built without CONFIG_PROC_CHILDREN.
            Err(_) if !children_files_exist() => return children_by_scan(pid),
            Err(_) => {}
        }
    }
    Ok(children)
}

/// Returns the numbers of this process's children, zombies among them.
///
/// # Errors
/// If `/proc` can't be read.
pub fn own_children() -> io::Result<Vec<i32>> {
    children_of(std::process::id() as i32)
}

fn children_files_exist() -> bool {
    fs::exists("/proc/thread-self/children").unwrap_or(false)
}

fn children_by_scan(parent: i32) -> io::Result<Vec<i32>> {
    let mut children = all_processes()?;
    children.retain(|pid| process_stat(*pid).is_ok_and(|stat| stat.parent == parent));
    Ok(children)
}

/// Returns the text of a file that the kernel makes as it is read.
///
/// The size of such a file is said to be 0, and std begins with 32 bytes then: ten calls for what two
/// will do.
pub(super) fn read_text(path: impl AsRef<Path>) -> io::Result<String> {
    let text = read_bytes(path)?;
    String::from_utf8(text).map_err(|_| io::ErrorKind::InvalidData.into())
}

pub(super) fn read_bytes(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(4096);
    // What is taken of a file has no size to ask for.
    fs::File::open(path)?
        .take(u64::MAX)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Returns the numbers of all processes that this one can see.
pub fn all_processes() -> io::Result<Vec<i32>> {
    let names =
        fs::read_dir("/proc")?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    Ok(names.filter_map(|name| name.parse().ok()).collect())
}

/// How long a process is waited for that is being executed: that takes it microseconds, but the
/// processor may be somebody else's for a while.
const EXEC_AT_MOST: Duration = Duration::from_millis(200);

/// Returns whether `pid` was started with this `NAME=value` in its environment.
///
/// While it executes a program there is a moment at which the old environment is gone and the new one
/// is not shown (`begin_new_exec` to `create_elf_tables`, fs/exec.c and fs/binfmt_elf.c). That looks
/// like none at all, so it is looked at again until that is over.
pub fn environment_has(pid: i32, pair: &[u8]) -> bool {
    let mut since = None;
    loop {
        match read_bytes(format!("/proc/{pid}/environ")) {
            Ok(environment) if environment.is_empty() => {}
            // So newer kernels say of a first thread that has ended.
            Err(error) if error.raw_os_error() == Some(libc::ESRCH) => break,
            environment => return bears(&environment.unwrap_or_default(), pair),
        }
        let waited = since.get_or_insert_with(Instant::now).elapsed();
        if waited > EXEC_AT_MOST || has_none(pid) {
            break;
        }
        std::thread::yield_now();
    }
    other_threads_have(pid, pair)
}

/// Returns whether a process has no environment and is not just getting one: it has a place for it,
/// of no length (fields 50 and 51 of its stat). While it is executed they are 0, and so they are for threads
/// of the kernel and for what has ended, which execute no file.
fn has_none(pid: i32) -> bool {
    match read_stat(pid).map(|stat| stat.environment) {
        Ok(Some([0, 0])) => fs::read_link(format!("/proc/{pid}/exe")).is_err(),
        Ok(Some([start, end])) => start == end,
        // It is gone, or the kernel tells nothing.
        Ok(None) | Err(_) => true,
    }
}

/// A thread that has ended shows no environment. If it was the first one, and the process lives on with
/// the others, those are asked.
fn other_threads_have(pid: i32, pair: &[u8]) -> bool {
    let others = fs::read_dir(format!("/proc/{pid}/task"))
        .into_iter()
        .flatten();
    let mut others = others
        .flatten()
        .filter(|task| *task.file_name() != *pid.to_string());
    others.any(|task| {
        let environment = read_bytes(task.path().join("environ"));
        bears(&environment.unwrap_or_default(), pair)
    })
}

fn bears(environment: &[u8], pair: &[u8]) -> bool {
    environment
        .split(|b| *b == 0)
        .any(|variable| variable == pair)
}

/// Returns the numbers and names of the processes, this one excepted, that hold an end of a pipe
/// open. Those of other users are seen only by root.
///
/// # Errors
/// If `/proc` can't be read; `Unsupported` on systems other than Linux.
pub fn pipe_holders(pipe: impl AsFd) -> io::Result<Vec<(i32, String)>> {
    let inode = rustix::fs::fstat(pipe)?.st_ino;
    let link = PathBuf::from(format!("pipe:[{inode}]"));
    let own = std::process::id() as i32;
    let mut holders = Vec::new();
    for pid in all_processes()?.into_iter().filter(|pid| *pid != own) {
        let Ok(descriptors) = fs::read_dir(format!("/proc/{pid}/fd")) else {
            continue;
        };
        let holds = |entry: fs::DirEntry| fs::read_link(entry.path()).is_ok_and(|to| to == link);
        if descriptors.flatten().any(holds) {
            let name = process_stat(pid).map_or_else(|_| String::new(), |stat| stat.command);
            holders.push((pid, name));
        }
    }
    Ok(holders)
}

/// Returns how many threads this process has.
pub fn thread_count() -> io::Result<usize> {
    // The links of the folder that has a folder for each: to have all told that `stat` tells takes longer.
    match fs::metadata("/proc/self/task")?.nlink().checked_sub(2) {
        Some(threads) if threads > 0 => Ok(threads as usize),
        // Not every kernel counts them so.
        _ => Ok(process_stat(std::process::id() as i32)?.threads as usize),
    }
}

/// Returns the likeliest reason for which a killed process still lives.
pub fn why_alive(pid: i32) -> String {
    match process_stat(pid).map(|stat| stat.state) {
        Ok(b'D') => "it is in an uninterruptible sleep in the kernel".to_owned(),
        Ok(state) => format!("still in state {} when time ran out", char::from(state)),
        Err(_) => "it ended as it was looked at".to_owned(),
    }
}

fn is_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(libc::ESRCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_full_of_parentheses_is_read() {
        let line = b"42 (a) b (c)) S 7 8 9 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 3 0 1234 5 6\n";
        let stat = parse_stat(line).unwrap().process;
        assert_eq!(stat.command, "a) b (c)");
        assert_eq!(
            (stat.pid, stat.parent, stat.group, stat.session),
            (42, 7, 8, 9)
        );
        assert_eq!((stat.threads, stat.start_time), (3, Some(1234)));
        assert!(parse_stat(b"").is_none() && parse_stat(b"1 (").is_none());
    }

    #[test]
    fn where_the_environment_lies_is_read_whatever_the_name() {
        let fields: Vec<String> = (4..=52)
            .map(|field: u64| (field * 10).to_string())
            .collect();
        let line = format!("42 (a) S) S {}\n", fields.join(" "));
        let stat = parse_stat(line.as_bytes()).unwrap();
        assert_eq!(stat.environment, Some([500, 510]));
        assert_eq!(stat.process.parent, 40);
    }

    #[test]
    fn a_child_is_seen_until_it_is_reaped() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = child.id() as i32;
        assert!(own_children().unwrap().contains(&pid));
        child.wait().unwrap();
        assert!(!own_children().unwrap().contains(&pid));
    }
}
