//! The verbs of Foster over HTTP, and its web page.
//!
//! Theory of operation. `routes` is the one table of what can be asked: the router dispatches by it, and the
//! `OpenAPI` document is made of it. A request passes `guarding` (host, origin, token), becomes fields in `asking`,
//! and goes through `foster_api::Door` on a thread of its own, of which each kind of verb has so many and no
//! more: who waits can't starve who looks. What happens while somebody listens is in `streams`; sockets and
//! the life of the server in `serving`.
//!
//! A client that goes drops the future of its answer, and that interrupts the verb: nothing is waited for on
//! behalf of nobody.
//!
//! Refused: asynchronous verbs. The service waits in the kernel, in a thread, for all front ends alike; a
//! second form of it would have to be kept the same for ever.

mod app;
mod asking;
mod bounds;
mod describing;
mod error;
mod guarding;
mod page;
mod reply;
mod routes;
mod serving;
mod status;
mod streams;

pub use describing::openapi;
pub use error::ServeError;
pub use serving::{Running, Server, Settings, running};
