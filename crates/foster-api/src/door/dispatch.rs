use std::time::Duration;

use foster_model::answer::{CreateAnswer, ListAnswer, LogLine, LogsAnswer, RunAnswer, WaitAnswer};
use foster_service::{Context, ListRequest, Observation, Observe, Outcome};

use super::{Answer, Door, unreadable};
use crate::args::{self, Dash, Verb as Asked};
use crate::failure::Failure;
use crate::verbs::Verb;

type Result<T> = std::result::Result<Outcome<T>, Failure>;

impl Door {
    /// Carries out what was asked for.
    pub(super) fn dispatch(&self, context: &Context, verb: &Verb, asked: Asked) -> Answer {
        let kind = verb.name;
        match asked {
            Asked::Run(args) => Answer::of(kind, self.run(context, *args)),
            Asked::Create(args) => Answer::of(kind, self.create(context, *args)),
            Asked::Start(args) => Answer::of(kind, self.start(context, &args)),
            Asked::Restart(args) => Answer::of(kind, self.restart(context, args)),
            Asked::List(args) => Answer::of(kind, list(context, &args.request())),
            Asked::Ps(args) => Answer::of(kind, list(context, &args.request())),
            Asked::Logs(args) => Answer::of(kind, logs(context, args)),
            Asked::Wait(args) => Answer::of(kind, self.wait(context, args)),
            Asked::Gc(args) => Answer::of(kind, {
                let request = args.request(self.rules);
                foster_service::gc(context, &request, &mut |_| {}).map_err(Failure::from)
            }),
            Asked::Doctor(_) => {
                let file = Some(self.file.clone());
                Answer::of(
                    kind,
                    Ok(foster_service::doctor(context, self.version, file)),
                )
            }
            Asked::Config(args) => Answer::of(kind, Ok(args.answer(&self.file, &self.config))),
            asked => changes(context, kind, asked),
        }
    }

    fn run(&self, context: &Context, args: args::run::Args) -> Result<RunAnswer> {
        let containment = args.definition.command.containment;
        let mut context = self.launching(context, containment)?;
        context.auto_gc = args.observation.auto_gc(context.auto_gc);
        let mut request = args.request(Dash::Text)?;
        self.cap(&mut request.observation);
        Ok(foster_service::run(&context, request)?.into())
    }

    fn create(&self, context: &Context, args: args::create::Args) -> Result<CreateAnswer> {
        let context = self.launching(context, args.definition.command.containment)?;
        let request = args.definition.request(Dash::Text)?;
        Ok(foster_service::create(&context, &request)?.into())
    }

    fn start(&self, context: &Context, args: &args::start::Args) -> Result<RunAnswer> {
        let mut context = context.clone();
        context.auto_gc = args.observation.auto_gc(context.auto_gc);
        let mut request = args.request()?;
        self.cap(&mut request.observation);
        Ok(foster_service::start(&context, &request)?.into())
    }

    fn restart(&self, context: &Context, args: args::restart::Args) -> Result<RunAnswer> {
        let mut context = context.clone();
        context.auto_gc = args.observation.auto_gc(context.auto_gc);
        let mut request = args.request()?;
        self.cap(&mut request.observation);
        Ok(foster_service::restart(&context, &request)?.into())
    }

    fn wait(&self, context: &Context, args: args::wait::Args) -> Result<WaitAnswer> {
        let mut request = args.request(None)?;
        request.timeout = self.capped(request.timeout);
        Ok(foster_service::wait(context, &request)?)
    }

    /// Has a call come back before its client gives up on it.
    fn cap(&self, observation: &mut Observation) {
        let asked = match observation.observe {
            Observe::NoWait => return,
            Observe::Until(time) => Some(time),
            Observe::ToTheEnd => None,
        };
        if let Some(time) = self.capped(asked) {
            observation.observe = Observe::Until(time);
        }
    }

    fn capped(&self, asked: Option<Duration>) -> Option<Duration> {
        [asked, self.longest_wait].into_iter().flatten().min()
    }
}

/// Carries out what needs nothing but the context.
fn changes(context: &Context, kind: &'static str, asked: Asked) -> Answer {
    match asked {
        Asked::Status(args) => Answer::of(
            kind,
            call(args.request(), |request| {
                Ok(foster_service::status(context, &request)?.into())
            }),
        ),
        Asked::Processes(args) => Answer::of(
            kind,
            call(args.request(), |request| {
                Ok(foster_service::processes(context, &request)?.into())
            }),
        ),
        Asked::Tail(args) => Answer::of(
            kind,
            call(args.request(), |request| {
                Ok(foster_service::tail(context, &request)?.into())
            }),
        ),
        Asked::Kill(args) => Answer::of(
            kind,
            call(args.request(), |request| {
                Ok(foster_service::kill(context, &request)?)
            }),
        ),
        Asked::Send(args) => Answer::of(
            kind,
            call(args.request(Dash::Text), |request| {
                Ok(foster_service::send(context, &request)?)
            }),
        ),
        Asked::Deadline(args) => Answer::of(
            kind,
            call(args.request(), |request| {
                Ok(foster_service::deadline(context, &request)?.into())
            }),
        ),
        Asked::Tag(args) => Answer::of(
            kind,
            call(args.request(), |request| {
                Ok(foster_service::tag(context, request)?.into())
            }),
        ),
        Asked::Notify(args) => Answer::of(
            kind,
            call(args.request(), |request| {
                Ok(foster_service::notify(context, &request)?.into())
            }),
        ),
        Asked::Delete(args) => Answer::of(
            kind,
            call(args.request(), |request| {
                Ok(foster_service::delete(context, &request, &mut |_| {})?)
            }),
        ),
        Asked::Recover(args) => Answer::of(
            kind,
            call(args.request(), |request| {
                Ok(foster_service::recover(context, &request)?.into())
            }),
        ),
        Asked::Schema(args) => Answer::of(
            kind,
            call(Ok(args), |args| {
                Ok(foster_service::schema(args.name.as_deref())?.into())
            }),
        ),
        _ => Answer::refused(kind, &unreadable()),
    }
}

fn call<R, T>(
    request: std::result::Result<R, Failure>,
    verb: impl FnOnce(R) -> Result<T>,
) -> Result<T> {
    request.and_then(verb)
}

fn list(context: &Context, request: &ListRequest) -> Result<ListAnswer> {
    Ok(foster_service::list(context, request)?.into())
}

fn logs(context: &Context, args: args::logs::Args) -> Result<LogsAnswer> {
    let mut lines: Vec<LogLine> = Vec::new();
    let mut answer = foster_service::logs(context, &args.request(true)?, &mut |item| {
        lines.push(item.line);
        Ok(())
    })?;
    answer.lines = lines;
    Ok(answer.into())
}
