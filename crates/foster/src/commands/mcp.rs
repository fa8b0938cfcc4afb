use std::error::Error;
use std::io;

use foster_api::Failure;
use foster_api::args::mcp::Args;
use foster_mcp::ServeError;
use foster_model::{ErrorCode, Exit};

use super::Caller;
use crate::exit::Status;
use crate::output;

pub fn carry_out(args: Args, caller: &Caller<'_>) -> Status {
    match serve(args, caller) {
        Ok(()) => Exit::Ok.into(),
        Err(failure) => {
            let body = failure.body();
            // Standard output belongs to the protocol.
            output::write_err(format!("error: {}\n", body.message).as_bytes());
            Status::of(Some(body))
        }
    }
}

fn serve(args: Args, caller: &Caller<'_>) -> Result<(), Failure> {
    let door = caller.door(args.max_wait.into())?;
    foster_mcp::serve(door, io::stdin(), io::stdout()).map_err(failure)
}

fn failure(error: ServeError) -> Failure {
    let code = match &error {
        ServeError::Start(_) => ErrorCode::ResourcesExhausted,
        ServeError::Handshake(_) => ErrorCode::InvalidArgument,
    };
    let cause = error.source().map(|cause| format!(": {cause}"));
    let message = format!("{error}{}", cause.unwrap_or_default());
    Failure::with_hint(code, message, None)
}
