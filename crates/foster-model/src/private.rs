use serde::{Deserialize, Serialize};

use crate::{CommandLine, Definition, EnvValue, NativeString, Notifications};

/// Variables with their values, in the order in which they count.
pub type Variables = Vec<(NativeString, NativeString)>;

/// What a definition needs and no answer shows, as `secrets.json` keeps it (mode 0600, deleted with
/// the job): the values as they are where the definition has them concealed.
///
/// There is such a file only where something is concealed, or the environment was to be kept.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivateValues {
    /// What to execute.
    pub command: CommandLine,
    /// The working directory.
    pub cwd: NativeString,
    /// The interleaved log, if there is one.
    pub log: Option<NativeString>,
    /// The variables that were given explicitly.
    pub env: Variables,
    /// The environment that was inherited, if it was to be kept (`--keep-env`).
    pub inherited: Option<Variables>,
    /// Whom the job tells of itself.
    #[serde(default)]
    pub notify: Notifications,
}

impl PrivateValues {
    /// Returns the values of a definition that conceals none.
    pub fn shown(definition: &Definition) -> Self {
        let value = |name: &EnvValue| Some((name.name.clone(), name.value.clone()?));
        Self {
            command: definition.command.clone(),
            cwd: definition.cwd.clone(),
            log: definition.log.clone(),
            env: definition.env.iter().filter_map(value).collect(),
            inherited: None,
            notify: definition.notify.clone(),
        }
    }
}

impl std::fmt::Debug for PrivateValues {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Whoever prints a structure that holds this one must not print what is in it.
        f.write_str("PrivateValues")
    }
}
