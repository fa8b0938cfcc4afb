use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use foster_testkit::{Answer, Tally, random_moment};
use serde_json::{Value, json};

use crate::setting::{Command, Job, SOON, Stage, bearers, entries};
use crate::verbs::Verb;

/// One who wanted something of the job, and what was answered.
pub type Wish = (Verb, Option<Answer>);

/// Those who came to a job at once, and the job afterwards.
pub struct Race<'a> {
    pub job: Job<'a>,
    pub stage: Stage,
    pub wishes: Vec<Wish>,
    complaints: Vec<String>,
}

impl<'a> Race<'a> {
    /// Has all of them act at once, each a random moment of at most `offset` later.
    pub fn run(job: Job<'a>, stage: Stage, verbs: &[Verb], offset: Duration) -> Self {
        let act = |verb: Verb| {
            random_moment(offset);
            (verb, verb.act(&job))
        };
        let wishes = std::thread::scope(|scope| {
            let threads = verbs.iter().map(|verb| scope.spawn(move || act(*verb)));
            let threads: Vec<_> = threads.collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        Self::after(job, stage, wishes)
    }

    /// One that has taken place.
    pub fn after(job: Job<'a>, stage: Stage, wishes: Vec<Wish>) -> Self {
        Self {
            job,
            stage,
            wishes,
            complaints: Vec::new(),
        }
    }

    /// Finds out what came of it, and counts what is not as it was told.
    pub fn judge(mut self, tally: &mut Tally) {
        tally.run();
        self.answers_are_documented();
        if self.job.dir.is_dir() {
            self.judge_the_job();
            self.delete();
        } else {
            self.is_not_known_any_more();
        }
        self.nothing_is_left_of_it();
        for process in bearers(self.job.root()) {
            if !process.wait_gone(SOON) {
                let who = format!("{} ({})", process.pid, process.name());
                tally.escaped(format!("{who} after {}", self.shown()));
            }
        }
        if !self.complaints.is_empty() {
            tally.lost(self.shown());
        }
    }

    fn shown(&self) -> String {
        let answers = self.wishes.iter().map(|(verb, answer)| {
            let answer = answer.as_ref().map(|answer| &answer.value);
            format!("{verb:?}: {}", answer.unwrap_or(&Value::Null))
        });
        let answers: Vec<_> = answers.collect();
        let (stage, command) = (self.stage, self.job.command);
        let (complaints, answers) = (self.complaints.join("\n"), answers.join("\n"));
        format!("{stage:?}, {command:?}: {complaints}\n{answers}")
    }

    fn demand(&mut self, kept: bool, what: impl FnOnce() -> String) {
        if !kept {
            self.complaints.push(what());
        }
    }

    fn any(&self, is: impl Fn(Verb) -> bool) -> bool {
        self.wishes.iter().any(|(verb, _)| is(*verb))
    }

    fn answers_are_documented(&mut self) {
        for (place, (verb, answer)) in self.wishes.iter().enumerate() {
            let Some(answer) = answer else { continue };
            let mut others: Vec<_> = self.wishes.iter().map(|(verb, _)| *verb).collect();
            others.remove(place);
            let allowed = verb.refusals(self.stage, &others, self.job.command);
            for code in codes(&answer.value) {
                if !allowed.contains(&code.as_str()) {
                    let told = format!("{verb:?} must not answer {code}, but one of {allowed:?}");
                    self.complaints.push(told);
                }
            }
            if (answer.value["ok"] == true) != (answer.code() == Some(0)) {
                self.complaints.push(format!("{verb:?}: {}", answer.status));
            }
        }
    }

    /// The job is there: nobody has said that it was deleted, and it has one end.
    fn judge_the_job(&mut self) {
        for place in 0..self.wishes.len() {
            let (verb, answer) = &self.wishes[place];
            let gone = answer.as_ref().is_some_and(has_deleted);
            let told = format!("{verb:?} has deleted it, and it is there");
            self.demand(!gone, || told);
        }
        let id = self.job.id.clone();
        let status = || self.job.sandbox.json(["status", &id]).value;
        if !self.may_have_ended() {
            let status = status();
            self.demand(status["state"] == "running", || {
                format!("nobody has ended it: {status}")
            });
        }
        let end = if self.job.command == Command::Short {
            self.job.sandbox.json(["wait", &id])
        } else {
            // What is left of one that is over is ended too.
            self.job.sandbox.json(["kill", &id, "--grace", "0s"])
        };
        if end.value["error"]["code"] == "invalid_state" {
            return self.is_not_begun();
        }
        let kept = end.value["ok"] == true;
        self.demand(kept, || format!("it can't be ended: {}", end.value));
        let status = self.job.sandbox.json(["status", &id]).value;
        self.has_a_possible_end(&status);
        for process in bearers(self.job.root()) {
            let gone = process.wait_gone(SOON);
            self.demand(gone, || format!("{} stays", process.name()));
        }
        self.is_what_the_journal_tells(&status);
        self.was_executed_once_for_each_run(&status);
        self.has_what_was_acknowledged(&status);
        self.is_listed_as_it_is(&status);
    }

    fn may_have_ended(&self) -> bool {
        let all_die = [Verb::SupervisorDies, Verb::KeeperDies];
        let all_die = all_die.iter().all(|verb| self.any(|v| v == *verb));
        let ends = |verb: Verb| verb.cause().is_some() && verb != Verb::Restart;
        let ended = all_die || self.any(ends) || self.restart_was_cut_short();
        self.stage != Stage::RunningLong || ended
    }

    /// Whoever was to restart it was killed: then the run before may be ended, or the next be noted and
    /// left to whoever comes.
    fn restart_was_cut_short(&self) -> bool {
        let mut wishes = self.wishes.iter();
        wishes.any(|(verb, answer)| *verb == Verb::Restart && answer.is_none())
    }

    fn is_not_begun(&mut self) {
        let (ran, launched) = (self.job.executions(), self.job.count("launched"));
        let begun = self.granted(Verb::begins_a_run) || launched > self.job.count("restarted");
        let may_be = self.stage == Stage::Created || self.restart_was_cut_short();
        self.demand(may_be && !begun && ran.len() <= launched, || {
            format!("it waits for its start: launched {launched} times, executed {ran:?}")
        });
    }

    /// Returns whether one who wanted such a thing was told that it is done.
    fn granted(&self, is: impl Fn(Verb) -> bool) -> bool {
        let well = |answer: &Answer| answer.value["ok"] == true;
        let mut wishes = self.wishes.iter();
        wishes.any(|(verb, answer)| is(*verb) && answer.as_ref().is_some_and(well))
    }

    fn has_a_possible_end(&mut self, status: &Value) {
        let told = ["state", "cause", "exit_code", "signal"].map(|field| &status[field]);
        let [state, cause, code, signal] = told;
        let mut causes: BTreeSet<_> = self.wishes.iter().filter_map(|(v, _)| v.cause()).collect();
        // By the one who looked at it here.
        causes.insert("stop");
        let by_signal = code.is_null() && (signal == "TERM" || signal == "KILL");
        let by_itself = *code == json!(3) && signal.is_null();
        let lost = self.any(|v| v == Verb::SupervisorDies) && self.any(|v| v == Verb::KeeperDies);
        let possible = match text_or(state) {
            "exited" => cause == "exit" && by_itself && self.job.command == Command::Short,
            "killed" => causes.contains(text_or(cause)) && (by_signal || by_itself),
            "lost" => lost && cause == "supervisor_lost",
            _ => false,
        };
        let told = format!("no possible end: {told:?}");
        self.demand(possible, || told);
    }

    /// State, journal and what is answered are one, and stay so.
    fn is_what_the_journal_tells(&mut self, status: &Value) {
        let runs = status["run"].as_u64().unwrap_or(0) as usize;
        for (event, times) in [
            ("finished", runs),
            ("started", runs),
            ("restarted", runs - 1),
        ] {
            let count = self.job.count(event);
            self.demand(count == times, || {
                format!("{count} times {event} in {runs} runs")
            });
        }
        let id = self.job.id.clone();
        if fs::remove_file(self.job.dir.join("state.json")).is_err() {
            self.complaints.push("there is no state".to_owned());
        }
        let folded = self.job.sandbox.json(["status", &id]).value;
        let one = settled(&folded) == settled(status);
        self.demand(one, || {
            format!("it was {status}, and its journal tells {folded}")
        });
    }

    fn was_executed_once_for_each_run(&mut self, status: &Value) {
        let mut ran = self.job.executions();
        let count = ran.len();
        ran.sort_unstable();
        ran.dedup();
        let runs = status["run"].as_u64().unwrap_or(0) as usize;
        let once = ran.len() == count && count <= runs;
        self.demand(once, || {
            format!("executed {count} times in {runs} runs: {ran:?}")
        });
        let undisturbed = status["state"] == "exited";
        self.demand(!undisturbed || !ran.is_empty(), || {
            "never executed".to_owned()
        });
    }

    fn has_what_was_acknowledged(&mut self, status: &Value) {
        let tagged = self.granted(|verb| verb == Verb::Tag);
        let told = self.granted(|verb| verb == Verb::Notify);
        self.demand(!tagged || status["tags"] == json!(["raced"]), || {
            format!("the tag is lost: {status}")
        });
        self.demand(!told || !status["notifications"].is_null(), || {
            format!("the notification is lost: {status}")
        });
    }

    fn is_listed_as_it_is(&mut self, status: &Value) {
        let listed = self.job.sandbox.json(["list", "--all"]).value;
        let jobs = listed["jobs"].as_array().into_iter().flatten();
        let own: Vec<_> = jobs
            .filter(|job| job["job_id"] == self.job.id.as_str())
            .collect();
        let one = matches!(own[..], [row] if row["state"] == status["state"]);
        self.demand(one, || {
            format!("it is {}, listed: {listed}", status["state"])
        });
    }

    fn delete(&mut self) {
        let id = self.job.id.clone();
        let deleted = self.job.sandbox.json(["delete", "--kill", &id]);
        let gone = has_deleted(&deleted) && !self.job.dir.exists();
        self.demand(gone, || format!("it can't be deleted: {}", deleted.value));
    }

    /// Somebody has said that it was deleted, and everybody says so.
    fn is_not_known_any_more(&mut self) {
        let answers = self.wishes.iter().filter_map(|(_, answer)| answer.as_ref());
        let told = answers.filter(|answer| has_deleted(answer)).count();
        // Who was killed while at it could tell nobody.
        let untold = self
            .wishes
            .iter()
            .any(|(verb, answer)| verb.deletes() && answer.is_none());
        self.demand(told == 1 || untold, || {
            "it is gone, and not one has deleted it".to_owned()
        });
        let id = self.job.id.clone();
        let status = self.job.sandbox.json(["status", &id]).value;
        let unknown = status["error"]["code"] == "job_not_found";
        self.demand(unknown, || format!("it is deleted: {status}"));
        let listed = self.job.sandbox.json(["list", "--all"]).value;
        let unlisted = listed["jobs"] == json!([]);
        self.demand(unlisted, || format!("it is deleted, and listed: {listed}"));
    }

    fn nothing_is_left_of_it(&mut self) {
        let left = entries(&self.job.sandbox.root().join("jobs"));
        self.demand(left.is_empty(), || format!("left on the disk: {left:?}"));
        let _ = fs::remove_file(self.job.sandbox.work().join("ran"));
    }
}

fn text_or(value: &Value) -> &str {
    value.as_str().unwrap_or("")
}

/// Returns the codes of all errors in an answer, those of single jobs too. That some failed tells
/// nothing beside them.
fn codes(answer: &Value) -> Vec<String> {
    let own = answer["error"]["code"].as_str();
    let single = ["jobs", "failed"]
        .iter()
        .filter_map(|list| answer[list].as_array());
    let single = single
        .flatten()
        .filter_map(|job| job["error"]["code"].as_str());
    let all = own.into_iter().chain(single);
    all.filter(|code| *code != "some_failed")
        .map(str::to_owned)
        .collect()
}

pub fn has_deleted(answer: &Answer) -> bool {
    let answer = &answer.value;
    let by_rule = answer["deleted"]
        .as_array()
        .is_some_and(|jobs| !jobs.is_empty());
    answer["deleted"] == 1 || by_rule
}

/// Returns what must not change any more once a job is over and its own processes are gone.
fn settled(status: &Value) -> Value {
    let fields = [
        "run",
        "state",
        "cause",
        "exit_code",
        "signal",
        "started_at",
        "exited_at",
        "finished_at",
        "output",
        "supervision",
        "tree_empty",
        "tags",
    ];
    fields.iter().map(|field| status[field].clone()).collect()
}
