//! What the tests share: a root in a temporary folder, and a definition.

#![cfg(test)]
#![allow(
    dead_code,
    clippy::allow_attributes,
    reason = "not each test file uses all of it"
)]

use std::time::Duration;

use foster_model::{
    Cause, CommandLine, Definition, Entry, Event, Host, Identity, JobId, Notifications, State,
    StdinMode, Stragglers, Time,
};
use foster_store::{JobFolder, Lock, Root};
use tempfile::TempDir;

/// 2026-11-20, in milliseconds.
pub const START: u64 = 1_795_132_800_000;

pub fn root() -> (TempDir, Root) {
    let temp = tempfile::tempdir().unwrap();
    let root = Root::open(&temp.path().join("root"), true).unwrap();
    (temp, root)
}

pub fn id(number: u64) -> JobId {
    JobId::from_parts(START + number, u128::from(number) << 20 | 0xabcde)
}

pub fn definition(id: JobId) -> Definition {
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

pub fn job(root: &Root, number: u64) -> (JobFolder, Lock) {
    root.create_listed(&definition(id(number)), None).unwrap()
}

pub fn at(ms: i64, event: Event) -> Entry {
    Entry {
        at: Time::from_unix_ms(ms),
        event,
    }
}

/// A job's life after its creation.
pub fn life() -> Vec<Entry> {
    let leader = Identity {
        pid: 7,
        start_time: Some(1),
        unique: None,
    };
    vec![
        at(
            2,
            Event::Started {
                leader,
                containment: "group".to_owned(),
                cgroup: None,
                monotonic_ms: 1,
            },
        ),
        at(
            3,
            Event::Exited {
                exit_code: Some(3),
                signal: None,
                core_dumped: false,
                duration_ms: Some(1),
            },
        ),
        at(4, Event::Empty {}),
        at(
            5,
            Event::Finished {
                state: State::Exited,
                cause: Cause::Exit,
            },
        ),
    ]
}

/// Makes a job that listings show.
pub trait CreateListed {
    fn create_listed(
        &self,
        definition: &foster_model::Definition,
        stdin: Option<&[u8]>,
    ) -> Result<(foster_store::JobFolder, foster_store::Lock), foster_store::CreateError>;
}

impl CreateListed for foster_store::Root {
    fn create_listed(
        &self,
        definition: &foster_model::Definition,
        stdin: Option<&[u8]>,
    ) -> Result<(foster_store::JobFolder, foster_store::Lock), foster_store::CreateError> {
        let mut bytes = stdin.unwrap_or_default();
        let input = stdin.map(|_| foster_store::Input {
            from: &mut bytes,
            at_most: u64::MAX,
        });
        let made = self.create_job(definition, None, input)?;
        self.publish(definition);
        Ok(made)
    }
}
