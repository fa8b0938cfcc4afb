use foster_model::answer::{NotificationView, NotifyAnswer};
use foster_model::{Amendment, Definition, JobRecord, JobSelector, NotificationParts};
use foster_store::JobFolder;

use crate::context::Context;
use crate::defining::known_secrets::known_secrets;
use crate::defining::notify_settings::NotifySettings;
use crate::error::ServiceError;
use crate::reaching::amend::amend;
use crate::reaching::watch::shown_record;

/// What `notify` is asked for.
#[derive(Debug, Clone)]
pub struct NotifyRequest {
    /// The job.
    pub job: JobSelector,
    /// What is to be done.
    pub action: NotifyAction,
}

/// What can be done with a job's notifications.
#[derive(Debug, Clone)]
pub enum NotifyAction {
    /// They are told.
    Show,
    /// They are replaced by these.
    Set(NotifySettings),
    /// Some of them are taken away.
    Clear(NotificationParts),
}

/// The longest change that is sent to a supervisor, in bytes of JSON: a line of its protocol holds it.
const LONGEST_CHANGE: usize = 48 * 1024;

/// Shows, replaces or takes away whom a job tells of itself: at any time, before its start as well as
/// while it runs. Sinks that are set when the job is over are told of its last run at once, and the
/// answer says so.
///
/// # Errors
/// No such job, or more than one; one of another machine; settings that can't be carried out; a job
/// whose end is just being told.
pub fn notify(ctx: &Context, request: &NotifyRequest) -> Result<NotifyAnswer, ServiceError> {
    let change = match &request.action {
        NotifyAction::Show => None,
        NotifyAction::Clear(parts) => Some(Amendment::Unnotify { parts: *parts }),
        NotifyAction::Set(settings) => {
            let notify = settings.resolve(ctx)?;
            if notify.finish.is_empty() {
                let text = "nobody to notify is named".to_owned();
                return Err(ServiceError::Invalid(text));
            }
            Some(Amendment::Notify { notify })
        }
    };
    if let Some(change) = &change {
        let length = serde_json::to_vec(change).map_or(usize::MAX, |text| text.len());
        if length > LONGEST_CHANGE {
            let text = format!("the sinks and patterns are longer than {LONGEST_CHANGE} bytes");
            return Err(ServiceError::Invalid(text));
        }
    }
    let (root, folder) = ctx.find(&request.job)?;
    let before = shown_record(&root, &folder)?;
    let set = matches!(change, Some(Amendment::Notify { .. }));
    let definition = match &change {
        Some(change) => {
            let secrets = known_secrets(ctx, &folder)?;
            amend(ctx.sleep(), &root, &folder, change, &secrets)?
        }
        None => folder.definition()?,
    };
    // It may have ended between: then it was told of as one that runs.
    let record = shown_record(&root, &folder)?;
    let already_finished = set && before.state.is_final();
    Ok(NotifyAnswer {
        job_id: folder.id(),
        state: record.state,
        already_finished,
        notifications: notification_view(&folder, &definition, &record),
        hint: already_finished.then(|| {
            let id = folder.id();
            format!("it was over already, and is told of now: foster notify show {id}")
        }),
    })
}

/// Returns whom a job tells, and how that went in its newest run.
pub(crate) fn notification_view(
    folder: &JobFolder,
    definition: &Definition,
    record: &JobRecord,
) -> NotificationView {
    let notify = &definition.notify;
    let mut sinks: Vec<_> = notify.sinks().collect();
    sinks.sort_by_key(|sink| (sink.kind(), sink.target()));
    sinks.dedup();
    let run = folder.run(record.run).ok();
    let completion = run.and_then(|run| run.completion().ok()?);
    let over = record.state.is_final();
    let told = completion.as_ref().map(|end| end.delivered);
    let delivered = told.filter(|_| over && !notify.finish.is_empty());
    NotificationView {
        armed: !notify.is_empty() && (!over || delivered == Some(false)),
        sinks: u32::try_from(sinks.len()).unwrap_or(u32::MAX),
        notifications: notify.clone(),
        delivered,
        delivery_results: completion.map_or_else(Vec::new, |end| end.delivery_results),
        output_matches: record.output_matches.clone(),
    }
}

/// [`notification_view`] of a job that tells anybody anything.
pub(crate) fn notifications(
    folder: &JobFolder,
    definition: &Definition,
    record: &JobRecord,
) -> Option<NotificationView> {
    let any = !definition.notify.is_empty();
    any.then(|| notification_view(folder, definition, record))
}
