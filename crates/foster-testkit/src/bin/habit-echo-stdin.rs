//! Copies standard input to standard output, and at its end says on standard error how many bytes
//! it was: `12 bytes`.
//!
//! No arguments.

#![expect(
    clippy::expect_used,
    reason = "a habit that can't copy stops there and then"
)]
#![expect(clippy::print_stderr, reason = "that is how it speaks")]

fn main() {
    let copied = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::stdout().lock());
    eprintln!(
        "{} bytes",
        copied.expect("the streams can be read and written")
    );
}
