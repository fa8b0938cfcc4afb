//! `foster serve`: the verbs over HTTP, who is let in, what is refused, what streams tell, and what it bears.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]
#![expect(
    clippy::panic,
    reason = "a harness fails by panicking with what it saw"
)]

mod admission;
mod bad_requests;
mod client;
mod life;
mod load;
mod page;
mod served;
mod streams;
mod tls;
mod verbs;
