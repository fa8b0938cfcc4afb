//! Panics that are part of a search: thousands of them make one failing input small.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// What the panic of this thread said; `None` outside of [`catch`].
    static SAID: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs `check`, and returns what it said if it panicked, which is shown nowhere else.
pub fn catch(check: impl FnOnce()) -> Result<(), String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let others = take_hook();
        set_hook(Box::new(move |panic| {
            if !keep(panic) {
                others(panic);
            }
        }));
    });
    SAID.set(Some(String::new()));
    let caught = catch_unwind(AssertUnwindSafe(check));
    let said = SAID.take().unwrap_or_default();
    caught.map_err(|_| said)
}

fn keep(panic: &PanicHookInfo<'_>) -> bool {
    SAID.with_borrow_mut(|said| said.as_mut().map(|said| *said = panic.to_string()))
        .is_some()
}
