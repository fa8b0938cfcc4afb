//! Tells what it was given, as one JSON document on standard output.
//!
//! `[--env NAME]… [--all-env] [anything]…`
//!
//! ```json
//! {
//!   "argc": 3, "args": ["a", "…"], "cwd": "/…",
//!   "env": {"NAME": "value or null"},
//!   "fds": [{"fd": 0, "target": "/dev/null", "access": "read"}],
//!   "pid": 1, "ppid": 1, "pgid": 1, "sid": 1,
//!   "umask": "0022", "signals_blocked": "0000000000000000", "signals_ignored": "0000000000001000"
//! }
//! ```
//!
//! `args` are all arguments, its own options among them, without the program's name, and `argc` is
//! their number. Strings that are not UTF-8 are arrays of bytes. `access` is `read`, `write` or
//! `read-write`. Two things can't be told from within a Rust program: SIGPIPE is always ignored,
//! and descriptors 0 to 2 that were closed are open on `/dev/null`.

#![expect(
    clippy::expect_used,
    reason = "a habit that can't look at itself stops there and then"
)]

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write as _;
use std::os::fd::AsRawFd as _;
use std::os::unix::ffi::OsStrExt as _;

use foster_testkit::Watched;
use rustix::fs::{Mode, OFlags, RawDir};
use serde_json::{Map, Value, json};

fn main() {
    let own = Watched::from_pid(std::process::id().cast_signed()).expect("it runs");
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    let answer = json!({
        "argc": args.len(),
        "args": args.iter().map(|arg| text(arg)).collect::<Vec<_>>(),
        "cwd": text(std::env::current_dir().expect("the directory is there").as_os_str()),
        "env": variables(&args),
        "fds": descriptors(),
        "pid": std::process::id(),
        "ppid": own.parent(),
        "pgid": own.group(),
        "sid": own.session(),
        "umask": status("Umask"),
        "signals_blocked": status("SigBlk"),
        "signals_ignored": status("SigIgn"),
    });
    writeln!(std::io::stdout(), "{answer}").expect("standard output takes it");
}

fn text(text: &OsStr) -> Value {
    text.to_str()
        .map_or_else(|| json!(text.as_bytes()), |text| json!(text))
}

fn variables(args: &[OsString]) -> Map<String, Value> {
    let mut found = Map::new();
    if args.iter().any(|arg| arg == "--all-env") {
        let all = std::env::vars_os();
        found.extend(all.map(|(name, value)| (name.to_string_lossy().into_owned(), text(&value))));
    }
    let named = args
        .windows(2)
        .filter(|pair| pair[0] == "--env")
        .map(|pair| &pair[1]);
    found.extend(named.map(|name| {
        let value = std::env::var_os(name).map_or(Value::Null, |value| text(&value));
        (name.to_string_lossy().into_owned(), value)
    }));
    found
}

/// Lists what is open, without the descriptor that the listing itself needs.
fn descriptors() -> Vec<Value> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let dir = rustix::fs::open("/proc/self/fd", flags, Mode::empty()).expect("/proc is there");
    let own = dir.as_raw_fd();
    let mut buffer = Vec::with_capacity(8192);
    let mut entries = RawDir::new(&dir, buffer.spare_capacity_mut());
    let mut found = Vec::new();
    while let Some(entry) = entries.next() {
        let entry = entry.expect("the folder can be read");
        let fd = entry
            .file_name()
            .to_str()
            .ok()
            .and_then(|name| name.parse::<i32>().ok());
        found.extend(fd.filter(|fd| *fd != own));
    }
    found.sort_unstable();
    found.into_iter().map(descriptor).collect()
}

fn descriptor(fd: i32) -> Value {
    let target = fs::read_link(format!("/proc/self/fd/{fd}")).unwrap_or_default();
    let info = fs::read_to_string(format!("/proc/self/fdinfo/{fd}")).unwrap_or_default();
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok());
    let access = flags.map(|flags| match flags & 3 {
        0 => "read",
        1 => "write",
        _ => "read-write",
    });
    json!({ "fd": fd, "target": text(target.as_os_str()), "access": access })
}

fn status(name: &str) -> Option<String> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.map(|value| value.trim().to_owned())
}
