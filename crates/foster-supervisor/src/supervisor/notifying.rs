use std::io::{self, BufRead as _, BufReader};
use std::time::{Instant, SystemTime};

use foster_model::{Event, MATCH_EVENT, MatchEvent, SCHEMA_VERSION};
use foster_store::Stream;

use super::Supervisor;
use crate::amending::{notifications, write_end};
use crate::keeper::start_notifier;
use crate::matching::{Found, Matching};

impl Supervisor {
    /// Begins to look in the output for what somebody is to be told of, from here on.
    pub(super) fn look_for_patterns(&mut self) {
        let Some(run) = &mut self.run else { return };
        if self.parts.definition.notify.output.is_empty() {
            run.capture.look_for(None);
            return;
        }
        let offsets = Stream::ALL.map(|stream| run.capture.totals(stream).observed_bytes);
        let notify = notifications(&self.parts.folder, &self.parts.definition).ok();
        let matching = notify.and_then(|notify| Matching::new(&notify, offsets));
        run.capture.look_for(matching);
    }

    /// Goes on looking where a predecessor was stopped: what it had told counts.
    pub(super) fn look_on_for_patterns(&mut self) {
        self.look_for_patterns();
        let events = self.run_folder().and_then(|run| run.output_events());
        let (Ok(Some(events)), Some(run)) = (events, &mut self.run) else {
            return;
        };
        for line in BufReader::new(events).lines().map_while(Result::ok) {
            if let Ok(event) = serde_json::from_str::<MatchEvent>(&line) {
                run.capture
                    .remember_match(event.rule as usize, event.suppressed);
            }
        }
    }

    /// Writes down what was found in the output, and has it told.
    pub(super) fn tell_what_was_found(&mut self) {
        let Some(run) = &mut self.run else { return };
        let found = run.capture.take_found(Instant::now());
        if found.is_empty() {
            return;
        }
        let events: Vec<_> = found
            .into_iter()
            .map(|found| self.match_event(found))
            .collect();
        if let Err(error) = self.append_events(&events) {
            self.note(Event::OutputLost {
                stream: "notifications".to_owned(),
                from: 0,
                reason: error.to_string(),
            });
        }
        self.wake_notifier_for_output();
    }

    fn append_events(&mut self, events: &[MatchEvent]) -> io::Result<()> {
        let folder = self.run_folder()?;
        let Some(run) = &mut self.run else {
            return Ok(());
        };
        let writer = match &mut run.output_events {
            Some(writer) => writer,
            none => none.insert(folder.output_events_writer()?),
        };
        events
            .iter()
            .try_for_each(|event| writer.append_event(event))
    }

    /// Has a notifier made for what stands in the events of the output, unless there is one: that
    /// sees what is appended by itself.
    pub(super) fn wake_notifier_for_output(&self) {
        let folder = self.run_folder();
        let told = folder.and_then(|run| Ok(run.is_notifying()? || run.output_events()?.is_none()));
        if !told.unwrap_or(false) {
            self.wake_notifier();
        }
    }

    fn match_event(&self, found: Found) -> MatchEvent {
        let definition = &self.parts.definition;
        let run = self.history.record().run;
        let rule = definition.notify.output.get(found.rule);
        let path = |stream| self.parts.folder.log_path(run, stream);
        let path = |stream| path(stream).to_string_lossy().into_owned();
        MatchEvent {
            schema_version: SCHEMA_VERSION.to_owned(),
            event_type: MATCH_EVENT.to_owned(),
            job_id: definition.job_id,
            run,
            rule: found.rule as u32,
            // As it may be shown.
            pattern: rule.map(|rule| rule.pattern.clone()).unwrap_or_default(),
            kind: rule.map_or(foster_model::MatchKind::Contains, |rule| rule.kind),
            stream: found.stream.as_str().to_owned(),
            line: found.line,
            line_truncated: found.truncated,
            offset: found.offset,
            matched_at: SystemTime::now().into(),
            suppressed: found.suppressed,
            stdout_log_path: path(Stream::Stdout),
            stderr_log_path: path(Stream::Stderr),
        }
    }

    /// Tells of what came last, and looks for nothing any more: what is printed after the end of a
    /// job is no news of it.
    pub(super) fn end_looking(&mut self) {
        let Some(run) = &mut self.run else { return };
        run.capture.look_at_the_rest();
        let counts = run.capture.match_counts();
        self.tell_what_was_found();
        if let Some(run) = &mut self.run {
            run.capture.look_for(None);
        }
        if let Some(mut counts) = counts {
            let shown = &self.parts.definition.notify.output;
            for (count, rule) in counts.iter_mut().zip(shown) {
                count.pattern.clone_from(&rule.pattern);
            }
            self.note(Event::Matched { counts });
        }
    }

    /// Has the end told, when everybody who waits has been.
    pub(super) fn tell_of_the_end(&mut self) {
        let (parts, record) = (&self.parts, self.history.record());
        if parts.definition.notify.is_empty() || !record.state.is_final() {
            return;
        }
        let known = self
            .run_folder()
            .ok()
            .and_then(|run| run.completion().ok()?);
        let written = match known {
            // A predecessor had written it.
            Some(_) => Ok(()),
            None => write_end(&parts.folder, &parts.definition, record),
        };
        foster_fault::step("supervisor.completion_written");
        if written.is_ok() {
            self.wake_notifier();
        }
    }

    /// Wakes the notifier, or has one made: by the keeper, if there is one.
    pub(super) fn wake_notifier(&self) {
        let rung = self.keeper.is_some() && self.parts.bell.ring();
        if !rung {
            // Without one the sinks are told by whoever recovers the job.
            let _ = start_notifier(&self.parts);
        }
    }
}
