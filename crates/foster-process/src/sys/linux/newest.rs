#![expect(unsafe_code, reason = "the number of processors has no safe wrapper")]

use std::fs::File;
use std::io::Read as _;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use super::procfs::read_text;

/// `PROC_SUPER_MAGIC` (include/uapi/linux/magic.h).
const PROC_MAGIC: u64 = 0x9fa0;

/// The least number that is given out again once they have been gone through (`RESERVED_PIDS`,
/// include/linux/pid.h).
const RESERVED: u64 = 300;

/// How many numbers are looked at one by one: more cost as much as all of `/proc`.
const FEW: i32 = 512;

/// What the kernel counts, in this process's PID namespace but for the tasks, which are all there are.
struct Counted {
    newest: i32,
    tasks: u64,
}

/// Returns the number of the process or thread that was started last, as this one's PID namespace
/// counts ([proc_loadavg(5)](https://man7.org/linux/man-pages/man5/proc_loadavg.5.html)).
pub fn newest_process() -> Option<i32> {
    counted().map(|counted| counted.newest)
}

/// Returns the same, if whoever was started since `first` was has a number from `first` to that, and
/// there are few in between. `first` was started after `since`.
///
/// Numbers are given out upwards and begin anew at the end (`alloc_pid`, kernel/pid.c), so that is so
/// unless they have been gone through since. Whoever may choose a number for what he starts
/// (`CAP_CHECKPOINT_RESTORE`) can be passed over: he could take the mark away too.
pub fn newest_since(first: i32, since: Instant) -> Option<i32> {
    let Counted { newest, tasks } = counted()?;
    // The time is taken after that, so that nobody who was counted is left out of it.
    let started = started_at_most(since.elapsed(), processors());
    let few = (first..first.saturating_add(FEW)).contains(&newest);
    (few && started < least_round(numbers()?, tasks)).then_some(newest)
}

/// Returns how many may have been started in this time: no processor starts one in less than a
/// microsecond (a fork takes tens of them, and a thread five).
fn started_at_most(age: Duration, processors: u64) -> u64 {
    let micros = u64::try_from(age.as_micros()).unwrap_or(u64::MAX);
    micros.saturating_add(1).saturating_mul(processors)
}

/// Returns how many have to be started at least before a number is given out that is below the newest.
/// Those in use are passed over: a task keeps its own, its group's and its session's.
fn least_round(numbers: u64, tasks: u64) -> u64 {
    numbers.saturating_sub(RESERVED + tasks.saturating_mul(3))
}

fn counted() -> Option<Counted> {
    let mut file = File::open("/proc/loadavg").ok()?;
    // Containers may have another file there, which tells what was true a few seconds ago (lxcfs).
    if rustix::fs::fstatfs(&file).ok()?.f_type as u64 != PROC_MAGIC {
        return None;
    }
    let mut buffer = [0; 128];
    let length = file.read(&mut buffer).ok()?;
    parse(std::str::from_utf8(&buffer[..length]).ok()?)
}

fn parse(text: &str) -> Option<Counted> {
    let mut fields = text.split_ascii_whitespace().skip(3);
    let (_, tasks) = fields.next()?.split_once('/')?;
    Some(Counted {
        tasks: tasks.parse().ok()?,
        newest: fields.next()?.parse().ok()?,
    })
}

/// Returns the number above all that are given out, which may be changed at any time.
fn numbers() -> Option<u64> {
    let text = read_text("/proc/sys/kernel/pid_max").ok()?;
    text.trim_end().parse().ok()
}

/// Returns how many processors this machine can have: this process may be kept to a few of them, and
/// who forks need not be.
fn processors() -> u64 {
    static PROCESSORS: OnceLock<u64> = OnceLock::new();
    *PROCESSORS.get_or_init(|| {
        // SAFETY: a plain number.
        let configured = unsafe { libc::sysconf(libc::_SC_NPROCESSORS_CONF) };
        u64::try_from(configured).unwrap_or(u64::MAX)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_number_is_read_and_a_round_is_told_from_less() {
        let counted = parse("0.20 0.18 0.12 1/80 11206\n").unwrap();
        assert_eq!((counted.tasks, counted.newest), (80, 11206));
        assert!(parse("").is_none() && parse("0 0 0 80 1").is_none());
        let ms = |ms| started_at_most(Duration::from_millis(ms), 2);
        assert!(ms(16) < least_round(32768, 80) && ms(17) > least_round(32768, 80));
        assert_eq!(started_at_most(Duration::MAX, 2), u64::MAX);
        assert_eq!(least_round(32768, 30_000), 0);
    }

    #[test]
    fn a_child_is_the_newest_or_among_the_few() {
        let since = Instant::now();
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = child.id() as i32;
        // Others may start many meanwhile, and then it is not known.
        assert!(newest_since(pid, since).is_none_or(|newest| newest >= pid));
        child.wait().unwrap();
        let long_ago = since.checked_sub(Duration::from_hours(1));
        assert!(long_ago.is_none_or(|since| newest_since(pid, since).is_none()));
        assert!(newest_since(i32::MAX, Instant::now()).is_none());
    }
}
