use std::collections::HashSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use foster_model::{Definition, JOB_VARIABLE, NativeString, PrivateValues, Secrets, Variables};
use foster_process::MemberDetails;
use foster_store::JobFolder;
use foster_supervisor::secrets_of;

use crate::context::Context;
use crate::defining::known_secrets::known_secrets;
use crate::error::ServiceError;
use crate::showing::view::cut;

/// How many bytes of a command an answer shows: as many as a listing does.
const LONGEST: usize = 512;

/// What is shown of the commands of a job's processes.
pub(crate) struct Commands {
    secrets: Secrets,
    /// Whether all values that must not be shown are known: only then arguments are shown.
    all_known: bool,
}

/// Returns whether a job has values that must not be shown.
pub(crate) fn hides_anything(definition: &Definition) -> bool {
    definition.redact_env_like || hidden_names(definition).next().is_some()
}

fn hidden_names(definition: &Definition) -> impl Iterator<Item = &NativeString> {
    definition.mask.iter().chain(&definition.redact)
}

impl Commands {
    /// Finds out what must not be shown: what is kept of the job, and what its processes have in their
    /// environments. A value that the job inherited is kept nowhere else.
    pub fn new(
        ctx: &Context,
        folder: &JobFolder,
        definition: &Definition,
        processes: &[MemberDetails],
    ) -> Result<Self, ServiceError> {
        if !hides_anything(definition) {
            return Ok(Self {
                secrets: Secrets::default(),
                all_known: true,
            });
        }
        let kept = folder.private_values()?;
        let mut kept = kept.unwrap_or_else(|| PrivateValues::shown(definition));
        let has_inherited = kept.inherited.is_some() || !definition.inherit_env;
        let seen: Variables = processes.iter().flat_map(variables).collect();
        let is_ours =
            |(name, _): &(NativeString, NativeString)| name.as_bytes() == JOB_VARIABLE.as_bytes();
        let saw_environment = seen.iter().any(is_ours);
        kept.env.extend(seen);
        let all = kept.inherited.iter().flatten().chain(&kept.env);
        let names: HashSet<&NativeString> = all.map(|(name, _)| name).collect();
        let all_known = hidden_names(definition).all(|name| names.contains(name))
            && (!definition.redact_env_like || has_inherited || saw_environment);
        let found = secrets_of(definition, &kept);
        let known = known_secrets(ctx, folder)?;
        Ok(Self {
            secrets: Secrets::new(found.iter().chain(known.iter())),
            all_known,
        })
    }

    /// Returns the command of a process as it is shown.
    pub fn shown(&self, process: &MemberDetails) -> String {
        let words: Vec<_> = process
            .arguments
            .iter()
            .map(|word| word.as_bytes())
            .collect();
        let line = words.join(b" ".as_slice());
        let line = if line.is_empty() || !self.all_known {
            process.name.as_bytes()
        } else {
            &line
        };
        let shown = self.secrets.conceal(line);
        cut(shown.to_lossy().into_owned(), LONGEST)
    }
}

/// Returns the variables that a process was started with.
fn variables(process: &MemberDetails) -> impl Iterator<Item = (NativeString, NativeString)> {
    process.environment.iter().filter_map(|pair| pair_of(pair))
}

fn pair_of(pair: &OsStr) -> Option<(NativeString, NativeString)> {
    let pair = pair.as_bytes();
    let at = pair.iter().position(|byte| *byte == b'=')?;
    let (name, value) = (&pair[..at], &pair[at + 1..]);
    Some((name.to_vec().into(), value.to_vec().into()))
}
