//! What goes wrong: the codes, what each means for programs and people, and the error of an answer.

mod body;
mod code;
mod exit;
mod table;

pub use body::ErrorBody;
pub use code::ErrorCode;
pub use exit::Exit;
