//! Exits at once.
//!
//! `N`: with this code, 0 to 255.

use std::process::ExitCode;

use foster_testkit::parts::Args;

fn main() -> ExitCode {
    let mut args = Args::of_this_process();
    let code: u8 = args.first_number("N");
    args.end();
    code.into()
}
