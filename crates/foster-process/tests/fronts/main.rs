//! The same cases through both fronts: the blocking one, and the one under tokio.
#![cfg(all(target_os = "linux", not(foster_portable)))]
#![expect(clippy::panic, clippy::unwrap_used, reason = "this is a test")]

mod completion;
mod dropping;
mod ending;
mod front;
mod output;
mod starting;

/// Makes a test of each case for each front.
#[macro_export]
macro_rules! through_both {
    ($($case:ident),+ $(,)?) => {
        mod blocking {
            $(#[test] fn $case() { super::$case::<$crate::front::Blocking>(); })+
        }
        mod tokio {
            $(#[test] fn $case() { super::$case::<$crate::front::Tokio>(); })+
        }
    };
}
