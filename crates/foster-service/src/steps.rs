/// How far a verb has come that does one thing after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steps {
    /// How many are done.
    pub done: usize,
    /// How many there are.
    pub all: usize,
}

/// Whoever wants to know how far a verb has come. It is told before the first step and then as more are done, in the
/// verb's own thread, which waits for it.
pub type OnStep<'a> = &'a mut dyn FnMut(Steps);
