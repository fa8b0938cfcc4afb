use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use foster_model::{
    CompletionFile, DeliveryResult, FINISH_EVENT, Identity, JobRecord, MATCH_EVENT, MatchEvent,
    Sink,
};
use foster_process::{
    Escalation, ProcessIdentity, ProcessRef, Scope, Signal, SignalQueue, Tree, close_all_but,
    exit_now, set_process_title, set_subreaper, start_session, terminate, wait_any,
};
use foster_store::{RunFolder, RunWatch};

use crate::bounds::{AFTER_THE_END, LAST_WORDS};
use crate::closing::Closing;
use crate::delivery::{Telling, deliver, result};
use crate::errand::Errand;
use crate::lane::{Lane, Shared};

/// Turns this process, a fresh copy of another, into the notifier of a run, and ends with it.
pub fn become_notifier(errand: Errand) -> ! {
    foster_fault::set_role(foster_fault::Role::Notifier);
    foster_fault::step("notifier.forked");
    exit_now(i32::from(
        detach(&errand).and_then(|()| attend(errand)).is_err(),
    ))
}

/// Leaves the world of whoever made it: its session, its descriptors, its name.
fn detach(errand: &Errand) -> io::Result<()> {
    start_session()?;
    let null = File::options().read(true).write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdin(&null)?;
    rustix::stdio::dup2_stdout(&null)?;
    rustix::stdio::dup2_stderr(&null)?;
    close_all_but(&[errand.folder.dir().as_raw_fd()])?;
    std::mem::forget(null);
    let _ = set_process_title(&format!("foster: notifier of {}", errand.folder.id()));
    rustix::process::chdir("/")?;
    let _ = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    // What a command leaves behind comes back here, and ends with us.
    set_subreaper()
}

fn attend(errand: Errand) -> io::Result<()> {
    let run = errand.folder.run(errand.run)?;
    let Some(_lock) = run.try_notify()? else {
        // Another tells of this run already, and sees what is new.
        return Ok(());
    };
    let signals = SignalQueue::new(&[Signal::TERM, Signal::INT, Signal::HUP])?;
    let mut watch = run.watch().ok();
    let guardians = guardians(&errand);
    let mut notifier = Notifier::new(errand, run)?;
    foster_fault::step("notifier.listening");
    loop {
        if let Some(watch) = &mut watch {
            watch.forget()?;
        }
        let alone = guardians.iter().all(has_ended);
        notifier.read_events()?;
        if notifier.end_is_known()? || alone || watch.is_none() {
            break;
        }
        let mut fds: Vec<BorrowedFd<'_>> = vec![signals.as_fd()];
        fds.extend(watch.as_ref().map(RunWatch::as_fd));
        let living = guardians.iter().filter(|process| !has_ended(process));
        fds.extend(living.map(ProcessRef::as_fd));
        wait_any(&fds, None, Duration::MAX)?;
        if signals.read()?.is_some() {
            return notifier.stop();
        }
    }
    // What was appended before the end was.
    notifier.read_events()?;
    notifier.finish(&signals)
}

/// Returns where the line ends that begins there.
fn end_of_line(run: &RunFolder, begin: u64) -> io::Result<u64> {
    let Some(mut file) = run.output_events()? else {
        return Ok(begin);
    };
    io::Seek::seek(&mut file, io::SeekFrom::Start(begin))?;
    let length = BufReader::new(file).read_until(b'\n', &mut Vec::new())?;
    Ok(begin + length as u64)
}

/// Returns keeper and supervisor, as far as they live: when both are gone nothing more comes.
fn guardians(errand: &Errand) -> Vec<ProcessRef> {
    let record: Option<JobRecord> = errand.folder.record().ok();
    let identities = record.map(|record| [record.supervisor, record.keeper]);
    let found = identities.into_iter().flatten().flatten().map(|identity| {
        let Identity {
            pid,
            start_time,
            unique,
        } = identity;
        ProcessRef::find(&ProcessIdentity {
            pid,
            start_time,
            unique,
        })
    });
    found.filter_map(Result::ok).collect()
}

fn has_ended(process: &ProcessRef) -> bool {
    process.wait_ended(Some(Duration::ZERO)).unwrap_or(true)
}

/// What is known and done for one run.
struct Notifier {
    run: RunFolder,
    shared: Arc<Shared>,
    lanes: Vec<Lane>,
    /// How far the events of the output were read.
    read: u64,
    /// Readable, by its end, once nobody tells anybody anything any more.
    quiet: OwnedFd,
    busy: Option<Arc<OwnedFd>>,
}

impl Notifier {
    fn new(errand: Errand, run: RunFolder) -> io::Result<Self> {
        let (quiet, busy) = foster_process::pipe()?;
        // What a notifier before this one has told of is not told again.
        let told = run.deliveries()?;
        let told = told.iter().map(|told| told.event_offset).max();
        let read = told.map_or(Ok(0), |told| end_of_line(&run, told))?;
        let results = Mutex::new(run.deliveries_writer().ok());
        Ok(Self {
            shared: Arc::new(Shared {
                errand,
                results,
                closing: Closing::default(),
            }),
            run,
            lanes: Vec::new(),
            read,
            quiet,
            busy: Some(Arc::new(busy)),
        })
    }

    /// Queues what has been appended to the events of the output, whole lines only.
    fn read_events(&mut self) -> io::Result<()> {
        let Some(mut file) = self.run.output_events()? else {
            return Ok(());
        };
        io::Seek::seek(&mut file, io::SeekFrom::Start(self.read))?;
        let mut lines = BufReader::new(file);
        let mut line = Vec::new();
        loop {
            line.clear();
            let length = lines.read_until(b'\n', &mut line)? as u64;
            if line.pop() != Some(b'\n') {
                return Ok(());
            }
            self.queue(&line, self.read);
            self.read += length;
        }
    }

    fn queue(&mut self, line: &[u8], at: u64) {
        let Ok(event) = serde_json::from_slice::<MatchEvent>(line) else {
            return;
        };
        let errand = &self.shared.errand;
        let telling = Telling {
            kind: MATCH_EVENT,
            event: line.into(),
            path: errand.folder.output_events_path(errand.run),
            offset: Some(at),
        };
        // As it is now: who was taken away meanwhile is not told.
        let Ok(notifications) = errand.notifications() else {
            return;
        };
        let shown = notifications.concealed(&errand.secrets);
        let same = |at: usize| {
            shown
                .output
                .get(at)
                .is_some_and(|rule| rule.pattern == event.pattern)
        };
        let place = event.rule as usize;
        let Some(rule) = notifications.output.get(place).filter(|_| same(place)) else {
            return;
        };
        for sink in &rule.sinks {
            self.lane(sink, |lane| lane.tell(event.rule, telling.clone()));
        }
    }

    fn lane(&mut self, sink: &Sink, tell: impl FnOnce(&Lane)) {
        if !self.lanes.iter().any(|lane| lane.is_for(sink)) {
            let begun = Lane::begin(sink.clone(), &self.shared, self.busy.clone());
            self.lanes.extend(begun);
        }
        if let Some(lane) = self.lanes.iter().find(|lane| lane.is_for(sink)) {
            tell(lane);
        }
    }

    fn end_is_known(&self) -> io::Result<bool> {
        Ok(self.run.completion()?.is_some())
    }

    /// Tells of the end, if there is one to tell of, and waits until all was told, or its time is up.
    fn finish(mut self, signals: &SignalQueue) -> io::Result<()> {
        let until = Instant::now() + AFTER_THE_END;
        self.shared.closing.close_at(until);
        self.lanes.clear();
        if let Some(completion) = self.run.completion()?
            && !completion.delivered
        {
            self.tell_of_the_end(completion)?;
        }
        self.busy = None;
        match until_quiet(&self.quiet, Some(signals), until)? {
            Quiet::Yes => Ok(()),
            Quiet::TimeIsUp => self.end_commands(),
            Quiet::Signalled => self.stop(),
        }
    }

    /// Ends everything that is under way, and leaves what was not told to another notifier.
    fn stop(mut self) -> io::Result<()> {
        self.shared.closing.stop();
        self.lanes.clear();
        self.busy = None;
        self.end_commands()
    }

    /// Ends all commands, and gives the threads that wait for them their last words.
    fn end_commands(self) -> io::Result<()> {
        // Ours are its orphans, and theirs: nobody of them outlives us.
        let tree = Tree::of_descendants(Scope::own());
        let _ = terminate(&tree, None, Escalation::kill());
        until_quiet(&self.quiet, None, Instant::now() + LAST_WORDS).map(drop)
    }

    fn tell_of_the_end(&self, completion: CompletionFile) -> io::Result<()> {
        let errand = &self.shared.errand;
        let sinks = errand.notifications().map_err(io::Error::from)?.finish;
        let telling = Telling {
            kind: FINISH_EVENT,
            event: serde_json::to_vec(&completion.event)?.into(),
            path: errand.folder.completion_path(errand.run),
            offset: None,
        };
        let run = errand.folder.run(errand.run)?;
        let (shared, busy) = (Arc::clone(&self.shared), self.busy.clone());
        std::thread::Builder::new().spawn(move || {
            let results = tell_all(&sinks, &telling, &shared);
            foster_fault::step("notifier.end_told");
            if shared.closing.is_stopped() && results.iter().any(|result| !result.success) {
                // It stays open, so that `recover` has it told.
                return;
            }
            // A folder that was deleted meanwhile wants no results.
            let _ = run.write_completion(&CompletionFile {
                delivered: true,
                delivery_results: results,
                ..completion
            });
            drop(busy);
        })?;
        Ok(())
    }
}

/// Tells all of them side by side.
fn tell_all(sinks: &[Sink], telling: &Telling, shared: &Shared) -> Vec<DeliveryResult> {
    let failed = |sink: &Sink, error: &str| {
        let outcome = Err(error.to_owned());
        result(sink, 0, outcome, &shared.errand)
    };
    std::thread::scope(|scope| {
        let told: Vec<_> = sinks
            .iter()
            .map(|sink| {
                let tell = move || deliver(sink, telling, shared);
                (sink, std::thread::Builder::new().spawn_scoped(scope, tell))
            })
            .collect();
        let results = told.into_iter().map(|(sink, thread)| match thread {
            Ok(thread) => thread
                .join()
                .unwrap_or_else(|_| failed(sink, "the notifier failed")),
            Err(error) => failed(sink, &error.to_string()),
        });
        results.collect()
    })
}

/// How waiting for quiet ended.
enum Quiet {
    Yes,
    TimeIsUp,
    Signalled,
}

/// Waits until every thread has let go of its end of the pipe, the time is up or a signal comes.
fn until_quiet(
    quiet: &OwnedFd,
    signals: Option<&SignalQueue>,
    until: Instant,
) -> io::Result<Quiet> {
    loop {
        if rustix::io::read(quiet, &mut [0; 1]) == Ok(0) {
            return Ok(Quiet::Yes);
        }
        if signals
            .map(SignalQueue::read)
            .transpose()?
            .flatten()
            .is_some()
        {
            return Ok(Quiet::Signalled);
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(Quiet::TimeIsUp);
        }
        let mut fds = vec![quiet.as_fd()];
        fds.extend(signals.map(|signals| signals.as_fd()));
        wait_any(&fds, None, left)?;
    }
}
