use foster_model::answer::TagAnswer;
use foster_model::{Amendment, JobSelector, Secrets, Tag};

use crate::context::Context;
use crate::defining::known_secrets::{check_labels, known_secrets};
use crate::error::ServiceError;
use crate::reaching::amend::amend;

/// What `tag` is asked for.
#[derive(Debug, Clone)]
pub struct TagRequest {
    /// The job.
    pub job: JobSelector,
    /// Whether its marks are taken away first.
    pub clear: bool,
    /// Marks that it gets.
    pub add: Vec<Tag>,
    /// Marks that it loses.
    pub remove: Vec<Tag>,
}

/// Changes the marks of a job, or only tells them, if nothing is to be changed.
///
/// Two who add marks at once both succeed: the change is carried out by whoever may write, on the
/// marks as they are then.
///
/// # Errors
/// No such job, or more than one; one of another machine; a mark that holds a value that is shown nowhere.
pub fn tag(ctx: &Context, request: TagRequest) -> Result<TagAnswer, ServiceError> {
    let (root, folder) = ctx.find(&request.job)?;
    let TagRequest {
        clear, add, remove, ..
    } = request;
    if !add.is_empty() {
        check_labels(&known_secrets(ctx, &folder)?, None, &add)?;
    }
    let definition = if clear || !add.is_empty() || !remove.is_empty() {
        amend(
            ctx.sleep(),
            &root,
            &folder,
            &Amendment::Tags { clear, add, remove },
            &Secrets::default(),
        )?
    } else {
        folder.definition()?
    };
    Ok(TagAnswer {
        job_id: folder.id(),
        tags: definition.tags,
    })
}
