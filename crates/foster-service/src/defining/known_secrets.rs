use foster_model::{JobName, PrivateValues, Secrets, Tag};
use foster_store::JobFolder;
use foster_supervisor::secrets_of;

use crate::context::Context;
use crate::defining::environment::to_variables;
use crate::error::ServiceError;

/// Returns the values of a job that was made before that must not be shown, as far as they are known
/// here: a variable may have another value in each run.
pub(crate) fn known_secrets(ctx: &Context, folder: &JobFolder) -> Result<Secrets, ServiceError> {
    let definition = folder.definition()?;
    let private = folder.private_values()?;
    let mut private = private.unwrap_or_else(|| PrivateValues::shown(&definition));
    // What the job inherited is kept nowhere, if not on purpose; most likely it is what the caller has.
    if definition.inherit_env && private.inherited.is_none() {
        private.inherited = Some(to_variables(&ctx.env));
    }
    Ok(secrets_of(&definition, &private))
}

/// Refuses labels that hold a value that must not be shown.
///
/// Refused rather than concealed: a label is there to be found and typed, and `***` is none. The
/// message does not repeat it.
pub(crate) fn check_labels<'a>(
    secrets: &Secrets,
    names: impl IntoIterator<Item = &'a JobName>,
    tags: &'a [Tag],
) -> Result<(), ServiceError> {
    let names = names.into_iter().map(JobName::as_ref);
    let mut labels = names.chain(tags.iter().map(Tag::as_ref));
    if labels.any(|label: &str| secrets.are_in(label.as_bytes())) {
        let text = "a name, group or tag holds the value of a variable that is shown nowhere";
        return Err(ServiceError::Invalid(text.to_owned()));
    }
    Ok(())
}
