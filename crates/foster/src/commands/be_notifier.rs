use foster_model::Exit;

use crate::exit::Status;
use crate::output::write_err;

/// Returns only in the process that was executed: the notifier is another one.
pub fn carry_out() -> Status {
    match foster_service::notify_handed_over() {
        Ok(()) => Exit::Ok.into(),
        Err(error) => {
            write_err(format!("error: {error}\n").as_bytes());
            Exit::Failure.into()
        }
    }
}
