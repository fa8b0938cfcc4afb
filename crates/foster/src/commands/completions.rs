use std::ffi::OsStr;
use std::path::Path;

use foster_api::Failure;
use foster_api::args::completions::Args;
use foster_model::{ErrorCode, Exit};

use super::{Unread, say_failure, write};
use crate::completion;
use crate::exit::Status;
use crate::render::Style;

/// Prints what a shell is to read; `program` is what this one was called as.
pub fn carry_out(args: &Args, program: Option<&OsStr>, style: Style) -> Status {
    match completion::script(args.shell, &as_called(program)) {
        Ok(script) => write(&script.into(), Exit::Ok.into(), Unread::Fine),
        Err(error) => {
            let message = format!("the script can't be made: {error}");
            let failure = Failure::with_hint(ErrorCode::Internal, message, None);
            say_failure(style, "completions", &failure)
        }
    }
}

/// Returns how the shell is to call this program: by its name, if it was found by that, so that
/// another version can take its place.
fn as_called(program: Option<&OsStr>) -> String {
    let called = Path::new(program.unwrap_or(OsStr::new("foster")));
    let path = if called.components().count() > 1 {
        std::path::absolute(called).unwrap_or_else(|_| called.to_owned())
    } else {
        called.to_owned()
    };
    path.to_string_lossy().into_owned()
}
