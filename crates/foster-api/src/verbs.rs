use clap::Command;

use crate::args;

/// What a call of a verb does to jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It looks.
    Looks,
    /// It makes or changes something, anew with each call.
    Adds,
    /// It changes something; once more changes nothing more.
    Sets,
    /// It ends or deletes something; once more ends nothing more.
    Ends,
    /// It ends something, and each call makes something anew.
    EndsAndAdds,
}

/// A verb that can be called by programs: a row of the table.
#[derive(Debug, PartialEq, Eq)]
pub struct Verb {
    /// Its name, which is also the `type` of its answer.
    pub name: &'static str,
    /// What it does, for people, in a few words.
    pub title: &'static str,
    /// When to call it, for a language model: as few words as will do.
    pub advice: &'static str,
    /// What it does to jobs.
    pub effect: Effect,
    /// Options of the command line that mean nothing to a program: how answers look on a terminal, and what a
    /// front end has a way of its own for.
    withheld: &'static [&'static str],
}

/// Returns the verb of this name, if programs can call it.
pub fn verb(name: &str) -> Option<&'static Verb> {
    VERBS.iter().find(|verb| verb.name == name)
}

impl Verb {
    /// Returns its definition for the command line; of a verb with actions, such as `notify`, each of them is a
    /// subcommand.
    pub(crate) fn command(&self) -> Option<Command> {
        let mut program = args::one_verb(self.name)?;
        program.build();
        program.find_subcommand(self.name).cloned()
    }

    /// Returns whether programs are not offered this option.
    pub(crate) fn withholds(&self, option: &str) -> bool {
        option == "help" || self.withheld.contains(&option)
    }
}

/// What happened to jobs: many documents, and so for front ends that have streams.
pub(crate) static EVENTS: Verb = Verb {
    name: "events",
    title: "Tell what happened to jobs",
    advice: "What happened to a job, or to all, event by event.",
    effect: Effect::Looks,
    withheld: &[],
};

/// Every verb that programs can call and that answers with one document.
pub static VERBS: &[Verb] = &[
    Verb {
        name: "run",
        title: "Run a command as a job",
        advice: "Start a command as a supervised job, and stay with it for a while (snapshot_after, 10s). If it is not over by then, the \
                 job goes on and the answer has its job_id: use wait, tail or kill. For servers give no_wait, then wait \
                 with `for`. Give command as a list of words, or shell for one line.",
        effect: Effect::Adds,
        withheld: &[],
    },
    Verb {
        name: "status",
        title: "Show how a job stands",
        advice: "How a job stands: state, cause, exit code, times, paths of its logs.",
        effect: Effect::Looks,
        withheld: &[],
    },
    Verb {
        name: "list",
        title: "List jobs",
        advice: "The newest jobs of this directory, or of all (all). Choose by state, tag, group, name or text of the command.",
        effect: Effect::Looks,
        withheld: &["ids", "watch"],
    },
    Verb {
        name: "ps",
        title: "List the running jobs",
        advice: "The jobs that run now.",
        effect: Effect::Looks,
        withheld: &["ids", "watch"],
    },
    Verb {
        name: "processes",
        title: "Show the processes of a job",
        advice: "The tree of a job's processes as they are now, with the processor time and memory of each.",
        effect: Effect::Looks,
        withheld: &[],
    },
    Verb {
        name: "tail",
        title: "Show the newest output of a job",
        advice: "The last lines of a job's output. digest gives a cleaned and folded excerpt, failures first: best for long builds and \
                 tests. from goes on where the last answer ended.",
        effect: Effect::Looks,
        withheld: &[],
    },
    Verb {
        name: "logs",
        title: "Show a job's output, line by line",
        advice: "A job's output with times, both streams interleaved; grep chooses lines, since begins later. For the end alone use tail.",
        effect: Effect::Looks,
        withheld: &["follow", "timestamps"],
    },
    Verb {
        name: "wait",
        title: "Wait for jobs",
        advice: "Wait until jobs are over, or until text is in a job's output (for, for_regex): for servers, wait for their ready line. \
                 If reason is deadline, the job still runs: call again.",
        effect: Effect::Looks,
        withheld: &["from_json"],
    },
    Verb {
        name: "kill",
        title: "End jobs",
        advice: "End jobs with every process they started: TERM, grace, KILL. With signal, send just that signal.",
        effect: Effect::Ends,
        withheld: &[],
    },
    Verb {
        name: "send",
        title: "Write to a job's standard input",
        advice: "Send a line to a job that was made with stdin \"open\"; eof closes its input.",
        effect: Effect::Adds,
        withheld: &[],
    },
    Verb {
        name: "create",
        title: "Define a job without starting it",
        advice: "Define a job for start to execute later. To run at once, use run.",
        effect: Effect::Adds,
        withheld: &[],
    },
    Verb {
        name: "start",
        title: "Start a job that was created",
        advice: "Start a job that create has made; answers as run does.",
        effect: Effect::Adds,
        withheld: &[],
    },
    Verb {
        name: "restart",
        title: "Run a job once more",
        advice: "End what still runs of a job, and run it again under the same id.",
        effect: Effect::EndsAndAdds,
        withheld: &[],
    },
    Verb {
        name: "delete",
        title: "Delete jobs",
        advice: "Delete jobs that are over, with their output. kill ends what still runs first; dry_run only tells.",
        effect: Effect::Ends,
        withheld: &[],
    },
    Verb {
        name: "tag",
        title: "Show or change a job's tags",
        advice: "Add, remove, set or clear the tags of a job; without any of these they are shown.",
        effect: Effect::Sets,
        withheld: &[],
    },
    Verb {
        name: "notify",
        title: "Show or change whom a job tells",
        advice: "Have a command, file or URL told of a job's end or of lines of its output. action: show, set or clear.",
        effect: Effect::Sets,
        withheld: &[],
    },
    Verb {
        name: "deadline",
        title: "Change when a job is ended",
        advice: "End a running job when this much time has passed from now; none for never.",
        effect: Effect::Sets,
        withheld: &[],
    },
    Verb {
        name: "gc",
        title: "Delete old jobs",
        advice: "Delete jobs that are over by age, number or size.",
        effect: Effect::Ends,
        withheld: &[],
    },
    Verb {
        name: "recover",
        title: "Bring the records of abandoned jobs up to the truth",
        advice: "Only if a job's record seems wrong after a crash.",
        effect: Effect::Sets,
        withheld: &[],
    },
    Verb {
        name: "doctor",
        title: "Tell what this machine offers",
        advice: "What this machine offers to jobs, and what is wrong with the root or the configuration.",
        effect: Effect::Looks,
        withheld: &[],
    },
    Verb {
        name: "config",
        title: "Show the configuration",
        advice: "Each setting, its value and where it came from.",
        effect: Effect::Looks,
        withheld: &[],
    },
    Verb {
        name: "schema",
        title: "Show the schemas of answers",
        advice: "The JSON Schema of an answer, or of all.",
        effect: Effect::Looks,
        withheld: &[],
    },
];
