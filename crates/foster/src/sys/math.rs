//! `log` and `pow`, so that they are taken from here instead of the system's mathematical library.
//!
//! Two crates that print sizes and draw progress bars call them, and nothing else in that library is called. To load it costs each verb 60 µs,
//! a twentieth of a short one (`docs/benchmarks.md`). Refused: to link the system's own statically, which binds the program to
//! one version of the C library by names that are private to it.

#![expect(
    unsafe_code,
    reason = "a name that the linker knows is one of the system's"
)]

// SAFETY: these are the C library's names, with its types and what C says of them (C17 7.12.6.7 and 7.12.7.4), but for `errno`,
// which no Rust code asks for after them.
#[unsafe(no_mangle)]
extern "C" fn log(x: f64) -> f64 {
    libm::log(x)
}

// SAFETY: as above.
#[unsafe(no_mangle)]
extern "C" fn pow(x: f64, y: f64) -> f64 {
    libm::pow(x, y)
}
