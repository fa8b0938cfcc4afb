use foster_model::ProcessInfo;
use foster_service::ExecRequest;

use crate::args::{Common, exec::Args};
use crate::environment::{Environment, Needs};
use crate::exit::Status;
use crate::failure::Failure;
use crate::output;
use crate::render::{self, Format, Style};

/// Standard output belongs to the command: what Foster has to say goes to standard error.
pub fn carry_out(args: Args, common: &Common, environment: &Environment) -> Status {
    match execute(args, common, environment) {
        Ok(status) => status,
        Err(failure) => say_failure(common.format().ok().flatten(), &failure),
    }
}

fn execute(mut args: Args, common: &Common, environment: &Environment) -> Result<Status, Failure> {
    common.format()?;
    let command = args.command.command_line()?;
    let (root, containment) = (common.root.as_deref(), args.command.containment);
    let context = environment.context(root, containment, Needs::Launch)?;
    let request = ExecRequest {
        command,
        cwd: args.command.cwd,
        env: args.command.env,
        env_files: args.command.env_file,
        inherit_env: !args.command.no_inherit_env,
        kill_after: args.command.kill_after,
    };
    let status = foster_service::exec(&context, request)?;
    tell_survivors(&status.survivors);
    Ok(Status::of_command(status.code))
}

/// Says what is wrong: as text, unless another form was asked for in so many words.
pub fn say_failure(format: Option<Format>, failure: &Failure) -> Status {
    let style = Style {
        format: format.unwrap_or(Format::Text),
        pretty: false,
        width: None,
    };
    let rendered = render::failure(style, "exec", failure.body());
    output::write_err(&[rendered.out, rendered.err].concat());
    Status::of_exec(failure.body())
}

fn tell_survivors(survivors: &[ProcessInfo]) {
    if !survivors.is_empty() {
        output::write_err(render::text::survivors(survivors).as_bytes());
    }
}
