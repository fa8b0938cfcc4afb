use foster_model::answer::{SendAnswer, StdinState};

use super::words::bytes;
use super::{Style, Text, line};

impl Text for SendAnswer {
    fn text(&self, _: Style, out: &mut String) {
        let closed = match self.stdin {
            StdinState::Closed => ", its standard input is closed",
            _ => "",
        };
        let sent = bytes(self.sent_bytes);
        line!(out, "{} was sent {sent}{closed}", self.job_id);
        if self.unconfirmed_bytes > 0 {
            let unconfirmed = bytes(self.unconfirmed_bytes);
            line!(out, "  {unconfirmed} more may be there or not");
        }
    }
}
