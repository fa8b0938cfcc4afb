//! What the program gives to the system's linker.

mod math;
