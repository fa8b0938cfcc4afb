//! What waiting costs, what is left behind, and what happens when descriptors run out. Each in a
//! process of its own, where all that is left behind can be counted.

#![expect(clippy::print_stdout, reason = "it measures too")]

use std::fs::{self, File};
use std::time::{Duration, Instant};

use foster_process::output::{
    CaptureSettings, CollectBytes, Consumers, Keep, Pattern, PatternSet, StdStream, StreamEvent,
};
use foster_process::{
    Command, CompletionOptions, Containment, ExitStatus, GracefulTimeouts, Input, Limits, OnDrop,
    Output, UnixPhases, own_children,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::common::{As, isolated, strangers};
use crate::front::{Blocking, Front, SECOND, Tokio, script, started, timed};

const LEVELS: [Containment; 3] = [
    Containment::Auto,
    Containment::Group,
    Containment::PidNamespace,
];
const IDLE: Duration = Duration::from_millis(300);

fn shared(text: &str) -> Command {
    let settings = CaptureSettings::builder().consumers(Consumers::Broadcast);
    script(text).stdout(Output::Captured(settings.build().unwrap()))
}

fn never() -> PatternSet {
    PatternSet::new([Pattern::substring("never")]).unwrap()
}

/// Returns for how long this thread ran so far, in nanoseconds, and how often it was put on a
/// processor.
fn ran() -> [u64; 2] {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    let numbers: Vec<u64> = text
        .split_whitespace()
        .map(|n| n.parse().unwrap())
        .collect();
    [numbers[0], numbers[2]]
}

/// Does something that waits for [`IDLE`], which must cost next to nothing.
fn idle<T>(name: &str, wait: impl FnOnce() -> T) -> T {
    let before = ran();
    let (result, took) = timed(wait);
    let after = ran();
    let (nanos, times) = (after[0] - before[0], after[1] - before[1]);
    println!("{name}: {took:?}, ran {} us, {times} times", nanos / 1000);
    assert!(took >= IDLE / 2, "{name}: it did not wait, but {took:?}");
    assert!(
        nanos < 60_000_000,
        "{name}: it spins: {nanos} ns in {took:?}"
    );
    assert!(times < 200, "{name}: it wakes {times} times in {took:?}");
    result
}

fn term(grace: Duration) -> GracefulTimeouts {
    let builder = GracefulTimeouts::builder().unix(UnixPhases::terminate_only(grace));
    builder.windows(grace).build()
}

fn waits_are_idle<F: Front>(front: &str) {
    let name = |what: &str| format!("{front}: {what}");
    let process = F::start(script("sleep 0.3")).unwrap();
    idle(&name("wait"), || process.wait().unwrap());

    let process = F::start(script("sleep 0.3 & exit 0")).unwrap();
    let options = CompletionOptions::new().stdout(CollectBytes::new(Keep::All));
    idle(&name("held output"), || process.complete(options).unwrap());

    let process = F::start(shared("exec sleep 100")).unwrap();
    let mut one = process.subscribe(StdStream::Stdout).unwrap();
    let two = process.subscribe(StdStream::Stdout).unwrap();
    idle(&name("wait_for"), || {
        process.wait_for(&mut [&mut one], &never(), Some(IDLE))
    });
    drop(two);

    let process = F::start(shared("sleep 0.3; echo late")).unwrap();
    let mut one = process.subscribe(StdStream::Stdout).unwrap();
    let _two = process.subscribe(StdStream::Stdout).unwrap();
    let event = idle(&name("next_event"), || process.next_event(&mut one));
    assert!(matches!(event, StreamEvent::Chunk(_)));

    // The pipe is readable all the time, and nobody may read it.
    let process = F::start(shared("exec yes")).unwrap();
    let mut one = process.subscribe(StdStream::Stdout).unwrap();
    let _full = process.subscribe(StdStream::Stdout).unwrap();
    process.wait_for(&mut [&mut one], &never(), Some(IDLE));
    idle(&name("wait_for beside a full one"), || {
        process.wait_for(&mut [&mut one], &never(), Some(IDLE))
    });
    let options = CompletionOptions::new().deadline(IDLE);
    idle(&name("completion beside a full one"), || {
        process.complete(options).unwrap()
    });
    let options = CompletionOptions::new().deadline(IDLE);
    let options = options.stdout(CollectBytes::new(Keep::Tail(10)));
    idle(&name("its own completion beside a full one"), || {
        process.complete(options).unwrap()
    });

    for level in LEVELS {
        let text = "trap '' TERM; echo ready; sleep 100 & wait; wait";
        let (process, _) = started::<F>(script(text).containment(level));
        idle(&name(&format!("terminate, {level:?}")), || {
            process.terminate(term(IDLE)).unwrap()
        });
    }
}

#[test]
fn whoever_waits_sleeps() {
    isolated("scarce::whoever_waits_sleeps", As::Caller, || {
        waits_are_idle::<Blocking>("blocking");
        waits_are_idle::<Tokio>("tokio");
    });
}

fn open_descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Returns the control groups of this process's trees that are there.
fn leaves() -> Vec<String> {
    let own = format!("FOSTER_TREE_{}_", std::process::id());
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let start = stat
        .rsplit_once(") ")
        .unwrap()
        .1
        .split(' ')
        .nth(19)
        .unwrap();
    let own = format!("{own}{start}_");
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let mount = mounts.lines().find_map(|line| {
        let (left, right) = line.split_once(" - ")?;
        right
            .starts_with("cgroup2 ")
            .then(|| left.split(' ').nth(4))?
    });
    let Some(mount) = mount else {
        return Vec::new();
    };
    let found = std::process::Command::new("find")
        .args([mount, "-type", "d", "-name", &format!("*{own}*")])
        .output()
        .unwrap();
    let found = String::from_utf8(found.stdout).unwrap();
    found.lines().map(str::to_owned).collect()
}

/// Waits until this process has no children: who was left alone is reaped by another thread.
fn until_childless() {
    until_children(0);
}

fn until_children(count: usize) {
    let until = Instant::now() + 10 * SECOND;
    while own_children().unwrap().len() > count {
        assert!(Instant::now() < until, "{:?}", own_children());
        std::thread::yield_now();
    }
}

fn start_in_each_way<F: Front>(level: Containment) {
    let quick = || script("echo out; echo err >&2").containment(level);
    F::start(quick()).unwrap().wait().unwrap();
    let options = CompletionOptions::new().stdout(CollectBytes::new(Keep::All));
    let done = F::start(quick()).unwrap().complete(options).unwrap();
    assert_eq!(done.stdout.to_vec(), b"out\n");
    let long = || script("sleep 100 & sleep 100").containment(level);
    F::start(long()).unwrap().kill().unwrap();
    drop(F::start(long().stdin(Input::Piped)).unwrap());
    let process = F::start(quick()).unwrap();
    let mut one = process.subscribe(StdStream::Stdout).unwrap();
    let _ = process.next_event(&mut one);
    drop(process);
    let process = F::start(quick().on_drop(OnDrop::Detach)).unwrap();
    drop(process);
    assert!(F::start(Command::new("no-such-program").containment(level)).is_err());
    let limits = Limits::new().memory(1 << 30).unwrap();
    drop(F::start(quick().limits(limits)));
}

fn nothing_is_left<F: Front>(rounds: usize) {
    // The thread that reaps has descriptors too.
    let command = script("read x").stdin(Input::Piped).on_drop(OnDrop::Detach);
    drop(F::start(command).unwrap());
    for level in LEVELS {
        start_in_each_way::<F>(level);
        until_childless();
        let before = open_descriptors();
        let ((), took) = timed(|| {
            for _ in 0..rounds {
                start_in_each_way::<F>(level);
            }
        });
        until_childless();
        println!("{level:?}: {rounds} rounds of 8 in {took:?}");
        // What belonged to the last is closed a moment after it was reaped.
        let until = Instant::now() + 10 * SECOND;
        while open_descriptors() > before {
            assert!(Instant::now() < until, "{level:?}: {}", open_descriptors());
        }
        let left = strangers();
        assert!(left.is_empty(), "{level:?}: {left:?}");
    }
    // The last one may be removed a moment after it was reaped.
    let until = Instant::now() + 10 * SECOND;
    while !leaves().is_empty() {
        assert!(Instant::now() < until, "{:?}", leaves());
    }
}

#[test]
fn nothing_is_left_behind() {
    isolated("scarce::nothing_is_left_behind", As::Caller, || {
        nothing_is_left::<Blocking>(25);
        nothing_is_left::<Tokio>(25);
    });
}

/// Takes all descriptors but so many, until it is dropped.
struct Scarcity {
    taken: Vec<File>,
    before: Rlimit,
}

impl Scarcity {
    fn but(free: usize) -> Self {
        let before = getrlimit(Resource::Nofile);
        let limit = Rlimit {
            current: Some(256),
            maximum: before.maximum,
        };
        setrlimit(Resource::Nofile, limit).unwrap();
        let mut taken: Vec<File> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
        taken.truncate(taken.len() - free);
        Self { taken, before }
    }
}

impl Drop for Scarcity {
    fn drop(&mut self) {
        self.taken.clear();
        setrlimit(Resource::Nofile, self.before).unwrap();
    }
}

/// Whatever is missing: bytes and status, or an error with all as it was; and nothing outlives the
/// handle.
fn descriptors_run_out<F: Front>() {
    for level in LEVELS {
        for free in 0..16 {
            let case = format!("{level:?}, {free} left");
            let quick = script("echo out; exit 3").containment(level);
            let process = F::start(quick).unwrap();
            let all = || CompletionOptions::new().stdout(CollectBytes::new(Keep::All));
            let scarcity = Scarcity::but(free);
            let done = process.complete(all());
            drop(scarcity);
            if let Ok(done) = done {
                assert_eq!(done.status(), Some(ExitStatus::Code(3)), "{case}");
                assert_eq!(done.stdout.to_vec(), b"out\n", "{case}");
            } else {
                let again = process.wait().unwrap();
                assert_eq!(again.status, ExitStatus::Code(3), "{case}");
            }
            drop(process);

            let text = "trap '' TERM; setsid sleep 100 & sleep 100 & echo ready; wait";
            let (process, _) = started::<F>(script(text).containment(level));
            let scarcity = Scarcity::but(free);
            let ended = process.kill();
            let told = ended.is_ok();
            drop(process);
            drop(scarcity);
            if told {
                assert_eq!(strangers(), Vec::<String>::new(), "{case}");
            }
            // Whoever was in a session of its own is out of reach where nothing can be opened.
            let needed = match level {
                Containment::Group => 3,
                Containment::PidNamespace => 0,
                _ => 1,
            };
            let left = survivors(usize::from(free < needed));
            println!("{case}: told {told}, left {}", left.len());
            for stat in left {
                crate::front::end(stat.split(' ').next().unwrap().parse().unwrap());
            }
            // Where no thread was to be had, the next who is handed over brings one.
            let command = script("read x").stdin(Input::Piped).on_drop(OnDrop::Detach);
            drop(F::start(command).unwrap());
            until_childless();
        }
        let scarcity = Scarcity::but(2);
        assert!(F::start(script("true").containment(level)).is_err());
        drop(scarcity);
    }
}

/// Waits until no more are left than that: they were killed, and are about to be gone.
fn survivors(at_most: usize) -> Vec<String> {
    let until = Instant::now() + 5 * SECOND;
    loop {
        let left = strangers();
        if left.len() <= at_most {
            return left;
        }
        assert!(Instant::now() < until, "{left:?}");
    }
}

#[test]
fn a_want_of_descriptors_is_an_error_and_no_leak() {
    let name = "scarce::a_want_of_descriptors_is_an_error_and_no_leak";
    isolated(name, As::Caller, || {
        descriptors_run_out::<Blocking>();
        assert_eq!(leaves(), Vec::<String>::new());
    });
}

/// Who is left alone while descriptors are wanting is reaped all the same.
#[test]
fn those_who_were_left_are_reaped_after_a_want_of_descriptors() {
    let name = "scarce::those_who_were_left_are_reaped_after_a_want_of_descriptors";
    isolated(name, As::Caller, || {
        let detached = || {
            let command = script("read x").stdin(Input::Piped).on_drop(OnDrop::Detach);
            let process = Blocking::start(command).unwrap();
            let stdin = process.0.take_stdin().unwrap();
            (process, stdin)
        };
        // The first is handed over when nothing can be had.
        for free in [0, 1, 2] {
            let (process, stdin) = detached();
            let scarcity = Scarcity::but(free);
            drop(process);
            drop(scarcity);
            let (second, its) = detached();
            drop(second);
            drop((stdin, its));
            until_childless();
        }
        // And who was handed over before ends then.
        let (process, stdin) = detached();
        drop(process);
        let scarcity = Scarcity::but(0);
        drop(stdin);
        std::thread::yield_now();
        drop(scarcity);
        until_childless();
    });
}

#[test]
fn a_daemon_in_a_namespace_that_was_left_leaves_no_zombie() {
    let name = "scarce::a_daemon_in_a_namespace_that_was_left_leaves_no_zombie";
    isolated(name, As::Caller, || {
        let text = "setsid sh -c 'echo ready; read x' <&3 & exit 0";
        let (reader, writer) = std::io::pipe().unwrap();
        let command = script(text).containment(Containment::PidNamespace);
        let command = command.descriptor(3, reader).on_drop(OnDrop::Detach);
        let (process, _) = started::<Blocking>(command);
        process.wait().unwrap();
        assert!(!process.is_tree_empty());
        drop(process);
        // Those who were left are looked at in turn: when this one is reaped, the first was seen.
        drop(Blocking::start(Command::new("true").on_drop(OnDrop::Detach)).unwrap());
        until_children(1);
        drop(writer);
        until_children(0);
    });
}

#[test]
fn a_thousand_members_are_ended() {
    isolated("scarce::a_thousand_members_are_ended", As::Caller, || {
        for level in [Containment::Group, Containment::Auto] {
            let text = "trap '' TERM; i=0; while [ $i -lt 1000 ]; do sleep 300 & i=$((i+1)); done
                echo ready; wait";
            let (process, _) = started::<Blocking>(script(text).containment(level));
            let (report, took) = timed(|| process.terminate(term(IDLE)).unwrap().report);
            println!("{level:?}: 1001 members in {took:?} after {IDLE:?} of grace");
            assert_eq!(report.phases[0].sent, 1001);
            assert!(report.empty && took < 20 * SECOND, "{took:?}");
        }
    });
}
