//! The control socket: how others talk to the one process that may write a job's files.

mod ask;
mod client;
mod connection;
mod guest;
mod server;

pub use ask::Ask;
pub use client::{Client, ControlError};
pub use connection::Connection;
pub use server::Server;
