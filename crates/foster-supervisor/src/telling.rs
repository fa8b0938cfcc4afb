use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};

use foster_model::{Definition, JobRecord, NativeString, PrivateValues, Secrets};
use foster_notifier::Errand;
use foster_store::{JobFolder, Root};

use crate::amending::write_end;

/// Has the end of a job told by a notifier that this process starts, if there is somebody to tell
/// who was not told. For those who have ended a record without ever looking after the job: its
/// supervisor does it otherwise.
///
/// What goes wrong is nobody's fault who asks about a job: it shows in the record of the end, which
/// tells of no delivery, and `recover` tries again.
pub fn tell_of_the_end(
    root: &Root,
    folder: &JobFolder,
    definition: &Definition,
    record: &JobRecord,
) {
    if definition.notify.is_empty() || !record.state.is_final() {
        return;
    }
    let Ok(run) = folder.run(record.run) else {
        return;
    };
    match run.completion() {
        Ok(Some(known)) if known.delivered || run.is_notifying().unwrap_or(true) => return,
        Ok(Some(_)) => {}
        _ if write_end(folder, definition, record).is_err() => return,
        _ => {}
    }
    if let Ok(Some(errand)) = errand(folder, definition, record) {
        let _ = foster_notifier::start(root, errand);
    }
}

/// Returns the errand of telling of a run that ran elsewhere or never; `None` if its values can't be
/// read. Its commands get the environment of this process with the job's explicit variables, since
/// the job's own is kept nowhere, unless it is.
fn errand(
    folder: &JobFolder,
    definition: &Definition,
    record: &JobRecord,
) -> std::io::Result<Option<Errand>> {
    let private = folder.private_values()?;
    let private = private.unwrap_or_else(|| PrivateValues::shown(definition));
    let os = |text: &NativeString| OsString::from_vec(text.as_bytes().to_vec());
    let kept = private.inherited.iter().flatten();
    let variables = kept.chain(&private.env);
    let env = variables.map(|(name, value)| (os(name), os(value)));
    Ok(Some(Errand {
        folder: again(folder)?,
        run: record.run,
        inherits_env: definition.inherit_env && private.inherited.is_none(),
        env: env.collect(),
        cwd: os(&private.cwd).into(),
        secrets: secrets_of(definition, &private),
    }))
}

/// Returns the folder by a descriptor of its own.
pub(crate) fn again(folder: &JobFolder) -> std::io::Result<JobFolder> {
    let dir = folder.dir().try_clone_to_owned()?;
    Ok(JobFolder::from_fd(
        folder.id(),
        folder.path().to_owned(),
        dir,
    ))
}

/// Returns the values that must not be shown, as far as they are kept.
pub fn secrets_of(definition: &Definition, private: &PrivateValues) -> Secrets {
    let variables = private.inherited.iter().flatten().chain(&private.env);
    let masked = variables.filter(|(name, _)| definition.hides(name));
    let values: Vec<OsString> = masked
        .map(|(_, value)| OsString::from_vec(value.as_bytes().to_vec()))
        .collect();
    Secrets::new(values.iter().map(|value| value.as_bytes()))
}
