//! Listings of many jobs, from an index that the store made.
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::{Duration, Instant};

use foster_model::{
    CommandLine, Definition, Host, JobId, JobRecord, State, StdinMode, Stragglers, Tag, Time,
};
use foster_service::{Containment, Context, JobFilter, ListRequest, SortBy, Way, list};
use foster_store::{IndexRow, Root};

/// 2026-11-20, in nanoseconds.
const START: u64 = 1_795_132_800_000_000_000;

fn definition(job_id: JobId, tag: Option<&str>) -> Definition {
    let tags = tag.map(|tag| Tag::try_from(tag.to_owned()).unwrap());
    Definition {
        schema_version: "1".to_owned(),
        job_id,
        created_at: job_id.time(),
        command: CommandLine::Argv(vec!["cargo".into(), "test".into(), "--workspace".into()]),
        cwd: "/home/somebody/src/project".into(),
        env: vec![],
        inherit_env: true,
        keep_env: false,
        mask: vec![],
        redact: vec![],
        redact_env_like: false,
        idle_timeout: None,
        progress_every: None,
        notify: foster_model::Notifications::default(),
        name: None,
        tags: tags.into_iter().collect(),
        group: None,
        timeout: None,
        escalation: vec![],
        drain: Duration::from_secs(10),
        stragglers: Stragglers::Kill,
        stdin: StdinMode::Nothing,
        log: None,
        log_cap: None,
        containment: "auto".to_owned(),
        host: Host::default(),
        outer_job: None,
        nonce: "n".to_owned(),
    }
}

/// A root whose index has that many jobs that are over, ten of them with a rare tag.
fn many(jobs: u64) -> (tempfile::TempDir, Context) {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("root");
    let root = Root::open(&path, true).unwrap();
    let id = |n: u64| JobId::made_at(START + n * 1_000_000, u128::from(n));
    // The index begins with the first folder, and is never empty after it.
    let first = definition(id(0), Some("rare.one"));
    root.create_job(&first, None, None).unwrap();
    for n in 0..jobs {
        let tag = if n % (jobs / 10) == 0 {
            "rare.one"
        } else {
            "common"
        };
        let definition = definition(id(n), Some(tag));
        let mut record = JobRecord::new(id(n));
        record.state = State::Exited;
        record.finished_at = Some(Time::from_unix_ms(n as i64));
        let row = IndexRow::from_parts(&definition, &record);
        root.index().append(&row).unwrap();
    }
    let context = Context {
        root: path,
        cwd: temp.path().to_owned(),
        env: Vec::new(),
        way: Way::Fork,
        containment: Containment::default(),
        auto_gc: None,
        interrupt: None,
    };
    (temp, context)
}

fn timed(context: &Context, request: &ListRequest) -> (usize, Duration) {
    let began = Instant::now();
    let listed = list(context, request).unwrap().jobs.len();
    (listed, began.elapsed())
}

/// `FOSTER_LISTED_JOBS=100000 cargo test --release` measures with more.
#[test]
fn few_are_found_among_many() {
    let jobs = std::env::var("FOSTER_LISTED_JOBS").ok();
    let jobs = jobs.and_then(|jobs| jobs.parse().ok()).unwrap_or(20_000);
    let (_temp, context) = many(jobs);
    let all = ListRequest {
        all: true,
        ..ListRequest::default()
    };
    let filtered = |filter| ListRequest {
        filter,
        ..all.clone()
    };
    let tagged = filtered(JobFilter {
        tags: vec!["rare.*".parse().unwrap()],
        ..JobFilter::default()
    });
    let named = filtered(JobFilter {
        name: Some("nobody*".parse().unwrap()),
        ..JobFilter::default()
    });
    let sorted = ListRequest {
        sort: SortBy::Finished,
        ..all.clone()
    };
    let running = ListRequest {
        all: true,
        ..ListRequest::running()
    };
    let rows = [
        ("the newest", all, 50),
        ("with a tag", tagged, 10),
        ("running", running, 0),
        ("with a name", named, 0),
        ("sorted", sorted, 50),
    ];
    let mut report = format!("{jobs} jobs:");
    for (what, request, expected) in rows {
        let (listed, took) = timed(&context, &request);
        assert_eq!(listed, expected, "{what}");
        // Far more than it takes, and far less than a look into every folder would.
        assert!(took < Duration::from_secs(20), "{what}: {took:?}");
        let _ = write!(report, " {what} {took:?},");
    }
    let _ = writeln!(std::io::stderr(), "{report}");
}
