//! Sending without a signal.

use std::io;
use std::os::fd::AsFd;

use rustix::net::SendFlags;

/// Sends what the socket takes of these bytes. A peer that is gone is `EPIPE` and no SIGPIPE, whatever
/// the program does with that.
pub fn send_quietly(socket: impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    #[cfg(target_vendor = "apple")]
    let flags = {
        // Here it is the socket's property and not the call's.
        rustix::net::sockopt::set_socket_nosigpipe(&socket, true)?;
        SendFlags::empty()
    };
    #[cfg(not(target_vendor = "apple"))]
    let flags = SendFlags::NOSIGNAL;
    let sent = rustix::io::retry_on_intr(|| rustix::net::send(&socket, bytes, flags));
    Ok(sent?)
}
