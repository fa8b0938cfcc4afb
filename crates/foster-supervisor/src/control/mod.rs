//! The control socket: how others talk to the one process that may write a job's files.

mod client;
mod connection;
mod server;

pub use client::{Client, ControlError};
pub use server::{Ask, Server};
