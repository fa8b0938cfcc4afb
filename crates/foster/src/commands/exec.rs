use foster_api::Failure;
use foster_api::args::Format;
use foster_api::args::exec::Args;
use foster_model::ProcessInfo;
use foster_service::ExecRequest;

use super::Caller;
use crate::exit::Status;
use crate::output::{self, Colors};
use crate::render::{self, Style};

/// Standard output belongs to the command: what Foster has to say goes to standard error.
pub fn carry_out(args: Args, caller: &Caller<'_>) -> Status {
    match execute(args, caller) {
        Ok(status) => status,
        Err(failure) => {
            let asked = caller.common.format().ok().flatten();
            say_failure(asked, caller.style.colors, &failure)
        }
    }
}

fn execute(mut args: Args, caller: &Caller<'_>) -> Result<Status, Failure> {
    let command = args.command.command_line()?;
    let context = caller.launching_context(args.command.containment)?;
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
pub fn say_failure(format: Option<Format>, colors: Colors, failure: &Failure) -> Status {
    let style = Style {
        format: format.unwrap_or(Format::Text),
        pretty: false,
        terminal: false,
        width: None,
        colors: Colors {
            out: false,
            err: colors.err,
        },
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
