use std::fs;
use std::path::PathBuf;
use std::thread::LocalKey;
use std::time::Duration;

use foster_model::{CommandLine, Definition, Host, JobId, Notifications, StdinMode, Stragglers};
use foster_store::{JobFolder, Root, RunFolder};
use tempfile::TempDir;

/// When the job was made: it is what the corpus was made for.
const MADE_AT: u64 = 1_795_132_800_000;

/// A root with one job, in a temporary folder. Each input overwrites files of it.
pub(crate) struct Scratch {
    /// Removes the folder in the end.
    _temp: TempDir,
    pub root: Root,
    pub folder: JobFolder,
}

thread_local! {
    static SCRATCH: Scratch = Scratch::new();
}

/// Where a thread has its scratch: made once, since making folders costs more than most checks.
pub(crate) fn scratch() -> &'static LocalKey<Scratch> {
    &SCRATCH
}

impl Scratch {
    fn new() -> Self {
        let temp = tempfile::Builder::new().prefix("foster-fuzz-").tempdir();
        let temp = temp.expect("a temporary folder can be made");
        let root = Root::open(&temp.path().join("root"), true).expect("the root can be made");
        let id = job_id(1);
        let made = root.create_job(&definition(id), None, None);
        let (folder, _) = made.expect("a job can be made");
        Self {
            _temp: temp,
            root,
            folder,
        }
    }

    /// Puts `content` in the place of a file of the job.
    pub fn write(&self, name: &str, content: &[u8]) {
        fs::write(self.folder.path().join(name), content).expect("a file can be written");
    }

    /// Removes a file of the job, if it is there.
    pub fn remove(&self, name: &str) {
        let removed = fs::remove_file(self.folder.path().join(name));
        assert!(removed.is_ok() || !self.folder.path().join(name).exists());
    }

    pub fn root_file(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub fn run(&self) -> RunFolder {
        self.folder.run(1).expect("the run's folder is there")
    }
}

/// Returns the id of the `number`th job.
pub(crate) fn job_id(number: u64) -> JobId {
    JobId::from_parts(MADE_AT + number, u128::from(number) << 20 | 0xabcde)
}

pub(crate) fn definition(id: JobId) -> Definition {
    Definition {
        schema_version: "1".to_owned(),
        job_id: id,
        created_at: id.time(),
        command: CommandLine::Argv(vec!["echo".into(), "hello".into()]),
        cwd: "/tmp".into(),
        env: vec![],
        inherit_env: true,
        keep_env: false,
        mask: vec![],
        redact: vec![],
        redact_env_like: false,
        name: None,
        tags: vec![],
        group: None,
        timeout: None,
        idle_timeout: None,
        progress_every: None,
        escalation: vec![],
        drain: Duration::from_secs(10),
        stragglers: Stragglers::Kill,
        stdin: StdinMode::Nothing,
        log: None,
        log_cap: None,
        containment: "auto".to_owned(),
        notify: Notifications::default(),
        host: Host::default(),
        outer_job: None,
        nonce: "n".to_owned(),
    }
}
